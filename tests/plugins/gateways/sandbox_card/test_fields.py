"""A card's fields beside the number: what is kept, what is told."""

from __future__ import annotations

from datetime import date

import pytest

from core.plugin_api.errors import InvalidFields
from core.plugin_api.forms import FieldKind
from plugins.gateways.sandbox_card.fields import FIELDS, read

TODAY = date(2026, 7, 15)
GOOD = {"name_on_card": "Adaeze Okonkwo", "expiry_month": "07", "expiry_year": "2026"}


def errors(**changes: str) -> dict[str, str]:
    with pytest.raises(InvalidFields) as raised:
        read({**GOOD, **changes}, TODAY)
    return raised.value.messages


def test_the_fields_a_person_expects_are_there() -> None:
    assert [field.name for field in FIELDS] == [
        "name_on_card", "number", "card_type", "expiry_month", "expiry_year", "code",
        "issue_number", "start_date", "keep_card",
    ]  # fmt: skip
    assert {field.name for field in FIELDS if field.kind is FieldKind.SECURE} == {"number", "code"}
    assert {field.name for field in FIELDS if field.folded} == {"issue_number", "start_date"}


def test_a_card_is_good_to_the_end_of_its_month() -> None:
    card = read(GOOD, TODAY)
    assert (card.month, card.year, card.card_type, card.keep) == (7, 2026, "Automatic", False)


def test_an_expired_card_says_when_it_expired() -> None:
    assert errors(expiry_month="06", expiry_year="2024") == {
        "expiry_year": "This card expired in 06 / 2024. Use another card or check the year."
    }


def test_a_single_digit_for_the_month_is_understood() -> None:
    assert read({**GOOD, "expiry_month": "9"}, TODAY).month == 9


def test_start_date_and_issue_number_are_kept() -> None:
    card = read({**GOOD, "issue_number": "3", "start_date": "3 / 2024", "keep_card": "1"}, TODAY)
    assert (card.issue_number, card.start_date, card.keep) == ("3", "03/2024", True)


def test_a_start_date_lies_in_the_past() -> None:
    assert read({**GOOD, "start_date": "07/2026"}, TODAY).start_date == "07/2026"
    assert errors(start_date="08/2026") == {
        "start_date": "This card does not hold yet. Check the start date."
    }


@pytest.mark.parametrize("typed", ["4242 4242 4242 4242", "4242-4242-4242-4242", "x 4242424242424242 y"])
def test_a_number_in_the_name_is_found_and_not_repeated(typed: str) -> None:
    message = errors(name_on_card=typed)["name_on_card"]
    assert message.startswith("This looks like a card number.")
    assert "4242" not in message


def test_several_mistakes_are_told_at_once() -> None:
    assert set(errors(name_on_card="", expiry_month="13", expiry_year="26", start_date="soon")) == {
        "name_on_card",
        "expiry_month",
        "expiry_year",
        "start_date",
    }
