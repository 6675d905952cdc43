"""Card numbers are recognised, refused and masked."""

from __future__ import annotations

import time

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from werkzeug.datastructures import MultiDict

from core.kernel.ids import new_id
from core.web import cards
from tests.unit.web.conftest import Visitor

NUMBER = "4242424242424242"


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4242\u00a04242\u00a04242\u00a04242",
        "4242 - 4242",  # too short: see below
        "my card is 4242 4242 4242 4242, thanks",
        "order 12 4242 4242 4242 4242 06/29",
        "".join(chr(0xFF10 + int(digit)) for digit in "378282246310005"),  # full width
        "".join(chr(0x0660 + int(digit)) for digit in NUMBER),  # Arabic
        "378282246310005",
        "6011000990139424",
        "4222222222222",
        "6304000000000000000"[:-1] + "0",
    ],
)
def test_card_numbers_are_found_however_they_are_written(text: str) -> None:
    if len("".join(char for char in text if char.isdigit())) < cards.SHORTEST:
        assert cards.find(text) is None
    else:
        assert (found := cards.find(text)) is not None
        assert luhn.is_valid(found)


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # wrong check digit
        "+1 512 555 0186",
        "0000 0000 0000 0000",
        "42424242424242424242",  # twenty digits
        "tok_4242424242424242",  # part of a word: a token
        "2026-11-20",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert cards.find(text) is None


def test_an_id_of_ours_is_never_taken_for_a_card() -> None:
    assert cards.find("00000000-0000-7000-8123-424242424242") is None
    assert not any(cards.find(str(new_id())) for _ in range(300))


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_whatever_passes_luhn_is_found(digits: str) -> None:
    number = next(digits + last for last in "0123456789" if luhn.is_valid(digits + last))
    if len(set(number)) > 1:
        assert cards.find(f"x {number} y") == number


@given(st.text(max_size=200))
def test_no_text_makes_it_stumble(text: str) -> None:
    found = cards.find(text)
    assert found is None or cards.SHORTEST <= len(found) <= cards.LONGEST


@pytest.mark.parametrize("digits", ["1 ", "0 "])
def test_a_form_full_of_digits_is_read_in_no_time(digits: str) -> None:
    begun = time.perf_counter()
    assert cards.find(digits * 50_000) is None
    assert time.perf_counter() - begun < 5  # a third of a second; a minute where each stretch is read anew


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


def test_only_the_last_four_are_ever_said() -> None:
    assert cards.mask(NUMBER) == "•••• 4242"


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
