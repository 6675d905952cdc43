"""Services without an order: added, set up now or later, changed, suspended and ended by staff."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.billing import renewing
from core.catalog.models import Product
from core.clients import statuses
from core.clients.models import Client, ClientStatus
from core.kernel.audit import AuditEntry
from core.kernel.problems import Conflict, InvalidFields, Stale
from core.orders import packages
from core.provisioning.models import Job
from core.services import changing
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race

ME = "staff:test"


@pytest.fixture
def client_id(inn: Inn) -> UUID:
    """A client who has ordered nothing that is paid yet."""
    inn.place_order("manual", drain=False)
    with inn.db.read() as session:
        return session.execute(select(Client.id)).scalar_one()


def product(inn: Inn, slug: str) -> str:
    with inn.db.read() as session:
        return str(session.execute(select(Product.id).where(Product.slug == slug)).scalar_one())


def form(inn: Inn, slug: str = "starter-hosting", **changes: str) -> dict[str, str]:
    domain = "" if slug == "a-thing" else "added.example"
    return {"product": product(inn, slug), "cycle": "month:1", "domain": domain, "quantity": "1"} | changes


def add(inn: Inn, client_id: UUID, slug: str = "starter-hosting", **changes: str) -> Service:
    service_id = packages.add(inn.house, client_id, form(inn, slug, **changes), actor=ME)
    return read(inn, service_id)


def read(inn: Inn, service_id: UUID) -> Service:
    with inn.db.read() as session:
        return session.get_one(Service, service_id)


def test_now_it_is_built_as_after_a_paid_order_and_billed_from_its_first_due_date(
    inn: Inn, client_id: UUID
) -> None:
    with inn.db.transaction() as session:
        session.execute(update(Product).values(visible=False))  # not in the shop: staff may all the same
    due = inn.clock.now().date() - timedelta(days=3)
    service = add(inn, client_id, first_due_on=due.isoformat(), price="5.00", price_reason="a friend")
    assert (service.price_minor, service.price_reason, service.next_due_on) == (500, "a friend", due)
    inn.drain()
    assert read(inn, service.id).status == "active"
    invoice = renewing.generate(inn.house, client_id, actor=ME).invoice
    assert invoice is not None
    with inn.db.read() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "service.add")).one()
    assert told.after is not None
    assert told.after["price_reason"] == "a friend"


def test_later_it_waits_unbilled_for_the_button(inn: Inn, client_id: UUID) -> None:
    service = add(inn, client_id, provision="later")
    inn.drain()
    assert read(inn, service.id).status == "pending"
    with pytest.raises(Conflict, match="Nothing"):
        renewing.generate(inn.house, client_id, actor=ME)

    def press(_: int) -> bool:
        try:
            packages.provision(inn.house, service.id, actor=ME)
        except Conflict:
            return False
        return True

    assert sum(race(4, press)) == 1
    inn.drain()
    assert read(inn, service.id).status == "active"
    with inn.db.read() as session:
        assert len(session.execute(select(Job.id).where(Job.service_id == service.id)).all()) == 1


BAD = {
    "product": ("", "nonsense", str(UUID(int=5))),
    "cycle": ("", "month", "fortnight:1", "month:0", "month:999"),
    "domain": ("", "no spaces.example", "http://x.example", "com", "x" * 300 + ".example"),
    "quantity": ("0", "-1", "0.5", "1e9", "2"),  # two of one domain are not one
    "price": ("-1", "NaN", "1e3", "99999999999999999"),
    "first_due_on": ("2026-02-31", "tomorrow", "9999-12-31", "0001-01-01"),
    "billing_account": ("nonsense", str(UUID(int=5))),
    "provision": ("sometimes",),
}


def test_bad_input_is_named(inn: Inn, client_id: UUID) -> None:
    for field, values in BAD.items():
        for value in values:
            wanted = form(inn, **{"price_reason": "x", field: value})
            with pytest.raises(InvalidFields) as refused:
                packages.add(inn.house, client_id, wanted, actor=ME)
            assert list(refused.value.messages) == [field], (field, value)
    with pytest.raises(InvalidFields, match="Say why"):
        add(inn, client_id, price="1.00")
    with pytest.raises(InvalidFields, match="no price for this"):
        add(inn, client_id, cycle="month:7")


def test_the_last_one_is_added_once(inn: Inn, client_id: UUID) -> None:
    with inn.db.transaction() as session:
        session.execute(update(Product).values(stock=1))

    def one(number: int) -> bool:
        try:
            add(inn, client_id, domain=f"added{number}.example", provision="later")
        except InvalidFields:
            return False
        return True

    assert sum(race(6, one)) == 1


def test_the_clients_billing_day_is_the_anchor(inn: Inn, client_id: UUID) -> None:
    with inn.db.transaction() as session:
        session.execute(update(Client).values(billing_day=31))
    service = add(inn, client_id, provision="later")
    assert service.anchor_day == 31
    assert service.next_due_on is not None
    assert (service.next_due_on + timedelta(days=1)).day == 1
    own = add(inn, client_id, domain="own.example", provision="later", first_due_on="2027-03-05")
    assert own.anchor_day == 5


@pytest.mark.parametrize("label", ["Closed", "Fraud"])
def test_a_closed_client_gets_nothing(inn: Inn, client_id: UUID, label: str) -> None:
    with inn.db.transaction() as session:
        wanted = session.execute(select(ClientStatus.id).where(ClientStatus.label == label)).scalar_one()
        statuses.change_status(
            session, inn.house, client_id, wanted, closing=lambda *_: None, reason="", actor=ME
        )
    with pytest.raises(Conflict, match=f"{label} and gets nothing new"):
        add(inn, client_id)


def test_price_and_due_date_change_with_their_reason(inn: Inn, client_id: UUID) -> None:
    service = add(inn, client_id, provision="later")
    wanted = {"price": "7.50", "price_reason": "", "next_due_on": "2027-01-31"}

    def change(version: int, **changes: str) -> bool:
        with inn.db.transaction() as session:
            return changing.change(
                session, inn.house, service.id, wanted | changes, version=version, actor=ME
            )

    with pytest.raises(InvalidFields, match="Say why"):
        change(1)
    assert change(1, price_reason="two sites")
    after = read(inn, service.id)
    assert (after.price_minor, after.next_due_on, after.anchor_day) == (750, date(2027, 1, 31), 31)
    assert not change(2, price_reason="two sites")
    with pytest.raises(Stale) as stale:
        change(1, price="1", price_reason="mine")
    assert stale.value.theirs["price"] == "7.50"


def test_staff_suspend_resume_and_terminate_through_the_panel(inn: Inn, client_id: UUID) -> None:
    service = add(inn, client_id)
    inn.drain()
    for action, becomes in (("suspend", "suspended"), ("resume", "active"), ("terminate", "terminated")):
        with pytest.raises(InvalidFields):
            packages.act(inn.house, service.id, action, reason=" ", actor=ME)
        assert packages.act(inn.house, service.id, action, reason="a test", actor=ME)
        inn.drain()
        assert read(inn, service.id).status == becomes
    with pytest.raises(Conflict, match="moved on"):
        packages.act(inn.house, service.id, "suspend", reason="a test", actor=ME)


def test_what_was_never_set_up_is_cancelled_and_its_place_given_back(inn: Inn, client_id: UUID) -> None:
    with inn.db.transaction() as session:
        session.execute(update(Product).values(stock=1))
    service = add(inn, client_id, provision="later")
    assert not packages.act(inn.house, service.id, "cancel", reason="a test", actor=ME)
    assert read(inn, service.id).status == "cancelled"
    with inn.db.read() as session:
        stock = session.execute(select(Product.stock).where(Product.slug == "starter-hosting")).scalar_one()
    assert stock == 1
