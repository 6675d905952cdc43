"""An eCheck's fields: ABA numbers, dates of birth, and the mandate kept word for word."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.plugin_api.errors import InvalidFields
from core.plugin_api.forms import FieldKind
from plugins.gateways.sandbox_echeck.fields import FIELDS, MANDATE, read
from plugins.gateways.sandbox_echeck.harness import GOOD

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def errors(**changes: str) -> dict[str, str]:
    with pytest.raises(InvalidFields) as raised:
        read({**GOOD, **changes}, NOW)
    return raised.value.messages


def test_a_good_form_becomes_a_bank_account() -> None:
    account = read(GOOD, NOW)
    assert (account.routing_number, account.account_number) == ("110000000", "000123456789")
    assert (account.account_type, account.bank_state, account.license_state) == ("business", "TX", "TX")
    assert account.date_of_birth == date(1984, 2, 29)
    assert account.holder == "Adaeze Okonkwo"


def test_the_mandate_is_kept_with_its_time() -> None:
    account = read(GOOD, NOW)
    assert (account.mandate_text, account.mandate_at) == (MANDATE, NOW)
    note = next(field for field in FIELDS if field.kind is FieldKind.NOTE)
    assert note.label == MANDATE, "what is kept is what was shown"


def test_a_company_holds_its_own_account() -> None:
    assert read({**GOOD, "company_name": "Pinewood Bakery LLC"}, NOW).holder == "Pinewood Bakery LLC"


def test_spaces_and_dashes_in_numbers_are_fine() -> None:
    account = read({**GOOD, "routing_number": "1100-0000 0", "account_number": "0001 2345 6789"}, NOW)
    assert (account.routing_number, account.account_number) == ("110000000", "000123456789")


# Routing numbers of the Federal Reserve's own directory, each with a right check digit.
@pytest.mark.parametrize("number", ["021000021", "011401533", "091000019", "322271627", "111000025"])
def test_routing_numbers_of_real_banks_pass(number: str) -> None:
    assert read({**GOOD, "routing_number": number}, NOW).routing_number == number


@pytest.mark.parametrize("number", ["021000021", "322271627"])
def test_every_single_wrong_digit_of_a_routing_number_is_found(number: str) -> None:
    for place in range(9):
        for digit in "0123456789":
            wrong = number[:place] + digit + number[place + 1 :]
            if wrong != number:
                assert "routing_number" in errors(routing_number=wrong)


@pytest.mark.parametrize(
    ("born", "said"),
    [
        ("2008-03-02", "You must be 18 or older"),
        ("2026-03-02", "Enter the day you were born"),
        ("2023-02-29", "Enter the day you were born"),
        ("1900-01-01", "Enter the day you were born"),
        ("84-1-1", "Enter the day you were born"),
        ("", "Enter the day you were born"),
    ],
)
def test_a_date_of_birth_is_a_day_of_an_adult(born: str, said: str) -> None:
    assert errors(date_of_birth=born)["date_of_birth"].startswith(said)


def test_the_eighteenth_birthday_is_enough() -> None:
    assert read({**GOOD, "date_of_birth": "2008-03-01"}, NOW).date_of_birth == date(2008, 3, 1)


def test_all_mistakes_are_told_at_once() -> None:
    assert set(errors(bank_name="", routing_number="1", account_number="", date_of_birth="x")) == {
        "bank_name",
        "routing_number",
        "account_number",
        "date_of_birth",
    }


def test_an_empty_form_names_every_field() -> None:
    with pytest.raises(InvalidFields) as raised:
        read({}, NOW)
    posted = {field.name for field in FIELDS if field.kind is not FieldKind.NOTE}
    assert set(raised.value.messages) == posted


def test_nothing_of_the_account_stands_in_its_repr() -> None:
    shown = repr(read(GOOD, NOW))
    assert not [secret for secret in ("110000000", "000123456789", "44871023", "1984") if secret in shown]
