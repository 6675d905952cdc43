"""Cards: the rules behind the tokeniser."""

from __future__ import annotations

from datetime import date

import pytest

from core.testing.sandbox.cards import OK, TEST_NUMBERS, CardDetails, check, has_expired, luhn, verdict
from core.testing.sandbox.fields import Refusal

TODAY = date(2026, 5, 13)


def typed(
    number: str = "4242424242424242", month: int = 12, year: int = 2030, code: str = "123"
) -> CardDetails:
    return CardDetails(number=number, expiry_month=month, expiry_year=year, code=code)


def refusal(details: CardDetails) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as caught:
        check(details, TODAY)
    return caught.value.status, caught.value.code, caught.value.field


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_every_test_number_has_a_right_check_digit(number: str) -> None:
    assert luhn(number)
    assert not luhn(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize("number", ["4242 4242 4242 4242", "4242-4242-4242-4242"])
def test_spaces_and_dashes_are_fine(number: str) -> None:
    card = check(typed(number), TODAY)
    assert (card.brand, card.last4, card.behaviour) == ("Visa", "4242", OK)


@pytest.mark.parametrize("number", ["4242424242424241", "4242", "abcd", "\uff14\uff12" * 8, "4" * 20])
def test_a_wrong_number_is_said_at_the_number(number: str) -> None:
    assert refusal(typed(number)) == (422, "incorrect_number", "number")


def test_a_possible_real_number_is_refused() -> None:
    assert refusal(typed("4539578763621486")) == (402, "incorrect_number", "number")


def test_a_card_is_good_until_its_month_ends() -> None:
    assert not has_expired(5, 2026, date(2026, 5, 31))
    assert has_expired(5, 2026, date(2026, 6, 1))
    assert refusal(typed(month=4, year=2026)) == (422, "expired_card", "expiry_year")


@pytest.mark.parametrize("code", ["12", "1234", "12a", "١٢٣"])
def test_the_code_has_three_digits(code: str) -> None:
    assert refusal(typed(code=code)) == (422, "incorrect_cvc", "code")


def test_the_code_of_american_express_has_four() -> None:
    assert check(typed("378282246310005", code="1234"), TODAY).brand == "American Express"
    assert refusal(typed("378282246310005")) == (422, "incorrect_cvc", "code")


def test_the_number_is_not_in_a_repr() -> None:
    assert "4242" not in repr(typed())


@pytest.mark.parametrize(
    ("present", "trusted", "expected"),
    [
        (True, False, ("requires_action", None)),
        (True, True, ("requires_action", None)),
        (False, False, ("declined", "authentication_required")),
        (False, True, ("succeeded", None)),
    ],
)
def test_a_challenged_card(present: bool, trusted: bool, expected: tuple[str, str | None]) -> None:
    said = verdict("challenge", expired=False, trusted=trusted, customer_present=present)
    assert (said.status, said.decline_code) == expected


def test_a_good_card_that_expired_since_is_declined() -> None:
    said = verdict(OK, expired=True, trusted=True, customer_present=True)
    assert (said.status, said.decline_code) == ("declined", "expired_card")
