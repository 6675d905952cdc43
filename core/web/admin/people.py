"""Who did something, by name: actors as the audit log writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from core.identity import queries as identity


def named(session: Any, actors: Iterable[str]) -> Callable[[str], str]:
    """A function from an actor ("staff:<id>", "system") to the words for it, for these actors."""
    known = identity.called(session, actors)

    def name(actor: str) -> str:
        return known.get(actor) or (actor if ":" in actor else actor.capitalize())

    return name
