"""Clients as a whole: joined, closed, handed out. The books hold after each (see the fixtures)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.billing import items
from core.billing import queries as billing
from core.brands.models import Brand
from core.clients import (
    billing_accounts,
    bulk,
    contacts,
    desk_rules,
    files,
    notes,
    status_labels,
    statuses,
)
from core.clients.models import BillingAccount, Client, ClientStatus, Contact
from core.identity.models import Membership, SignInSession, User
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.kernel.search import SearchEntry
from core.orders import service as orders
from core.payments import credit, staff
from core.records import belongings, closing, export, merging
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race
from tests.integration.records.whole import ME, buyer, client_of, find, give, merge


@pytest.fixture
def database_url(demo_database_url: str) -> str:
    return demo_database_url


# --- joined ---------------------------------------------------------------------------------------


def test_everything_goes_over_and_the_books_agree_for_both(inn: Inn) -> None:
    source, order = buyer(inn, "manual")
    target, _ = buyer(inn)
    give(inn, source, "7.00")
    give(inn, target, "3.00")
    with inn.db.read() as session:
        owed = billing.owed_by_client(session, [source])[source][0]
        seen = merging.preview(session, source, target)
    assert not seen.obstacles
    assert (seen.owed, dict(seen.moves)["invoices"]) == (owed, 1)
    merge(inn, source, target)
    before, after = find(inn, source), find(inn, target)
    assert (before.credit_minor, after.credit_minor) == (0, 1000)
    assert before.merged_into_id == target
    assert before.company_name == "Ada Okonkwo"
    with inn.db.read() as session:
        assert billing.owed_by_client(session, [source, target]) == {target: (owed,)}
        primaries = session.scalars(select(Contact.id).where(Contact.client_id == target, Contact.is_primary))
        assert len(primaries.all()) == 1
        people = session.scalars(select(Membership.client_id)).all()
        assert set(people) == {target}
        assert not session.scalars(select(SearchEntry.id).where(SearchEntry.client_id == source)).all()
        behaviour = select(ClientStatus.behaviour).where(ClientStatus.id == before.status_id)
        assert session.scalar(behaviour) == "closed"
        told = belongings.trail(session, target, belongings.Window()).items
    assert "client.merge" in {row.action for row in told}
    # what was owed is paid as before, into the books of the one that stays
    invoice_id = inn.view(order).invoice_id
    assert invoice_id is not None
    staff.mark_paid(inn.house, invoice_id, gateway="manual", amount_text="", reference="CHK 9", actor=ME)
    inn.drain()
    assert inn.view(order).state == "completed"


def test_conflicts_are_explained_and_nothing_moves(inn: Inn) -> None:
    source, _ = buyer(inn)
    target, _ = buyer(inn)
    with pytest.raises(Conflict, match="itself"):
        merge(inn, source, source)
    with pytest.raises(NotFound):
        merge(inn, source, UUID(int=7))
    with inn.db.transaction() as session:
        session.execute(update(Client).where(Client.id == target).values(currency="EUR"))
    with pytest.raises(Conflict, match="billed in USD, the other in EUR"):
        merge(inn, source, target)
    with inn.db.transaction() as session:
        session.execute(update(Client).where(Client.id == target).values(currency="USD"))
        brand = session.execute(select(Brand)).scalars().one()
        facts = {one.name: getattr(brand, one.name) for one in Brand.__table__.columns}
        other = Brand(**(facts | {"id": new_id(), "slug": "other"}))
        session.add(other)
        session.flush()
        session.execute(update(Client).where(Client.id == target).values(brand_id=other.id, number=77))
    with pytest.raises(Conflict, match="different brands"):
        merge(inn, source, target)
    assert find(inn, source).merged_into_id is None


def test_no_joining_while_money_moves(inn: Inn) -> None:
    source = client_of(inn, inn.place_order("sandbox_echeck"))
    target, _ = buyer(inn)
    with pytest.raises(Conflict, match="under way"):
        merge(inn, source, target)


def test_joined_both_ways_at_once_one_of_them_stays(inn: Inn) -> None:
    first, _ = buyer(inn)
    second, _ = buyer(inn)

    def one(number: int) -> bool:
        pair = (first, second) if number % 2 else (second, first)
        try:
            merge(inn, *pair)
        except Conflict:
            return False
        return True

    assert sum(race(4, one)) == 1
    into = {find(inn, first).merged_into_id, find(inn, second).merged_into_id}
    assert len(into & {first, second}) == 1


# --- closed ---------------------------------------------------------------------------------------


def close(inn: Inn, client_id: UUID) -> None:
    closing.close(inn.house, client_id, reason="asked for it", actor=ME)


def test_nobody_is_closed_while_something_is_open(inn: Inn) -> None:
    client_id, order = buyer(inn, "manual")
    give(inn, client_id, "1.00")
    with pytest.raises(Conflict) as refused:
        close(inn, client_id)
    said = str(refused.value)
    for words in ("1 service is not over", "1 invoice is open", "1.00 USD of credit"):
        assert words in said
    credit.pay_out(inn.house, client_id, amount_text="1", reference="T", actor=ME)
    orders.cancel(inn.house, inn.view(order).id, ME, "never paid")
    inn.drain()
    close(inn, client_id)
    assert find(inn, client_id).closed_at is not None
    with pytest.raises(Conflict, match="closed already"):
        close(inn, client_id)


def test_no_status_of_the_closed_kind_goes_around_it(inn: Inn) -> None:
    client_id, _ = buyer(inn)
    with inn.db.transaction() as session:
        left = status_labels.add(session, inn.house, "Moved away", "closed", actor=ME)
    for wanted in ("closed", "Moved away"):
        with pytest.raises(closing.NotOver, match="service is not over"), inn.db.transaction() as session:
            become(inn, session, client_id, statuses.find(session, wanted))
    closing.end_services(inn.house, client_id, reason="moves away", actor=ME)
    inn.drain()
    with pytest.raises(InvalidFields):  # not one of those that close
        closing.close(inn.house, client_id, reason="", status="Suspended", actor=ME)
    closing.close(inn.house, client_id, reason="", status="Moved away", actor=ME)
    assert find(inn, client_id).status_id == left
    with inn.db.transaction() as session:  # from one closed status to another nothing is asked
        assert become(inn, session, client_id, statuses.find(session, "Closed"))


def become(inn: Inn, session: Session, client_id: UUID, status_id: UUID) -> bool:
    return statuses.change_status(
        session, inn.house, client_id, status_id, closing=closing.check, reason="", actor=ME
    )


def test_closed_and_billed_at_once_only_one_of_them_happens(inn: Inn) -> None:
    client_id, _ = buyer(inn)
    closing.end_services(inn.house, client_id, reason="moves away", actor=ME)
    inn.drain()
    line = items.ItemForm(text="Postage", unit_price="4", quantity="1", taxable=items.NOT_TAXED)

    def one(number: int) -> bool:
        try:
            if number % 2:
                close(inn, client_id)
            else:
                items.issue_items(inn.house, client_id, [line], actor=ME)
        except Conflict:
            return False
        return True

    done = race(6, one)
    assert sum(done[1::2]) in (0, 1)
    assert any(done[1::2]) is not any(done[::2])


def test_who_was_joined_to_another_comes_back_by_no_status(inn: Inn) -> None:
    source, _ = buyer(inn)
    target, _ = buyer(inn)
    merge(inn, source, target)
    with pytest.raises(Conflict, match="joined to another"), inn.db.transaction() as session:
        become(inn, session, source, statuses.find(session, "active"))
    with inn.db.transaction() as session, pytest.raises(Conflict, match="joined to another"):
        bulk.change_group(session, inn.house, source, None, actor=ME)


def test_who_was_joined_to_another_is_given_nothing_more(inn: Inn) -> None:
    source, _ = buyer(inn)
    target, _ = buyer(inn)
    merge(inn, source, target)
    with pytest.raises(Conflict, match="joined to another"):
        give(inn, source, "5.00")
    with pytest.raises(Conflict, match="joined to another"), inn.db.transaction() as session:
        contacts.add(session, inn.house, source, person(), actor=ME)
    with pytest.raises(Conflict, match="joined to another"), inn.db.transaction() as session:
        billing_accounts.add(
            session, inn.house, source, "manual", "manual", None, keep=True, now=inn.clock.now()
        )
    assert find(inn, source).credit_minor == 0


def person() -> contacts.NewPerson:
    checked = desk_rules.check_contact({
        "first_name": "Late", "last_name": "Comer", "email": "late@comer.example", "street_address": "1 Road",
        "city": "Austin", "state": "TX", "county": "Travis County", "postal_code": "78701", "country": "US",
        "primary_phone": "+1 512 555 0199", "language": "en", "email_format": "html",
    })  # fmt: skip
    return contacts.NewPerson(contact=checked)


def test_what_runs_is_ended_on_its_panel_first(inn: Inn) -> None:
    client_id, _ = buyer(inn)
    ended = closing.end_services(inn.house, client_id, reason="moves away", actor=ME)
    assert (ended.ended, ended.asked, ended.refused) == (0, 1, ())
    again = closing.end_services(inn.house, client_id, reason="moves away", actor=ME)
    assert again.refused  # the panel has not answered yet
    inn.drain()
    with inn.db.read() as session:
        assert session.execute(select(Service.status)).scalar_one() == "terminated"
    close(inn, client_id)


# --- handed out -----------------------------------------------------------------------------------


def handed_out(inn: Inn, folder: Path, client_id: UUID) -> tuple[str, dict[str, Any]]:
    name = export.begin(inn.house, client_id, actor=ME)
    written = "".join(export.write(inn.house, folder, client_id))
    assert name.endswith(".json")
    return written, json.loads(written)


def test_all_of_the_client_and_nothing_of_others(inn: Inn, tmp_path: Path) -> None:
    """A112, with canaries in everything that is secret or another's."""
    mine, order = buyer(inn, "sandbox_echeck", email="mine@pinewood.example", account="000111222333")
    inn.settle()
    other, _ = buyer(inn, email="canary@other.example")
    with inn.db.transaction() as session:
        notes.write(session, inn.house, mine, "calls on Mondays", actor=ME, actor_name="Canary Staff")
        notes.write(session, inn.house, other, "canary note", actor=ME, actor_name="Canary Staff")
    for whose, data in ((mine, b"a letter"), (other, b"canary letter")):
        files.add(
            inn.house, tmp_path, whose, name=f"{'a' if whose == mine else 'canary'}.txt", data=data,
            actor=ME, actor_name="Canary Staff",
        )  # fmt: skip
    written, told = handed_out(inn, tmp_path, mine)
    assert "canary" not in written.lower()
    assert str(other) not in written
    with inn.db.read() as session:
        users = session.scalars(select(User)).all()
        sealed = session.scalars(select(BillingAccount.source_encrypted)).all()
        tokens = session.scalars(select(SignInSession.token_hash)).all()
    for secret in (*(user.password_hash for user in users), *filter(None, sealed), *tokens, "000111222333"):
        assert secret not in written
    assert told["contacts"][0]["email"] == "mine@pinewood.example"
    assert told["invoices"][0]["lines"]
    assert told["invoices"][0]["label"] == inn.view(order).invoice_label
    assert told["notes"] == [
        {"text": "calls on Mondays", "created_at": told["notes"][0]["created_at"], "changed_at": None}
    ]
    assert told["files"][0]["base64"] == "YSBsZXR0ZXI="
    assert told["mails"]
    with inn.db.read() as session:
        trail = belongings.trail(session, mine, belongings.Window()).items
    assert "client.export" in {row.action for row in trail}
    with pytest.raises(NotFound):
        export.begin(inn.house, UUID(int=7), actor=ME)
