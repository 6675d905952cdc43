"""Columns are laid on fields by their names, and by what a person says."""

from __future__ import annotations

import pytest

from core.kernel.problems import InvalidFields
from core.records.importing.guessing import guess, read_mapping
from core.records.importing.of_clients import REFERENCE
from core.records.importing.people import contact_fields, mail_types
from core.records.importing.values import Field, Mapped

FIELDS = (REFERENCE, *contact_fields())
NEEDED = {
    "fixed_first_name": "A", "fixed_last_name": "B", "fixed_email": "a@example.com",
    "fixed_street_address": "C", "fixed_country": "US", "fixed_primary_phone": "1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (["first_name", "LAST NAME", "E-Mail"], {"first_name": 0, "last_name": 1, "email": 2}),
        (["Client ID", "Postcode", "Phone Number"], {"reference": 0, "postal_code": 1, "primary_phone": 2}),
        (["zip", "zip code"], {"postal_code": 0}),
        (["Address 1", "Address 2"], {"street_address": 0, "address_2": 1}),
        (["Notes", "", "innkeeper_reasons"], {}),
        (["mail", "Email"], {"email": 1}),
    ],
)
def test_guessing(head: list[str], found: dict[str, int]) -> None:
    assert guess(FIELDS, head) == found


def test_a_mapping_is_read() -> None:
    form = NEEDED | {
        "column_0": "email",
        "column_1": "",
        "column_2": "city",
        "dates": "dmy",
        "decimals": "comma",
    }
    mapped = read_mapping(FIELDS, ["a", "b", "c"], form)
    assert mapped.columns == {"email": 0, "city": 2}
    assert mapped.fixed["country"] == "US"
    assert (mapped.dates, mapped.decimals) == ("dmy", "comma")
    assert Mapped.restored(mapped.stored()) == mapped


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"column_0": "email", "column_1": "email"}, "column_1"), ({"column_0": "password"}, "column_0"),
        ({"fixed_country": ""}, "fixed_country"), ({"fixed_country": "  "}, "fixed_country"),
        ({"dates": "ymd"}, "dates"), ({"decimals": "dot"}, "decimals"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_mapping(form: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidFields) as problem:
        read_mapping(FIELDS, ["a", "b"], NEEDED | form)
    assert set(problem.value.messages) == {field}


def test_a_row_by_its_mapping() -> None:
    mapped = Mapped(columns={"email": 2, "city": 0}, fixed={"city": "Austin", "country": "US"})
    assert mapped.texts([" Köln ", "x", "a@example.com"]) == {
        "city": "Köln",
        "email": "a@example.com",
        "country": "US",
    }
    assert mapped.texts(["", "x"]) == {"city": "Austin", "country": "US"}, "a row may end early"


def test_passwords_are_no_field() -> None:
    assert not {"password", "confirm_password"} & {field.name for field in contact_fields()}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("none", []),
        ("Invoice, payment_error", ["invoice", "payment_error"]),
        ("INVOICE;sky", ["invoice", "sky"]),
    ],
)
def test_mail_types_by_name(text: str, keys: list[str]) -> None:
    assert mail_types(text) == keys


def test_all_mails_unless_said_otherwise() -> None:
    assert mail_types("") == mail_types("all")
    assert len(mail_types("")) > 10


def test_names_of_fields_are_told_apart() -> None:
    names = [field.name for field in FIELDS]
    assert len(set(names)) == len(names)
    assert all(isinstance(field, Field) and field.label for field in FIELDS)
