"""Clients with all that belongs to one, and what is done to them as a whole."""

from __future__ import annotations

from uuid import UUID

from core.billing.models import Invoice
from core.clients.models import Client
from core.payments import credit
from core.records import merging
from tests.fixtures.innkeeper import Inn

ME = "staff:test"


def client_of(inn: Inn, order: str) -> UUID:
    with inn.db.read() as session:
        return session.get_one(Invoice, inn.view(order).invoice_id).client_id


def buyer(inn: Inn, method: str = "sandbox_card", **changes: str) -> tuple[UUID, str]:
    order = inn.place_order(method, cycle="month:1", **changes)
    inn.drain()
    return client_of(inn, order), order


def give(inn: Inn, client_id: UUID, amount: str) -> None:
    credit.add(inn.house, client_id, amount_text=amount, reason="a test", origin="goodwill", actor=ME)


def find(inn: Inn, client_id: UUID) -> Client:
    with inn.db.read() as session:
        return session.get_one(Client, client_id)


def merge(inn: Inn, source: UUID, target: UUID) -> None:
    merging.merge(inn.house, source, target, actor=ME)
