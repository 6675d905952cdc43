"""Everything in the portal is the signed-in person's own: every route, walked with another's ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from core.billing.models import Invoice
from core.brands.models import Brand
from core.clients.models import BillingAccount, Client
from core.identity.models import Membership, SecondFactor, SignInSession
from core.kernel.ids import new_id
from core.web.portal.access import OPEN
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import texts
from tests.integration.web_portal.guest import DOOR, Guest, Stay, open_door, stay

FACTORS = "/portal/security/factors"
OURS, THEIRS = "ours.example", "theirs.example"


def user_of(inn: Inn, one: Stay) -> UUID:
    with inn.db.read() as session:
        found = select(Membership.user_id).filter_by(client_id=one.client_id).order_by(Membership.id)
        return session.scalars(found.limit(1)).one()


def things(inn: Inn, one: Stay) -> dict[str, str]:
    """One of each thing of a client that an address may name, by the name of its argument.

    A route with an argument that is missing here fails every test of this module: say what it names.
    """
    with inn.db.read() as session:
        newest = (
            select(SignInSession.id).filter_by(user_id=user_of(inn, one)).order_by(SignInSession.id.desc())
        )
        session_id = session.scalar(newest.limit(1)) or new_id()
        account_id = session.scalar(select(BillingAccount.id).filter_by(client_id=one.client_id).limit(1))
    return {
        "invoice_id": str(one.invoice_id), "service_id": str(one.service_id), "session_id": str(session_id),
        "account_id": str(account_id or new_id()), "factor_id": str(new_id()),
    }  # fmt: skip


def routes_by_id(inn: Inn, app: Flask, one: Stay, method: str = "GET") -> Iterator[str]:
    """Every address outside the admin that names a thing, with the things of one stay."""
    values = things(inn, one)
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()) or "<uuid:" not in rule.rule or rule.rule.startswith("/admin"):
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<uuid:{name}>", values[name])
        yield path


def routes_without(app: Flask) -> list[str]:
    rules = (rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/portal"))
    return [
        rule.rule
        for rule in rules
        if not rule.arguments and "GET" in (rule.methods or ()) and rule.endpoint not in OPEN
    ]


def test_what_is_another_clients_is_not_there(inn: Inn, guest: Guest) -> None:
    ours, theirs = stay(inn, "sandbox_card", domain=OURS), stay(inn, "sandbox_card", domain=THEIRS)
    mine, others = list(routes_by_id(inn, guest.app, ours)), list(routes_by_id(inn, guest.app, theirs))
    assert len(mine) >= 4
    guest.sign_in(ours.username)
    for path in mine:
        assert guest.open(path).status_code == 200, path
    for path in others:
        answer, nothing = guest.open(path), guest.open(re.sub(r"[0-9a-f-]{36}", str(new_id()), path))
        assert answer.status_code == nothing.status_code == 404, path
        assert texts(answer.text) == texts(nothing.text), "the answer tells that it exists"
    door = open_door(inn, guest.app)
    door.sign_in(theirs.username)
    for path in routes_by_id(inn, guest.app, theirs, "POST"):
        assert guest.post(path, "/portal/security").status_code == 404, path
        assert door.open("/portal/security").status_code == 200, "their session was ended by another client"
    with inn.db.transaction() as session:  # last: from now on their own sessions have it to show
        factor_id, user_id = new_id(), user_of(inn, theirs)
        session.add(
            SecondFactor(
                id=factor_id, user_id=user_id, kind="totp", label="", created_at=inn.clock.now(),
                confirmed_at=inn.clock.now(),
            )
        )  # fmt: skip
    assert guest.post(f"{FACTORS}/{factor_id}/remove", FACTORS).status_code == 404
    with inn.db.read() as session:
        assert session.get(SecondFactor, factor_id) is not None
    guest.post(f"{FACTORS}/app/begin", FACTORS)  # what is being set up has pages too
    listed = routes_without(guest.app)
    assert len(listed) >= 3
    for path in listed:
        page = guest.get(path)
        assert THEIRS not in page
        assert str(theirs.invoice_id) not in page
        assert str(theirs.service_id) not in page


def test_ids_of_one_kind_do_not_open_another(inn: Inn, guest: Guest) -> None:
    ours = stay(inn)
    guest.sign_in(ours.username)
    for path in (
        f"/portal/invoices/{ours.service_id}", f"/portal/services/{ours.invoice_id}",
        f"/portal/invoices/{ours.client_id}", "/portal/invoices/1", "/portal/services/x",
    ):  # fmt: skip
        guest.get(path, 404)


def test_without_signing_in_no_id_opens_anything(inn: Inn, guest: Guest) -> None:
    ours = stay(inn)
    for path in (*routes_by_id(inn, guest.app, ours), *routes_without(guest.app)):
        answer = guest.open(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith(DOOR)
        answer = guest.post(path)
        assert answer.status_code in (303, 405), path


def test_who_acts_for_two_clients_sees_both(inn: Inn, guest: Guest) -> None:
    ours, theirs = stay(inn, "sandbox_card", domain=OURS), stay(inn, "sandbox_card", domain=THEIRS)
    with inn.db.transaction() as session:
        user_id = next(row.user_id for row in session.query(Membership).filter_by(client_id=ours.client_id))
        session.add(Membership(id=new_id(), user_id=user_id, client_id=theirs.client_id))
    guest.sign_in(ours.username)
    page = guest.get("/portal/services")
    assert OURS in page
    assert THEIRS in page
    for path in routes_by_id(inn, guest.app, theirs):
        assert guest.open(path).status_code == 200, path
    second = open_door(inn, guest.app)
    second.sign_in(theirs.username)
    assert OURS not in second.get("/portal/services")


def test_a_brand_shows_its_own_clients_alone(inn: Inn, guest: Guest) -> None:
    """The same person at another brand's door has nothing there."""
    ours = stay(inn, domain=OURS)
    _to_another_brand(inn, ours)
    guest.sign_in(ours.username)
    assert "No service yet" in guest.get("/portal/")
    for path in routes_by_id(inn, guest.app, ours):
        guest.get(path, 404)


@pytest.mark.breaks_the_books  # a draft is not in them
def test_a_draft_is_not_shown(inn: Inn, guest: Guest) -> None:
    ours = stay(inn)
    with inn.db.transaction() as session:
        session.execute(update(Invoice).where(Invoice.id == ours.invoice_id).values(status="draft"))
    guest.sign_in(ours.username)
    assert "No invoice yet" in guest.get("/portal/invoices")
    for path in ("", "/print", "/pdf"):
        guest.get(f"/portal/invoices/{ours.invoice_id}{path}", 404)


def _to_another_brand(inn: Inn, one: Stay) -> None:
    with inn.db.transaction() as session:
        known = session.get_one(Brand, inn.brand_id)
        columns = {c.key: getattr(known, c.key) for c in Brand.__table__.columns}
        other = Brand(**columns | {"id": new_id(), "slug": "other"})
        session.add(other)
        session.flush()
        session.execute(update(Client).where(Client.id == one.client_id).values(brand_id=other.id))
