"""What every plugin is held to: its settings, its health, its silence about secrets."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from babel.messages.pofile import read_po

from core.kernel import i18n
from core.plugin_api.context import PluginConfig
from core.plugin_host.configs import is_secret
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.manifest import Manifest
from core.testing.faults import Break, Fault
from core.testing.harness import Harness
from core.testing.lab import Lab
from core.testing.marks import needs

SECRET_WORDS = ("secret", "password", "token", "api_key", "private")
LONGEST_DETAIL = 500


def _blanks(text: str) -> set[str]:
    return set(re.findall(r"{\w*}|%\(\w+\)s", text))


class PluginContract:
    """``manifest``, ``spec`` and ``harness`` are filled in by core.testing.suite for each plugin."""

    manifest: ClassVar[Manifest]
    spec: ClassVar[Any]
    harness: ClassVar[type[Harness[Any]]]
    lab_type: ClassVar[type[Lab[Any, Any]]] = Lab

    @pytest.fixture
    def lab(self, tmp_path: Path) -> Iterator[Lab[Any, Any]]:
        """The plugin beside a fresh pretend provider."""
        harness = self.harness()
        world = harness.open(tmp_path)
        try:
            yield self.lab_type(manifest=self.manifest, spec=self.spec, harness=harness, world=world)
        finally:
            harness.close(world)

    def models(self) -> dict[str, type[PluginConfig]]:
        found = {"config": self.spec.config}
        if hasattr(self.spec, "options"):
            found["options"] = self.spec.options
        return found

    def test_every_setting_has_a_title_and_a_description(self, lab: Lab[Any, Any]) -> None:
        for model in self.models().values():
            for name, field in model.model_fields.items():
                assert field.title, f"{model.__name__}.{name} has no title"
                assert field.description, f"{model.__name__}.{name} has no description"

    def test_a_setting_that_is_a_secret_is_declared_as_one(self, lab: Lab[Any, Any]) -> None:
        for model in self.models().values():
            for name, field in model.model_fields.items():
                assert not any(word in name for word in SECRET_WORDS) or is_secret(field), name

    def test_settings_are_shown_without_their_secrets(self, lab: Lab[Any, Any]) -> None:
        config = lab.config()
        written = (
            f"{config!r} {config} {json.dumps(config.model_dump(mode='json'))} {config.model_dump_json()}"
        )
        assert not lab.leaks(written)

    def test_an_unknown_setting_is_refused(self, lab: Lab[Any, Any]) -> None:
        with pytest.raises(PluginLoadError, match="kit_unknown: unknown setting"):
            lab.config({**lab.settings, "kit_unknown": 1})

    def test_a_missing_setting_is_named(self, lab: Lab[Any, Any]) -> None:
        required = [name for name, field in self.spec.config.model_fields.items() if field.is_required()]
        for name in required:
            with pytest.raises(PluginLoadError, match=f"{name}: the setting is missing"):
                lab.config({key: value for key, value in lab.settings.items() if key != name})

    def test_catalogues_keep_the_blanks(self, lab: Lab[Any, Any]) -> None:
        """A blank that is lost is a value nobody reads; one that is new raises when it is filled."""
        for path in sorted((self.manifest.folder / "locales").glob(f"*/{i18n.PLUGIN_CATALOGUE}")):
            with path.open("rb") as file:
                told = read_po(file, locale=path.parts[-3], abort_invalid=True)
            for message in told:
                english = message.id if isinstance(message.id, str) else message.id[-1]
                words = (message.string,) if isinstance(message.string, str) else message.string or ()
                for one in words if english else ():
                    assert not one or _blanks(one) == _blanks(english), f"{path}: {one}"

    def test_good_settings_pass_the_check(self, lab: Lab[Any, Any]) -> None:
        report = lab.check()
        assert report.ok, report.detail
        assert 0 < len(report.detail) <= LONGEST_DETAIL

    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_check_that_fails_is_a_report(
        self, lab: Lab[Any, Any], fault: Fault, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken = Break(fault, 1)
        with caplog.at_level(logging.DEBUG):
            report = lab.check(broken)
        if broken.happened:
            assert not report.ok, "the check passed although its request was broken"
        assert report.detail
        assert not lab.leaks(report.detail + caplog.text)

    @needs(secrets=True)
    def test_wrong_credentials_fail_the_check(
        self, lab: Lab[Any, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            report = lab.check(settings=lab.harness.wrong_settings(lab.world))
        assert not report.ok
        assert report.detail
        assert not lab.leaks(report.detail + caplog.text)
