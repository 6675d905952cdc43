"""Forms with a card number are refused, and nothing of them is told again."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from stdnum import luhn
from werkzeug.datastructures import MultiDict

from core.web import cards
from tests.unit.web.conftest import Visitor

NUMBER = "4242424242424242"


def test_a_bank_account_may_pass_luhn_by_chance() -> None:
    chance = "1000000000000008"
    assert luhn.is_valid(chance)
    form = MultiDict({"account_number": chance})
    assert cards.find_in_form(form, accounts=frozenset({"account_number"})) is None
    assert cards.find_in_form(form) == chance
    card = MultiDict({"account_number": NUMBER})
    assert cards.find_in_form(card, accounts=frozenset({"account_number"})) == NUMBER


def test_names_of_fields_are_looked_at_too() -> None:
    assert cards.find_in_form(MultiDict({NUMBER: "x"})) == NUMBER


@pytest.mark.parametrize("path", ["/cart", "/checkout", "/order/starter-hosting", "/orders/unknown/pay"])
def test_a_form_with_a_card_number_is_refused_and_not_shown_again(visitor: Visitor, path: str) -> None:
    answer = visitor.send(
        path, {"first_name": f"Ada {NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]} {NUMBER[12:]}"}
    )
    assert answer.status_code == 422
    assert "Card numbers never go here" in answer.text
    assert "4242 4242" not in answer.text
    assert NUMBER not in answer.text


def test_it_is_not_in_the_log_either(visitor: Visitor, capsys: pytest.CaptureFixture[str]) -> None:
    visitor.send("/cart", {"action": "coupon", "coupon": NUMBER})
    visitor.get(f"/cart?number={NUMBER}")
    visitor.get(f"/{NUMBER}/{NUMBER}")
    said = capsys.readouterr()
    assert NUMBER not in said.out + said.err


def test_reading_a_page_never_trips_over_digits(client: FlaskClient) -> None:
    assert client.get(f"/?q={NUMBER}").status_code == 200
