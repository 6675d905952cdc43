"""What staff may type into the contact form, and what they may leave out."""

from __future__ import annotations

from typing import Any

import pytest

from core.clients import places
from core.clients.desk_rules import check_contact, check_roles
from core.clients.values import CleanContact
from core.kernel.problems import InvalidFields
from tests.unit.clients.test_check_contact import GOOD

JAPANESE: dict[str, str | list[str]] = {
    "first_name": "愛子", "last_name": "田中", "email": "aiko@tanaka.example", "street_address": "神南1-2-3",
    "city": "渋谷区", "state": "13", "postal_code": "150-0041", "country": "JP",
    "primary_phone": "03-1234-5678",
}  # fmt: skip
GERMAN: dict[str, str | list[str]] = {
    "company_name": "Kowalczyk & Söhne GmbH", "first_name": "Jörg", "last_name": "Müller-Lüdenscheidt",
    "email": "joerg@kowalczyk.example", "street_address": "Torstraße 1", "city": "Berlin",
    "postal_code": "10119", "country": "DE", "primary_phone": "030 901820",
}  # fmt: skip


def check(form: dict[str, str | list[str]] = GOOD, **changes: Any) -> CleanContact:
    return check_contact(form | changes)


def wrong(form: dict[str, str | list[str]] = GOOD, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidFields) as refused:
        check(form, **changes)
    return refused.value.messages


def test_three_people_of_three_countries() -> None:
    assert check().county == "Travis"
    assert check(JAPANESE).state == "13"
    assert (check(GERMAN).state, check(GERMAN).primary_phone) == ("", "+4930901820")


@pytest.mark.parametrize("state", ["TX", "tx", "Texas", "LA", "AK"])
def test_a_state_with_counties_needs_one(state: str) -> None:
    assert "county" in wrong(state=state, county="", postal_code="")


def test_where_there_is_one_county_nobody_is_asked() -> None:
    capital = check(state="DC", county="", city="Washington", postal_code="20001")
    assert capital.county == "District of Columbia"
    islands = check(state="GU", county="", city="Hagåtña", postal_code="96910")
    assert islands.county == "Guam"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+1 512 555 0186", "+15125550186"), ("512-555-0186 x12", "+15125550186;ext=12"),
        ("+1 512 555 0186 ext. 12", "+15125550186;ext=12"),
        ("(512) 555-0186 extension 9", "+15125550186;ext=9"),
        ("tel:+1-512-555-0186;ext=1234567", "+15125550186;ext=1234567"),
    ],
)  # fmt: skip
def test_phones_and_their_extensions(typed: str, kept: str) -> None:
    assert check(primary_phone=typed).primary_phone == kept
    assert check(secondary_phone=typed).secondary_phone == kept
    assert check(primary_phone=kept).primary_phone == kept  # as it is kept it can be typed again


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("primary_phone", "555 ext. 12"), ("primary_phone", "+1 512 555 0186 ext. 12345678"),
        ("fax", "+1 512 555 0186 ext. 1"), ("mobile_phone", "+1 512 555 0186 x1"),
        ("primary_phone", "ext. 12"),
        ("primary_phone", "\x00"), ("primary_phone", "☎ call me"), ("secondary_phone", "+999 1 ext. 1"),
    ],
)  # fmt: skip
def test_bad_phones(field: str, typed: str) -> None:
    assert wrong(**{field: typed}).keys() == {field}


@pytest.mark.parametrize(
    "email", ["ada+billing@pinewood.example", "o'neill@pinewood.example", "ada@bäckerei.example"]
)
def test_good_emails(email: str) -> None:
    assert check(email=email).email.endswith(".example")


@pytest.mark.parametrize(
    "email",
    [
        "", "ada", "ada@", "\u0430da@pinewood.example", "ada@pinewood.example\r\nBcc: x@y.example",
        "ada@pinewood..example", "a" * 65 + "@pinewood.example", "ada@1.2.3.4", "ada @pinewood.example",
        "ada@pinewood.example\x00", "🥐@pinewood.example",
    ],
)  # fmt: skip
def test_bad_emails(email: str) -> None:
    assert wrong(email=email).keys() == {"email"}


@pytest.mark.parametrize("name", ["愛子", "מיכל", "محمد", "Ада", "O'Neill", "Jean-Luc", "🥐", "x" * 300])
def test_names_of_the_whole_world(name: str) -> None:
    assert check(first_name=name, last_name=name).first_name == name


@pytest.mark.parametrize("name", ["", " ", "x" * 301, "a\x00", "a\u202eb", "a\tb", "4242424242424242"])
def test_bad_names(name: str) -> None:
    assert wrong(first_name=name).keys() == {"first_name"}


def test_nobody_has_to_sign_in() -> None:
    assert check(username="", password="", confirm_password="").username == ""
    invited = check(password="", confirm_password="")
    assert (invited.username, invited.password) == ("adaeze", "")
    assert "username" in wrong(username="")
    assert "confirm_password" in wrong(confirm_password="")
    assert "password" in wrong(password="")


def test_staff_read_of_others() -> None:
    assert wrong(first_name="", last_name="", primary_phone="") == {
        "first_name": "Enter the first name.", "last_name": "Enter the last name.",
        "primary_phone": "Enter a phone number of this person.",
    }  # fmt: skip


def test_roles() -> None:
    assert check_roles({"roles": ["technical", "owner"]}) == ("owner", "technical")
    assert check_roles({}) == ()
    with pytest.raises(InvalidFields):
        check_roles({"roles": ["king"]})


@pytest.mark.parametrize(
    ("country", "order"),
    [
        ("US", ("street_address", "address_2", "city", "state", "county", "postal_code")),
        ("DE", ("street_address", "address_2", "postal_code", "city")),
        ("JP", ("postal_code", "state", "city", "street_address", "address_2")),
        ("GB", ("street_address", "address_2", "city", "postal_code")),
        ("AE", ("street_address", "address_2", "state", "city")),
    ],
)
def test_addresses_in_the_order_of_their_country(country: str, order: tuple[str, ...]) -> None:
    rules = places.address_rules(country)
    assert rules is not None
    assert rules.order == order
