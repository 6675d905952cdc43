"""The kinds of rows there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.brands import service as brands
from core.records.importing.of_clients import Clients
from core.records.importing.of_contacts import Contacts
from core.records.importing.of_services import Services
from core.records.importing.reader import Place, Reader
from core.records.importing.values import DataHouse, Mapped

KINDS: tuple[tuple[str, str], ...] = (
    ("clients", "Clients with their primary contact"),
    ("contacts", "Further contacts"),
    ("services", "Services"),
)
_READERS: dict[str, Callable[[Place, Session], Reader[Any]]] = {
    "clients": Clients, "contacts": Contacts, "services": Services,
}  # fmt: skip


def reader(
    session: Session, house: DataHouse, kind: str, brand_id: UUID, mapped: Mapped, actor: str
) -> Reader[Any]:
    """Raises KeyError for another kind, NotFound for another brand."""
    brand = brands.brand_by_id(session, brand_id)
    return _READERS[kind](Place(house=house, brand=brand, mapped=mapped, actor=actor), session)
