"""What the catalogue asks once for setting up: with the first period that is billed, and never again."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.billing import renewing
from core.billing.models import InvoiceLine
from core.catalog.models import Price, Product
from core.clients import statuses
from core.clients.models import Client, ClientGroup, ClientStatus, Contact
from core.kernel.audit import AuditEntry
from core.kernel.ids import new_id
from core.kernel.problems import Conflict
from core.orders import packages
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race

ME = "staff:test"
FEE = 1500


@pytest.fixture
def client_id(inn: Inn) -> UUID:
    """A client who owes nothing yet, in a catalogue whose prices all have a set-up fee."""
    inn.clock._at = inn.clock.now().replace(hour=18, minute=0)  # noon in Chicago: the same day there
    inn.place_order("manual", drain=False)
    with inn.db.transaction() as session:
        session.execute(update(Price).values(setup_minor=FEE))
        return session.execute(select(Client.id)).scalar_one()


def add(inn: Inn, client_id: UUID, slug: str = "starter-hosting", **changes: str) -> Service:
    """A monthly service that runs, its first period due today."""
    with inn.db.read() as session:
        product = session.execute(select(Product.id).where(Product.slug == slug)).scalar_one()
    domain = "" if slug == "a-thing" else "added.example"
    form = {
        "product": str(product), "cycle": "month:1", "domain": domain, "quantity": "1",
        "first_due_on": today(inn).isoformat(), "setup": "1",
    }  # fmt: skip
    service_id = packages.add(inn.house, client_id, form | changes, actor=ME)
    inn.drain()
    return read(inn, service_id)


def read(inn: Inn, service_id: UUID) -> Service:
    with inn.db.read() as session:
        return session.get_one(Service, service_id)


def today(inn: Inn) -> date:
    return inn.clock.now().date()


def billed(inn: Inn, client_id: UUID) -> list[InvoiceLine]:
    """The lines of what is due now."""
    invoice = renewing.generate(inn.house, client_id, actor=ME).invoice
    assert invoice is not None
    with inn.db.read() as session:
        of_invoice = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
        return list(session.scalars(of_invoice.order_by(InvoiceLine.position)))


def become(inn: Inn, client_id: UUID, label: str) -> None:
    with inn.db.transaction() as session:
        status = session.execute(select(ClientStatus.id).where(ClientStatus.label == label)).scalar_one()
        statuses.change_status(
            session, inn.house, client_id, status, closing=lambda *_: None, reason="a test", actor=ME
        )


def test_it_is_asked_with_the_first_period_and_not_again(inn: Inn, client_id: UUID) -> None:
    service = add(inn, client_id)
    recurring, setup = billed(inn, client_id)
    assert (recurring.kind, recurring.unit_minor) == ("recurring", service.price_minor)
    assert (setup.kind, setup.unit_minor, setup.service_id) == ("setup", FEE, service.id)
    assert (setup.period_start, setup.period_end, setup.text) == (
        None, None, "Set-up of Starter Hosting added.example",
    )  # fmt: skip
    assert read(inn, service.id).setup_minor == 0
    inn.clock.advance(days=32)
    assert [line.kind for line in billed(inn, client_id)] == ["recurring"]


def test_the_box_is_kept_in_the_audit_log_and_may_be_cleared(inn: Inn, client_id: UUID) -> None:
    assert add(inn, client_id, setup="").setup_minor == 0
    assert [line.kind for line in billed(inn, client_id)] == ["recurring"]
    with inn.db.read() as session:
        told = session.scalars(select(AuditEntry.after).where(AuditEntry.action == "service.add")).one()
    assert told is not None
    assert told["setup"] == "0.00 USD"


def test_it_is_for_every_piece(inn: Inn, client_id: UUID) -> None:
    with inn.db.transaction() as session:
        session.execute(update(Product).values(kind="other", provisioner="", stock=None))
    service = add(inn, client_id, domain="", quantity="3")
    assert service.setup_minor == 3 * FEE


def test_no_discount_is_taken_off_and_the_products_tax_is_put_on(inn: Inn, client_id: UUID) -> None:
    with inn.db.transaction() as session:
        group = ClientGroup(id=new_id(), name="Friends", discount_kind="percent", discount_value=5000)
        session.add(group)
        session.flush()
        session.execute(update(Client).values(group_id=group.id))
    add(inn, client_id)
    with inn.db.read() as session:
        due = renewing.due_of(session, inn.house, client_id).draft
    assert due is not None
    recurring, setup = due.lines
    assert recurring.discount_minor * 2 == recurring.unit_minor
    assert setup.discount_minor == 0
    assert [tax.base_minor for tax in due.taxes] == [(recurring.net_minor + FEE) * 8 // 10]  # Texas: 80 %


def test_it_speaks_the_language_of_the_client(inn: Inn, client_id: UUID) -> None:
    add(inn, client_id)
    with inn.db.transaction() as session:
        session.execute(update(Contact).where(Contact.client_id == client_id).values(language="de"))
    assert billed(inn, client_id)[1].text == "Einrichtung von Starter Hosting added.example"


def test_it_waits_until_a_period_is_billed(inn: Inn, client_id: UUID) -> None:
    become(inn, client_id, "Suspended")  # before the first period begins
    inn.clock.advance(days=1)
    service = add(inn, client_id)
    inn.clock.advance(days=20)
    with inn.db.transaction() as session:  # a short cycle, so that a period lies wholly in that time
        session.execute(
            update(Service).where(Service.id == service.id).values(cycle_unit="day", cycle_count=7)
        )
    become(inn, client_id, "Active")
    with inn.db.read() as session:
        due = renewing.due_of(session, inn.house, client_id)
    assert due.passed
    assert due.draft is not None
    assert [line.kind for line in due.draft.lines] == ["recurring", "setup"]
    assert [line.kind for line in billed(inn, client_id)] == ["recurring", "setup"]
    assert read(inn, service.id).setup_minor == 0


def test_two_at_once_ask_for_it_once(inn: Inn, client_id: UUID) -> None:
    add(inn, client_id)

    def press(_: int) -> bool:
        try:
            renewing.generate(inn.house, client_id, actor=ME)
        except Conflict:
            return False
        return True

    assert sum(race(6, press)) == 1
    with inn.db.read() as session:
        asked = session.scalars(select(InvoiceLine.unit_minor).where(InvoiceLine.kind == "setup")).all()
    assert asked.count(FEE) == 1
