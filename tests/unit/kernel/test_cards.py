"""Card numbers are found however they are written, and shown by their end alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from core.kernel import cards
from core.kernel.ids import new_id

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


@pytest.mark.timeout(60)
@pytest.mark.parametrize("digits", ["1 ", "0 "])
def test_a_form_full_of_digits_is_no_work_for_minutes(digits: str) -> None:
    """A second here; several minutes where each stretch is read anew."""
    assert cards.find(digits * 200_000) is None


def test_only_the_last_four_are_ever_said() -> None:
    assert cards.mask(NUMBER) == "•••• 4242"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (NUMBER, "•••• 4242"),
        ("card 4242 4242 4242 4242, 12/31", "card •••• 4242, 12/31"),
        ("4242 4242 4242 4242 12/31", "•••• 4242 12/31"),
        ("4242-4242-4242-4242/378282246310005", "•••• 4242/•••• 0005"),
        ("".join(chr(0x0660 + int(digit)) for digit in NUMBER), "•••• 4242"),
        ("4242424242424241", "4242424242424241"),
        ("call +1 512 555 0186", "call +1 512 555 0186"),
        ("", ""),
    ],
)
def test_a_text_keeps_all_but_the_number(text: str, shown: str) -> None:
    assert cards.masked(text) == shown
