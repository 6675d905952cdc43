"""Resource record sets as PowerDNS's API writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from core.plugin_api.errors import NoAnswer

Json = Mapping[str, object]


def unusable(what: str) -> NoReturn:
    """An answer that can not be read says nothing of what stands there."""
    raise NoAnswer(f"PowerDNS's answer can not be used: {what}")


def text(data: Json, name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else unusable(f"{name} is no text")


def objects(data: Json, name: str) -> tuple[Json, ...]:
    """The objects of a list inside an object; empty when it is not there."""
    value = data.get(name)
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """``disabled`` records are kept in the database and not served."""

    content: str
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    content: str
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """All records of one name and type. Names are absolute and end with a dot."""

    name: str
    type: str
    ttl: int
    records: tuple[Record, ...]
    comments: tuple[Comment, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        return self.name, self.type

    @classmethod
    def read(cls, data: Json) -> RecordSet:
        """Raises NoAnswer when this is no record set."""
        ttl = data.get("ttl")
        return cls(
            name=text(data, "name"),
            type=text(data, "type"),
            ttl=ttl if type(ttl) is int else 0,
            records=tuple(
                Record(content=text(one, "content"), disabled=one.get("disabled") is True)
                for one in objects(data, "records")
            ),
            comments=tuple(
                Comment(content=text(one, "content"), account=text(one, "account"))
                for one in objects(data, "comments")
            ),
        )

    def written(self) -> dict[str, object]:
        """As it stands in a new zone."""
        return {
            "name": self.name,
            "type": self.type,
            "ttl": self.ttl,
            "records": [{"content": one.content, "disabled": one.disabled} for one in self.records],
            "comments": self._comments(),
        }

    def replacing(self) -> dict[str, object]:
        """The change that makes it so."""
        return {**self.written(), "changetype": "REPLACE"}

    def deleting(self) -> dict[str, object]:
        return {"name": self.name, "type": self.type, "changetype": "DELETE"}

    def commenting(self) -> dict[str, object]:
        """The change that replaces the comments and leaves the records alone."""
        return {
            "name": self.name, "type": self.type, "changetype": "REPLACE", "comments": self._comments(),
        }  # fmt: skip

    def _comments(self) -> list[dict[str, object]]:
        return [{"content": one.content, "account": one.account} for one in self.comments]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """``account`` is PowerDNS's free field for the owner: our marker stands in it."""

    name: str
    account: str
    sets: tuple[RecordSet, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The comments on the SOA: what is said of the zone as a whole."""
        tops = [found for found in self.sets if found.place == (self.name, "SOA")]
        return tuple(comment.content for top in tops for comment in top.comments)

    @classmethod
    def read(cls, data: Json) -> Zone:
        """Raises NoAnswer when this is no zone."""
        sets = tuple(RecordSet.read(one) for one in objects(data, "rrsets"))
        return cls(name=text(data, "name"), account=text(data, "account"), sets=sets)
