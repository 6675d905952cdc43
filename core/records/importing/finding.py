"""Finding the clients that rows name, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clients.models import Client
from core.kernel.i18n import gettext as _
from core.kernel.paging import AnyRow
from core.kernel.problems import InvalidFields

LONGEST_REFERENCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A client as other rows need it."""

    id: UUID
    currency: str


def check_reference(text: str) -> str | None:
    """What is wrong with a reference; None when it will do."""
    if len(text) > LONGEST_REFERENCE or not text.isprintable():
        return _("A reference has {most} visible characters at most.").format(most=LONGEST_REFERENCE)
    return None


def _found(row: AnyRow) -> Found:
    """A client that was merged into another is that other one."""
    return Found(id=row.merged_into_id or row.id, currency=row.currency)


class Finder:
    """Clients of one brand by their reference or, where none has it, by their number."""

    def __init__(self, brand_id: UUID) -> None:
        self._brand_id = brand_id
        self._by_reference: dict[str, Found] = {}
        self._by_number: dict[str, Found] = {}

    def load(self, session: Session, texts: Iterable[str]) -> None:
        """Ask for all of them at once; what was known before is forgotten."""
        wanted = {text for text in texts if text}
        numbers = {int(text) for text in wanted if text.isascii() and text.isdigit() and len(text) <= 12}
        own = select(
            Client.id, Client.merged_into_id, Client.currency, Client.number, Client.external_reference
        ).where(Client.brand_id == self._brand_id)
        by_reference = session.execute(own.where(Client.external_reference.in_(wanted))) if wanted else ()
        by_number = session.execute(own.where(Client.number.in_(numbers))) if numbers else ()
        self._by_reference = {row.external_reference: _found(row) for row in by_reference}
        self._by_number = {str(row.number): _found(row) for row in by_number}

    def has_reference(self, text: str) -> bool:
        return text in self._by_reference

    def find(self, text: str) -> Found:
        """Raises InvalidFields (``client``)."""
        found = self._by_reference.get(text) or self._by_number.get(text.lstrip("0"))
        if found is None:
            sentence = _("There is no client with this reference or number. Read the clients in first.")
            raise InvalidFields({"client": sentence})
        return found
