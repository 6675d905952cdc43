"""Use cases of domains: a name is held for one service, and follows what the registrar says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.domains.models import Domain
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import Conflict


def hold(
    session: Session,
    *,
    name: str,
    service_id: UUID,
    registrar: str,
    years: int,
    nameservers: Sequence[str],
    whois: Mapping[str, str],
) -> UUID:
    """Write the name down for a service. Raises Conflict when it is held for another one already."""
    domain = Domain(
        id=new_id(),
        name=name,
        service_id=service_id,
        registrar=registrar,
        years=years,
        nameservers=list(nameservers),
        whois=dict(whois),
    )
    try:
        with session.begin_nested():
            session.add(domain)
            session.flush()
    except IntegrityError as error:
        raise Conflict(_("{name} is being ordered already.").format(name=name)) from error
    return domain.id


def registered(session: Session, service_id: UUID, expires_on: date | None) -> bool:
    """The registrar has it: held until its expiry. Harmless to repeat; False when there is no such name."""
    statement = update(Domain).where(Domain.service_id == service_id, Domain.state != "released")
    until = {"expires_on": expires_on} if expires_on else {}  # done by hand: nobody said until when
    return changed(session, statement.values(state="held", **until))


def release(session: Session, service_id: UUID) -> None:
    """The name is free again for others."""
    changed(session, update(Domain).where(Domain.service_id == service_id).values(state="released"))


def holder_of(session: Session, name: str) -> UUID | None:
    """The service that has the name, or is getting it."""
    statement = select(Domain.service_id).where(Domain.name == name, Domain.state != "released")
    return session.execute(statement).scalar_one_or_none()


def is_held(session: Session, name: str) -> bool:
    """Whether one of our clients has it, or is getting it."""
    return holder_of(session, name) is not None
