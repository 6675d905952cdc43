"""Card numbers in texts: found however they are written, so that they are refused, or shown by their end."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from uuid import UUID

SHORTEST, LONGEST = 13, 19
# Digits of any script, with up to two spaces, dots, slashes or dashes of any kind between them.
_RUN = re.compile(r"(?<!\w)\d(?:[\s.\-/\u2010-\u2015]{0,2}\d)*(?!\w)")
_GROUP = re.compile(r"\d+")
# What card schemes issue: bank account numbers may pass Luhn by chance, one in ten of them does.
_SCHEMES = re.compile(
    r"4(\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2(22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(0[0-5]|[689]\d)\d{11,16}|35\d{14,17}"  # Diners Club, JCB
    r"|6(011|4[4-9]\d|5\d\d|2\d\d)\d{12,15}"  # Discover, UnionPay
    r"|(5[06789]|6\d)\d{11,17}"  # Maestro
)


def find(text: str, *, schemes_only: bool = False) -> str | None:
    """The first card number in ``text`` as plain digits, None when there is none."""
    if _is_uuid(text):
        return None
    for run in _RUN.finditer(unicodedata.normalize("NFKC", text)):
        for _start, _end, digits in _candidates(run.group()):
            if not schemes_only or _SCHEMES.fullmatch(digits):
                return digits
    return None


def masked(text: str) -> str:
    """The text as it may be kept and shown: ``•••• 4242`` where a card number stands."""
    if find(text) is None:
        return text
    return _RUN.sub(lambda run: _without_cards(run.group()), unicodedata.normalize("NFKC", text))


def _without_cards(run: str) -> str:
    places = [place for place, char in enumerate(run) if char.isdecimal()]
    parts, done = [], 0
    for start, end, digits in _candidates(run):
        if places[start] >= done:  # not inside of what is masked already
            parts += [run[done : places[start]], mask(digits)]
            done = places[end - 1] + 1
    return "".join((*parts, run[done:]))


def _candidates(run: str) -> Iterator[tuple[int, int, str]]:
    """Every stretch of whole groups with as many digits as a card and a right check digit: ``12 4242 4242
    4242 4242`` holds one. Gives its first digit and the one after its last, counted in the run, and the
    digits. A form of a megabyte may be one run, so no digit is looked at more than once."""
    groups = ["".join(str(unicodedata.digit(char)) for char in group) for group in _GROUP.findall(run)]
    ends = list(accumulate(map(len, groups)))
    digits = "".join(groups)
    sums = _luhn_sums(digits)
    for start in (0, *ends[:-1]):
        for place in range(bisect_left(ends, start + SHORTEST), len(ends)):
            end = ends[place]
            if end - start > LONGEST:
                break
            here = sums[end % 2]
            if (here[end] - here[start]) % 10 == 0 and len(set(digits[start:end])) > 1:
                yield start, end, digits[start:end]


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """For ends at even and at odd places: what the digits before each place add up to, every second of them
    doubled. The difference of two is the sum of ISO/IEC 7812-1, annex B, over what stands between them."""
    plain = [int(char) for char in digits]
    doubled = [value * 2 - 9 if value > 4 else value * 2 for value in plain]
    even, odd = list(plain), list(plain)
    even[0::2], odd[1::2] = doubled[0::2], doubled[1::2]
    return list(accumulate(even, initial=0)), list(accumulate(odd, initial=0))


def mask(digits: str) -> str:
    """``•••• 4242``: what a page may say of a number."""
    return f"•••• {digits[-4:]}"


def _is_uuid(text: str) -> bool:
    if len(text) != 36:
        return False
    try:
        UUID(text)
    except ValueError:
        return False
    return True
