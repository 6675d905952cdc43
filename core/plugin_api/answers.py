"""Read a provider's JSON strictly, so that a surprise becomes ``NoAnswer`` and never a wrong fact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from core.plugin_api.context import Response
from core.plugin_api.errors import NoAnswer
from core.plugin_api.values import Money


class Answer:
    """One JSON object. Every reader raises NoAnswer, naming the field, when the value is not as asked."""

    def __init__(self, data: Mapping[str, Any], where: str = "the answer") -> None:
        self._data = data
        self._where = where

    @classmethod
    def of(cls, response: Response) -> Answer:
        """The body of a response. Raises NoAnswer when it is not a JSON object."""
        return cls.parse(response.content)

    @classmethod
    def parse(cls, body: bytes) -> Answer:
        """As ``of``, for a body at hand (a notification)."""
        try:
            data = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise NoAnswer("the answer is not JSON") from None
        if not isinstance(data, dict):
            raise NoAnswer("the answer is not a JSON object")
        return cls(data)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._data.get(name) is not None

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._data.get(name)
        if not isinstance(value, str) or not value:
            raise self._wrong(name, "a text")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def whole(self, name: str) -> int:
        value = self._data.get(name)
        if type(value) is not int:
            raise self._wrong(name, "a whole number")
        return value

    def flag(self, name: str) -> bool:
        value = self._data.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def money(self, amount: str = "amount", currency: str = "currency") -> Money:
        """Minor units beside an ISO code."""
        try:
            return Money(self.whole(amount), self.text(currency))
        except ValueError:
            raise self._wrong(currency, "a currency") from None

    def instant(self, name: str) -> datetime:
        """ISO 8601 with its zone."""
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self._wrong(name, "an instant") from None
        if moment.tzinfo is None:
            raise self._wrong(name, "an instant with its zone")
        return moment.astimezone(UTC)

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise self._wrong(name, "a day") from None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._data.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of texts")
        return tuple(value)

    def object(self, name: str) -> Answer:
        value = self._data.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object")
        return Answer(value, f"{self._where}, {name}")

    def objects(self, name: str) -> tuple[Answer, ...]:
        value = self._data.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(name, "a list of objects")
        return tuple(Answer(item, f"{self._where}, {name}") for item in value)

    def _wrong(self, name: str, wanted: str) -> NoAnswer:
        return NoAnswer(f"{self._where}: {name} is not {wanted}")


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
