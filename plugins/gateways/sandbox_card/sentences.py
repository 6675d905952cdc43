"""What the card form's script says, in the language of the page it stands in."""

from __future__ import annotations

from collections.abc import Mapping

from core.plugin_api.words import gettext as _
from core.plugin_api.words import mark

EXAMPLE_YEARS = 2  # from now, in "as in 2030"
OTHER_BRAND = mark("This card is from {brand}. Choose {brand} or Automatic.")
MONTH = mark("Enter the month with two digits, from 01 to 12.")
YEAR = mark("Enter the year with four digits, as in {year}.")
NO_ANSWER = mark("The card service did not answer. Please try again in a moment.")
EXPIRED = mark("This card has expired. Use another card or check the year.")
CODE = mark("Enter the 3 or 4 digits of the security code.")
SAYS: Mapping[str, str] = {
    "number": mark("This card number is not right. Check each digit."),
    "month": MONTH,
    "year": YEAR,
    "expired": EXPIRED,
    "code": CODE,
    "brand": OTHER_BRAND,
    "no_answer": NO_ANSWER,
    # What the sandbox complains of, by its own codes. A number with a right check digit is no test number.
    "incorrect_number": mark("Only the test card numbers work here: this is a rehearsal."),
    "expired_card": EXPIRED,
    "incorrect_cvc": CODE,
    "unreachable": NO_ANSWER,
}
"""From the last part of a key in the page's data to a sentence in English."""


def for_the_page(this_year: int) -> dict[str, str]:
    """``{"say_number": sentence, ...}`` in the language of this page. The script fills in the brand."""
    later = str(this_year + EXAMPLE_YEARS)
    return {f"say_{name}": _(sentence).replace("{year}", later) for name, sentence in SAYS.items()}
