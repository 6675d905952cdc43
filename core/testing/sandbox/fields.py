"""Strict reading of what a caller sent: exact types, known names, bounded sizes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import request

CURRENCY = re.compile(r"[A-Z]{3}")
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")
LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})+")
EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")
MOST_MINOR = 10**12


class Refusal(Exception):
    """A call that is refused and changed nothing. ``code`` is stable; ``field`` names what is wrong."""

    def __init__(self, status: int, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field


def invalid(field: str, message: str, code: str = "invalid_field") -> Refusal:
    return Refusal(422, code, message, field)


class Body:
    """The JSON object of the present call. Ask for each field, then call ``done``."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._data = dict(data)
        self._asked: set[str] = set()
        self._masks: dict[str, object] = {}

    @classmethod
    def of_request(cls) -> Body:
        """Raises Refusal when the request carries something else than one JSON object."""
        raw = request.get_data(cache=False)
        if not raw:
            return cls({})
        if request.mimetype != "application/json":
            raise Refusal(415, "not_json", "Send JSON with Content-Type: application/json.")
        return cls(_parse(raw))

    def text(
        self, name: str, *, most: int = 200, shape: re.Pattern[str] = PRINTABLE, default: str | None = None
    ) -> str:
        """A string of 1 to ``most`` characters in the given shape; ``default`` when absent or empty."""
        value = self._take(name)
        if value in (None, "") and default is not None:
            return default
        if not isinstance(value, str) or not value or len(value) > most or not shape.fullmatch(value):
            raise invalid(name, f"{name} must be a text of 1 to {most} characters in the documented form.")
        return value

    def optional_text(self, name: str, *, most: int = 200) -> str | None:
        return None if self._take(name) is None else self.text(name, most=most)

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A JSON integer from ``low`` to ``high``: no float, no text, no true."""
        value = self._take(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise invalid(name, f"{name} must be a whole number from {low} to {high}.")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        value = self._take(name)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise invalid(name, f"{name} must be a number from {low:g} to {high:g}.")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self._take(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid(name, f"{name} must be true or false.")
        return value

    def amount(self) -> int:
        """Minor units."""
        return self.whole("amount", 1, MOST_MINOR)

    def currency(self) -> str:
        return self.text("currency", most=3, shape=CURRENCY)

    def email(self, name: str = "email") -> str:
        return self.text(name, most=320, shape=EMAIL)

    def one_of(self, name: str, choices: tuple[str, ...], *, default: str | None = None) -> str:
        value = self.text(name, default=default)
        if value not in choices:
            raise invalid(name, f"{name} must be one of: {', '.join(choices)}.")
        return value

    def host_name(self, name: str) -> str:
        return self.text(name, most=253, shape=HOST_NAME)

    def web_address(self, name: str) -> str:
        value = self.text(name, most=2000)
        if not is_web_address(value):
            raise invalid(name, f"{name} must be an absolute http or https address.")
        return value

    def host_names(self, name: str, most: int) -> list[str]:
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise invalid(name, f"{name} must be a list of at most {most} host names.")
        if not all(isinstance(item, str) and HOST_NAME.fullmatch(item) for item in value):
            raise invalid(name, f"{name} must hold host names in lower case.")
        if len(set(value)) != len(value):
            raise invalid(name, f"{name} names one host twice.")
        return value

    def texts(self, name: str, most: int) -> dict[str, str]:
        """An object of short texts."""
        value = self._take(name)
        if not isinstance(value, dict) or not value or len(value) > most:
            raise invalid(name, f"{name} must be an object of 1 to {most} texts.")
        if not all(
            isinstance(item, str) and len(item) <= 200 and PRINTABLE.fullmatch(item)
            for item in value.values()
        ):
            raise invalid(name, f"{name} must hold short texts only.")
        return value

    def mask(self, name: str, stand_in: object) -> None:
        """Keep the true value of a field out of the fingerprint of the request."""
        self._masks[name] = stand_in

    def identity(self) -> Mapping[str, object]:
        """What makes this request the same as another one."""
        return self._data | self._masks

    def done(self) -> None:
        """Raises Refusal when the body holds a field nobody asked for: a typing error, most likely."""
        unknown = sorted(set(self._data) - self._asked)
        if unknown:
            raise invalid(unknown[0], f"This call has no field {unknown[0]!r}.", "unknown_field")

    def _take(self, name: str) -> object:
        self._asked.add(name)
        return self._data.get(name)


def is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _parse(raw: bytes) -> Mapping[str, object]:
    try:
        data = json.loads(raw, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "not_json", "The body is not valid JSON.") from error
    if not isinstance(data, dict):
        raise Refusal(400, "not_json", "The body must be one JSON object.")
    return data


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice")
    return names


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
