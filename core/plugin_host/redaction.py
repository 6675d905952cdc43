"""Keep secrets out of logs, notes and raw answers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

MASK = "[hidden]"
SHORTEST = 4  # shorter values would mask half of every sentence
LONGEST_TEXT = 2000  # of one value that is kept for staff
SHORTEST_CARD, LONGEST_CARD = 13, 19
_DIGITS = re.compile(r"\d(?:[ -]?\d){12,}")  # long enough to hold a card number
_PATTERNS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"\b(sk|rk|whsec)_[A-Za-z0-9_]{6,}"), MASK),
    (re.compile(r"(?i)\b(password|passwd|passwort|hashed_password|secret|api[_-]?key)\b(\"?\s*[=:]\s*\"?)[^\s\"&,;}]+"),
     rf"\1\2{MASK}"),
)  # fmt: skip


class Redactor:
    """Masks known secrets, and what looks like one: card numbers, bearer tokens, secret keys."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= SHORTEST}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def with_secrets(self, secrets: Iterable[str]) -> Redactor:
        return Redactor((*self._secrets, *secrets))

    def text(self, value: str) -> str:
        """The text with every secret masked."""
        for secret in self._secrets:
            value = value.replace(secret, MASK)
        for pattern, replacement in _PATTERNS:
            value = pattern.sub(replacement, value)
        return _DIGITS.sub(_mask_cards, value)

    def mapping(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Flat text only, masked and cut: what may be stored beside an attempt or a job."""
        return {self.text(str(name)): self.text(str(value))[:LONGEST_TEXT] for name, value in values.items()}

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"


class RedactingFilter(logging.Filter):
    """Masks a logger's records before any handler sees them, tracebacks included."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redactor.text(record.getMessage()), ()
        if record.exc_info and record.exc_info[0] is not None:
            shown = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = self._redactor.text(shown), None
        return True


def secrets_of(config: object) -> tuple[str, ...]:
    """Every SecretStr in a settings model, nested ones too."""
    if isinstance(config, SecretStr):
        return (config.get_secret_value(),)
    if isinstance(config, BaseModel):
        return secrets_of([getattr(config, name) for name in type(config).model_fields])
    if isinstance(config, Mapping):
        return secrets_of(list(config.values()))
    if isinstance(config, list | tuple | set | frozenset):
        return tuple(secret for item in config for secret in secrets_of(item))
    return ()


def _mask_cards(match: re.Match[str]) -> str:
    """Mask every group of digits, or groups side by side, that make a card number (ISO/IEC 7812)."""
    text = match.group()
    groups = [found.span() for found in re.finditer(r"\d+", text)]
    parts, done = [], 0
    for first, (start, _) in enumerate(groups):
        card = _card_from(text, groups[first : first + LONGEST_CARD]) if start >= done else None
        if card is not None:
            parts.append(f"{text[done:start]}[card ending {card[0][-4:]}]")
            done = card[1]
    return "".join((*parts, text[done:]))


def _card_from(text: str, groups: list[tuple[int, int]]) -> tuple[str, int] | None:
    """The digits and the end of the shortest card number that begins with the first group."""
    digits, plain, doubled = "", 0, 0  # sums with the last digit as it is, and with it doubled
    for start, end in groups:
        digits += text[start:end]
        if len(digits) > LONGEST_CARD:
            return None
        for value in map(int, text[start:end]):
            plain, doubled = doubled + value, plain + value * 2 - (9 if value > 4 else 0)
        if len(digits) >= SHORTEST_CARD and plain % 10 == 0:
            return digits, end
    return None
