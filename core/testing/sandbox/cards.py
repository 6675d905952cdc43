"""Cards as the tokeniser sees them: test numbers, brands, expiry. Pure; a number never leaves this call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from core.testing.sandbox.fields import Refusal

OK = "ok"
CHALLENGE = "challenge"  # asks for 3-D Secure when the buyer is present

TEST_NUMBERS = {
    "4242424242424242": OK,
    "4111111111111111": OK,
    "5555555555554444": OK,
    "2223003122003222": OK,
    "378282246310005": OK,
    "6011111111111117": OK,
    "4000000000000002": "card_declined",
    "4000000000009995": "insufficient_funds",
    "4000000000000069": "expired_card",
    "4000000000000127": "incorrect_cvc",
    "4000000000000119": "processing_error",
    "4000000000000341": "card_declined",
    "4000002500003155": CHALLENGE,
}

BRANDS = {"4": "Visa", "5": "Mastercard", "2": "Mastercard", "3": "American Express", "6": "Discover"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDetails:
    """What was typed. Never written anywhere, and not in a repr either."""

    number: str = field(repr=False)
    expiry_month: int
    expiry_year: int
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What may be kept of a card."""

    brand: str
    last4: str
    expiry_month: int
    expiry_year: int
    behaviour: str


def check(details: CardDetails, today: date) -> Card:
    """The card behind what was typed. Raises Refusal with the field that is wrong (422), or 402 when the
    number is a possible real one: those do not belong here."""
    digits = details.number.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and luhn(digits)):
        raise Refusal(422, "incorrect_number", "This card number is not right. Check each digit.", "number")
    if digits not in TEST_NUMBERS:
        raise Refusal(402, "incorrect_number", "Only the sandbox's test card numbers work here.", "number")
    if has_expired(details.expiry_month, details.expiry_year, today):
        raise Refusal(422, "expired_card", "This card has expired.", "expiry_year")
    brand = BRANDS[digits[0]]
    _check_code(details.code, 4 if brand == "American Express" else 3)
    return Card(
        brand=brand,
        last4=digits[-4:],
        expiry_month=details.expiry_month,
        expiry_year=details.expiry_year,
        behaviour=TEST_NUMBERS[digits],
    )


def _check_code(code: str, length: int) -> None:
    if not (code.isascii() and code.isdigit() and len(code) == length):
        raise Refusal(422, "incorrect_cvc", f"The security code of this card has {length} digits.", "code")


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def has_expired(month: int, year: int, today: date) -> bool:
    """A card is good until the last day of its month."""
    return (year, month) < (today.year, today.month)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    status: str  # succeeded, declined, requires_action
    decline_code: str | None = None


SUCCEEDED = Verdict(status="succeeded")


def verdict(behaviour: str, *, expired: bool, trusted: bool, customer_present: bool) -> Verdict:
    """What the issuer says to a charge. A card that passed a challenge once may be charged without its
    holder afterwards; with the holder present it is challenged every time."""
    if expired:
        return Verdict(status="declined", decline_code="expired_card")
    if behaviour == OK:
        return SUCCEEDED
    if behaviour != CHALLENGE:
        return Verdict(status="declined", decline_code=behaviour)
    if customer_present:
        return Verdict(status="requires_action")
    return SUCCEEDED if trusted else Verdict(status="declined", decline_code="authentication_required")
