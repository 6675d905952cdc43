"""Who did something, by name: actors as the audit log writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from core.identity import queries as identity


def named(session: Any, actors: Iterable[str]) -> Callable[[str], str]:
    """A function from an actor ("staff:<id>", "system") to the words for it, for these actors."""
    ids = {found for actor in actors if (found := _user_id(actor)) is not None}
    names = identity.names(session, ids)

    def name(actor: str) -> str:
        found = _user_id(actor)
        return names.get(found, actor) if found else actor.capitalize()

    return name


def _user_id(actor: str) -> UUID | None:
    try:
        return UUID(actor.partition(":")[2])
    except ValueError:
        return None
