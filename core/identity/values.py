"""What other slices see of a person who signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.identity.permissions import PERMISSIONS
from core.kernel.i18n import gettext as _
from core.kernel.problems import Problem

SHELL = "shell"  # the area of whoever runs commands on the machine itself
PROVEN_FOR = timedelta(minutes=15)  # money and secrets: how long a person counts as just proven


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
    """Who is asking. ``name`` is for screens; ``client_ids`` are the clients this person acts for.

    ``proven_at``: when they last showed password and second factor. ``acting_staff_id``: of the staff
    member who is inside a client's account; what they do there is theirs.
    """

    user_id: UUID
    username: str
    name: str
    area: str
    permissions: frozenset[str]
    session_id: UUID
    client_ids: tuple[UUID, ...]
    has_factor: bool = False
    proven_at: datetime | None = None
    acting_staff_id: UUID | None = None
    locale: str = "en"

    @property
    def actor(self) -> str:
        """As the audit log names this person: "staff:<user id>"."""
        if self.area == SHELL:
            return "system"
        if self.acting_staff_id is not None:
            return f"staff:{self.acting_staff_id}"
        return f"{AREAS[self.area].actor}:{self.user_id}"

    @property
    def acting_for(self) -> str:
        """Whose account they act in, when it is not their own: "client:<user id>"."""
        return f"client:{self.user_id}" if self.acting_staff_id is not None else ""

    def is_proven(self, now: datetime) -> bool:
        """Whether they have shown who they are lately enough for money and secrets."""
        return self.proven_at is not None and now - self.proven_at < PROVEN_FOR

    def may(self, permission: str) -> bool:
        return permission in self.permissions


def at_the_shell() -> Identity:
    """Who runs commands on the machine: the operator, who holds its database and keys anyway."""
    nobody = UUID(int=0)
    return Identity(
        user_id=nobody, username=SHELL, name="Operator", area=SHELL, permissions=frozenset(PERMISSIONS),
        session_id=nobody, client_ids=(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody whose password was right and whose second factor is still to be shown."""

    user_id: UUID
    username: str
    area: str
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person shows as second factor: a code (of the app, or for recovery), or a passkey's answer as
    the browser gave it (JSON)."""

    code: str = ""
    credential: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.code.strip() or self.credential.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who passkeys are for (WebAuthn: relying party): a host name, and the origin pages come from."""

    id: str
    origin: str
    name: str = "Innkeeper"


class SignInRefused(Problem):
    """One answer for every reason, so that nobody learns which names exist."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            _(
                "That user name and password do not match. Check both and try again; after several tries, "
                "wait a quarter of an hour."
            )
        )


class FactorRefused(Problem):
    """The second factor was wrong, used before, or tried too often."""

    code = "factor_refused"

    def __init__(self) -> None:
        super().__init__(
            _(
                "That did not match. A code works once and not for long: take the one shown now. After five "
                "tries, wait a quarter of an hour."
            )
        )


class ProofRefused(Problem):
    """Password or second factor was wrong when the person should prove who they are."""

    code = "proof_refused"

    def __init__(self) -> None:
        super().__init__(
            _("That did not match. Check what you typed; after five tries, wait a quarter of an hour.")
        )
