"""A client as a whole at the desk: closed, joined, handed out, erased, and signed in as."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from core.billing.models import Invoice
from core.clients import accounts, statuses
from core.clients.models import BillingAccount, Client
from core.identity.models import Membership, SignInSession
from core.kernel.audit import AuditEntry
from core.records import erasing
from tests.integration.web_admin.desk import HOST, Desk, texts


@pytest.fixture
def client_id(desk: Desk) -> UUID:
    desk.inn.place_order("sandbox_card", cycle="month:1")
    with desk.inn.db.read() as session:
        return session.execute(select(Client.id)).scalar_one()


def path(client_id: UUID, rest: str = "") -> str:
    return f"/admin/clients/{client_id}{rest}"


def test_closing_says_what_to_do_first_and_then_closes(desk: Desk, client_id: UUID) -> None:
    page = texts(desk.get(path(client_id, "/close")))
    assert "1 service is not over" in page
    refused = desk.post(path(client_id, "/close"), reason="", asked="close")
    assert refused.status_code == 409
    assert desk.post(path(client_id, "/end-services"), reason="", asked="end-services").status_code != 303
    assert "1 asked of their panels" in texts(desk.done(path(client_id, "/end-services"), reason="moves"))
    desk.inn.drain()
    assert "The client is closed." in texts(desk.done(path(client_id, "/close"), reason="moves"))


def test_choosing_closed_elsewhere_leads_to_the_same_questions(desk: Desk, client_id: UUID) -> None:
    with desk.inn.db.read() as session:
        closed = str(statuses.find(session, "Closed"))
        form = accounts.account(session, client_id).form()
    led = desk.post(path(client_id, "/status"), status=closed, reason="asked to")
    assert led.status_code == 409
    assert "Before this client can be closed" in texts(led.text)
    assert 'value="asked to"' in led.text
    edited = desk.post(path(client_id, "/edit"), **form | {"status": closed, "company_name": "Typed Ltd"})
    assert edited.status_code == 422
    assert "1 service is not over" in texts(edited.text)
    assert 'value="Typed Ltd"' in edited.text
    fields = {"action": "status", "ids": str(client_id), "confirm": "1", "status": closed, "reason": "x"}
    many = desk.post("/admin/lists/clients/bulk", **fields)
    assert "1 service is not over" in texts(many.text)
    with desk.inn.db.read() as session:
        assert session.get_one(Client, client_id).closed_at is None


def test_an_invoice_by_hand_can_be_void(desk: Desk, client_id: UUID) -> None:
    new = {"text-1": "Postage", "unit_price-1": "4", "quantity-1": "1", "taxable-1": "none",
           "gl_code-1": "4000", "do": "issue"}  # fmt: skip
    desk.done(path(client_id, "/invoices/new"), **new)
    with desk.inn.db.read() as session:
        made = session.execute(select(Invoice).where(Invoice.order_id.is_(None))).scalar_one()
        paid = session.execute(select(Invoice).where(Invoice.order_id.is_not(None))).scalar_one()
    url = path(client_id, f"/invoices/{made.id}/void")
    assert desk.post(url, reason="").status_code == 422
    assert "is void" in texts(desk.done(url, reason="a mistake"))
    assert desk.post(url, reason="again").status_code == 409
    assert desk.post(path(client_id, f"/invoices/{paid.id}/void"), reason="x").status_code == 409


def test_two_clients_become_one(desk: Desk, client_id: UUID) -> None:
    desk.inn.place_order("sandbox_card", last_name="Stayer")
    with desk.inn.db.read() as session:
        stays = session.execute(select(Client).where(Client.id != client_id)).scalar_one()
    page = texts(desk.get(path(client_id, f"/merge?into={stays.number}")))
    assert "Ada Okonkwo joins Ada Stayer" in page
    assert "Services 1" in page
    assert desk.post(path(client_id, "/merge"), target=str(client_id), into="").status_code == 409
    done = desk.done(path(client_id, "/merge"), target=str(stays.id), into=str(stays.number))
    assert "one client now" in texts(done)
    gone = texts(desk.get(path(client_id)))
    assert f"This client was joined to client {stays.number}" in gone
    assert "Add a package" not in gone


def test_everything_is_handed_out_as_one_file(desk: Desk, client_id: UUID) -> None:
    form = {"csrf_token": desk.token()}
    answer = desk.browser.post(path(client_id, "/export"), data=form, base_url=HOST)
    told = json.loads(answer.data)
    name = f'filename="client-{told["client"]["number"]}.json"'
    assert answer.headers["Content-Disposition"] == f"attachment; {name}"
    assert told["contacts"][0]["last_name"] == "Okonkwo"


def test_erasing_waits_until_all_is_over(
    desk: Desk, client_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = texts(desk.get(path(client_id, "/privacy")))
    assert "Close the client first" in page
    assert desk.post(path(client_id, "/erase"), reason="asked").status_code == 409
    with desk.inn.db.transaction() as session:
        session.execute(update(BillingAccount).values(detached_at=desk.inn.clock.now()))
    monkeypatch.setattr(erasing, "open_still", lambda session, client_id: ())
    assert desk.post(path(client_id, "/erase"), reason=" ").status_code == 422
    erased = texts(desk.done(path(client_id, "/erase"), reason="asked by mail"))
    assert "This client was erased" in erased
    assert "Okonkwo" not in erased


# --- signing in as --------------------------------------------------------------------------------


def inside(desk: Desk, client_id: UUID) -> str:
    """Go in; gives the portal's first page."""
    answer = desk.post(path(client_id, "/sign-in-as"))
    assert answer.status_code == 303, texts(answer.text)
    return desk.get(answer.headers["Location"])


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_signed_in_as_a_client_staff_look_and_change_nothing(desk: Desk, client_id: UUID) -> None:
    """A49."""
    page = inside(desk, client_id)
    assert "You are signed in as Ada Okonkwo" in texts(page)
    assert "4242" not in page  # how they pay is not for staff
    for place in ("/portal/", "/portal/services", "/portal/invoices", "/"):
        assert "You are signed in as Ada Okonkwo" in texts(desk.get(place)), place
    token = token_of(page)
    for forbidden in ("/portal/security/password", "/portal/ways-to-pay/services", "/cart", "/checkout"):
        answer = desk.browser.post(forbidden, data={"csrf_token": token}, base_url=HOST)
        assert answer.status_code == 403, forbidden
    with desk.inn.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "client.sign_in_as")).one()
        assert entry.actor == f"staff:{desk.user_id}"
        assert entry.acting_for.startswith("client:")
    left = desk.browser.post("/portal/leave", data={"csrf_token": token}, base_url=HOST)
    assert left.headers["Location"].endswith(path(client_id))
    assert desk.browser.get("/portal/", base_url=HOST).status_code == 303  # out


def test_it_ends_with_the_session_of_the_staff(desk: Desk, client_id: UUID) -> None:
    inside(desk, client_id)
    with desk.inn.db.transaction() as session:
        own = update(SignInSession).where(SignInSession.area == "admin")
        session.execute(own.values(revoked_at=desk.inn.clock.now()))
    assert desk.browser.get("/portal/", base_url=HOST).status_code == 303


def test_a_client_whom_nobody_signs_in_for(desk: Desk, client_id: UUID) -> None:
    with desk.inn.db.transaction() as session:
        session.execute(delete(Membership))
    assert desk.post(path(client_id, "/sign-in-as")).status_code == 409
