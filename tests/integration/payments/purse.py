"""Small builders of billing accounts, for tests that add and remove them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core.clients import service as clients
from core.clients.models import BillingAccount
from core.kernel.audit import AuditEntry
from core.orders.status import find_order
from core.payments import accounts, detaching
from core.plugin_api.values import StoredMethod
from tests.fixtures.innkeeper import Inn

ACTOR = {"actor": "staff:test", "ip": "203.0.113.9"}


def client_of(inn: Inn, order: str) -> UUID:
    with inn.db.read() as session:
        return find_order(session, order).client_id


def new_client(inn: Inn) -> UUID:
    return client_of(inn, inn.place_order("manual"))


def filled(inn: Inn, method: str, **changes: str) -> dict[str, str]:
    form = inn.payment(method)
    return form | {"method": form.pop("payment_method")} | changes


def keep(inn: Inn, client_id: UUID, method: str = "sandbox_card", **changes: str) -> UUID:
    return accounts.add(inn.house, client_id, filled(inn, method, **changes), **ACTOR)


def row(inn: Inn, account_id: UUID) -> BillingAccount:
    with inn.db.read() as session:
        return session.get_one(BillingAccount, account_id)


def token_of(inn: Inn, account_id: UUID) -> str:
    with inn.db.read() as session:
        source = clients.load_source(session, inn.house, account_id)
    assert isinstance(source, StoredMethod)
    return source.token


def lives(inn: Inn, token: str) -> bool:
    """Whether the pretend world still keeps this card."""
    return inn.world.call("GET", f"/v1/tokens/{token}").status == 200


def remove(inn: Inn, client_id: UUID, account_id: UUID) -> None:
    detaching.remove(inn.house, client_id, account_id, **ACTOR)


def entries(inn: Inn, action: str) -> int:
    with inn.db.read() as session:
        return len(session.scalars(select(AuditEntry.id).where(AuditEntry.action == action)).all())
