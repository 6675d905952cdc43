"""Settings are checked by the plugin's model; a mistake names file, table and key, never a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.plugin_api.context import Field, PluginConfig, SecretStr
from core.plugin_host.configs import describe, read_config, tables
from core.plugin_host.errors import PluginLoadError

SOURCE = "innkeeper.toml: [gateways.acme]"


class Config(PluginConfig):
    url: str = Field(title="Address", description="Where it listens", pattern="^https?://")
    api_key: SecretStr = Field(title="Secret key", min_length=8)
    old_key: SecretStr | None = Field(default=None, title="Former key")
    retries: int = Field(default=3, title="Tries", ge=0)


def read(**values: object) -> Config:
    return read_config(
        Config, {"url": "https://a.example", "api_key": "canary-12345"} | values, source=SOURCE
    )


def refused(**values: object) -> str:
    with pytest.raises(PluginLoadError) as raised:
        read(**values)
    text = str(raised.value)
    assert text.startswith(SOURCE)
    assert "\n" not in text
    assert "canary" not in text
    return text


def test_values_are_typed() -> None:
    config = read(retries=5)
    assert (config.url, config.retries) == ("https://a.example", 5)
    assert "canary" not in repr(config)


def test_a_missing_setting_is_named_with_its_title() -> None:
    with pytest.raises(PluginLoadError) as raised:
        read_config(Config, {"api_key": "canary-12345"}, source=SOURCE)
    assert str(raised.value) == f"{SOURCE} url: the setting is missing (Address)"


def test_an_unknown_setting_names_the_nearest() -> None:
    assert refused(api_kee="canary") == f"{SOURCE} api_kee: unknown setting; did you mean api_key?"


def test_an_unknown_setting_lists_the_known_ones() -> None:
    assert "known settings: api_key, old_key, retries, url" in refused(zzz="canary")


def test_a_wrong_type_says_what_is_wanted() -> None:
    assert "retries: Input should be a valid integer" in refused(retries="canary")


def test_all_mistakes_are_told_at_once() -> None:
    text = refused(retries=-1, url="ftp://canary")
    assert "url: " in text
    assert "retries: " in text


def test_a_secret_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "from-the-air")
    assert read(api_key="env:ACME_KEY").api_key.get_secret_value() == "from-the-air"


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_KEY", raising=False)
    assert refused(api_key="env:ACME_KEY").endswith("api_key: the environment variable ACME_KEY is not set")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-the-disk\n")
    assert read(api_key=f"file:{tmp_path / 'key'}").api_key.get_secret_value() == "from-the-disk"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert f"api_key: the file {tmp_path / 'key'} can not be read: No such file" in refused(
        api_key=f"file:{tmp_path / 'key'}"
    )


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_secret_is_refused(empty: str) -> None:
    assert refused(api_key=empty).endswith("api_key: the secret is empty")


def test_an_empty_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "")
    assert refused(old_key="env:ACME_KEY").endswith("old_key: the secret is empty")


def test_a_rule_on_a_secret_does_not_repeat_it() -> None:
    assert "api_key: " in refused(api_key="canary")


def test_only_secrets_look_elsewhere() -> None:
    assert "url: " in refused(url="env:HOME")


def test_settings_are_described_without_secrets() -> None:
    views = {view.name: view for view in describe(Config, read())}
    assert list(views) == ["url", "api_key", "old_key", "retries"]
    assert (views["url"].title, views["url"].value) == ("Address", "https://a.example")
    assert (views["api_key"].is_secret, views["api_key"].is_set, views["api_key"].value) == (True, True, "")
    assert (views["old_key"].is_secret, views["old_key"].is_set, views["old_key"].required) == (
        True,
        False,
        False,
    )


def test_tables_are_flattened_by_kind() -> None:
    assert tables(gateways={"a": {"x": 1}}, themes={"b": {}}) == {"gateways.a": {"x": 1}, "themes.b": {}}
