"""What other slices see of a person who signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.kernel.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the house with its own sign-in. ``idle``: how long a session lives unused;
    ``longest``: how long at most; ``actor``: what the audit log calls its people."""

    name: str
    actor: str
    idle: timedelta
    longest: timedelta


AREAS = {
    area.name: area
    for area in (
        Area(name="admin", actor="staff", idle=timedelta(hours=12), longest=timedelta(days=7)),
        Area(name="portal", actor="client", idle=timedelta(days=14), longest=timedelta(days=90)),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is asking. ``name`` is for screens; ``client_ids`` are the clients this person acts for."""

    user_id: UUID
    username: str
    name: str
    area: str
    permissions: frozenset[str]
    session_id: UUID
    client_ids: tuple[UUID, ...]

    @property
    def actor(self) -> str:
        """As the audit log names this person: "staff:<user id>"."""
        return f"{AREAS[self.area].actor}:{self.user_id}"

    def may(self, permission: str) -> bool:
        return permission in self.permissions


class SignInRefused(Problem):
    """One answer for every reason, so that nobody learns which names exist."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            "That user name and password do not match. Check both and try again; after several tries, "
            "wait a quarter of an hour."
        )
