"""The gateway contract: what a buyer fills in, and what stands in the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from core.plugin_api.errors import InvalidFields
from core.plugin_api.forms import BrowserSetup, FieldKind
from core.plugin_api.gateway import Collects, GatewaySpec
from core.plugin_api.values import BankAccount, StoredMethod
from core.plugin_host import calls
from core.testing.common import PluginContract
from core.testing.lab import DB, GatewayLab
from core.testing.marks import needs

NEVER_POSTED = (FieldKind.SECURE, FieldKind.MOUNT, FieldKind.NOTE)
LONGEST_SENTENCE = 200
CARD = "4242424242424242"


class FormContract(PluginContract):
    """The fields a gateway declares and what its ``collect`` makes of them."""

    spec: ClassVar[GatewaySpec]

    def test_the_method_is_described_in_the_buyers_words(self, lab: GatewayLab) -> None:
        assert self.spec.name.strip()
        assert self.spec.starts.strip()
        assert self.spec.icon.strip()
        assert self.spec.fields or self.spec.note.strip(), "a method without fields says what happens next"

    def test_fields_are_well_formed(self, lab: GatewayLab) -> None:
        names = [field.name for field in self.spec.fields]
        assert len(names) == len(set(names))
        for field in self.spec.fields:
            assert field.label.strip(), field.name
            assert 1 <= field.width <= 6, field.name
            values = [choice.value for choice in field.choices]
            assert (field.kind is FieldKind.SELECT) == bool(values), field.name
            assert field.default in ("", *values), f"{field.name} defaults to what can not be chosen"

    def test_nothing_is_agreed_to_beforehand(self, lab: GatewayLab) -> None:
        for field in self.spec.fields:
            if field.kind in (FieldKind.CHECKBOX, FieldKind.SECRET, FieldKind.SECURE):
                assert not field.default, f"{field.name} is filled in beforehand"

    @needs(Collects)
    def test_a_good_form_gives_a_payment_source(self, lab: GatewayLab) -> None:
        assert isinstance(lab.source(), StoredMethod | BankAccount)

    @needs(Collects)
    def test_an_empty_form_is_told_field_by_field(self, lab: GatewayLab) -> None:
        with pytest.raises(InvalidFields) as raised:
            lab.source({})
        self._is_about_our_fields(raised.value)

    @needs(Collects)
    def test_each_bad_field_is_told_and_not_repeated(self, lab: GatewayLab) -> None:
        forms = lab.harness.bad_forms(lab.world)
        assert forms, "the harness names no bad forms"
        for name, wrong in forms.items():
            for number, form in enumerate(wrong, start=1):
                error = self._refused(lab, form, f"bad form {number} for {name} is accepted")
                assert name in error.messages, f"nothing is said of {name} in its bad form {number}"
                self._is_about_our_fields(error)
                assert not self._repeats(error, form), f"a message about {name} repeats a secret"

    def _refused(self, lab: GatewayLab, form: Mapping[str, str], otherwise: str) -> InvalidFields:
        try:
            lab.source(form)
        except InvalidFields as error:
            return error
        pytest.fail(otherwise, pytrace=False)

    @needs(Collects)
    def test_every_field_that_is_posted_is_checked(self, lab: GatewayLab) -> None:
        posted = {field.name for field in self.spec.fields if field.required} - {
            field.name for field in self.spec.fields if field.kind in NEVER_POSTED
        }
        missing = posted - set(lab.harness.bad_forms(lab.world))
        assert not missing, f"the harness has no bad form for {sorted(missing)}"

    @needs(Collects)
    def test_a_card_number_is_never_taken_from_the_form(self, lab: GatewayLab) -> None:
        secure = {field.name: CARD for field in self.spec.fields if field.kind is FieldKind.SECURE}
        source = lab.source({**lab.harness.form(lab.world), **secure})
        assert CARD not in "".join(str(getattr(source, name)) for name in source.__slots__)

    @needs(Collects)
    def test_the_page_holds_no_secret(self, lab: GatewayLab) -> None:
        setup = self._setup(lab)
        assert all(isinstance(value, str) for value in setup.data.values())
        assert not lab.leaks(str(dict(setup.data)))
        assert not lab.leaks(repr(setup))

    @needs(Collects)
    def test_the_script_is_there_and_comes_from_where_it_says(self, lab: GatewayLab) -> None:
        setup = self._setup(lab)
        wants = [
            field.name for field in self.spec.fields if field.kind in (FieldKind.SECURE, FieldKind.MOUNT)
        ]
        assert setup.script is not None or not wants, f"no script fills {wants}"
        if setup.script is None:
            return
        assert (self.manifest.folder / "static" / setup.script.module).is_file()
        for origin in (*setup.script.origins, *setup.script.vendor_scripts):
            assert origin.startswith(("https://", "http://127.0.0.1", "http://localhost")), origin

    def _setup(self, lab: GatewayLab) -> BrowserSetup:
        gateway = lab.gateway()
        setup: BrowserSetup = calls.ask(gateway.browser, BrowserSetup, db=DB, plugin=gateway)
        return setup

    def _is_about_our_fields(self, error: InvalidFields) -> None:
        names = {field.name for field in self.spec.fields}
        assert error.messages
        assert set(error.messages) <= names, "a message stands beside no field"
        for sentence in error.messages.values():
            assert 0 < len(sentence) <= LONGEST_SENTENCE
            assert sentence[0].isupper(), sentence
            assert sentence.rstrip().endswith((".", "?", "!")), sentence

    def _repeats(self, error: InvalidFields, form: Mapping[str, str]) -> bool:
        secret = [field.name for field in self.spec.fields if field.kind is FieldKind.SECRET]
        typed = [form.get(name, "") for name in (*secret, "payment_token")]
        return any(len(value) > 3 and value in str(error.messages) for value in typed)
