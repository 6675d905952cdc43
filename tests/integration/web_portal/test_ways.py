"""A client's ways to pay: added through the form of checkout, chosen, removed; nobody else's."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select

from core.clients.models import BillingAccount
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import texts
from tests.integration.web_portal.guest import Guest, Stay, open_door, stay

WAYS = "/portal/ways-to-pay"


def form(inn: Inn, method: str, **changes: str) -> dict[str, str]:
    filled = inn.payment(method)
    return {"method": filled.pop("payment_method"), **filled, **changes}


def signed_in(inn: Inn, guest: Guest) -> Stay:
    client = stay(inn)
    assert guest.sign_in(client.username).status_code == 303
    return client


def send(guest: Guest, path: str, **fields: str) -> str:
    """A form that must succeed; the page it leads to."""
    answer = guest.post(path, WAYS, **fields)
    assert answer.status_code == 303, texts(answer.text)[-800:]
    return guest.get(answer.headers["Location"])


def kept(inn: Inn, client_id: UUID) -> list[BillingAccount]:
    statement = select(BillingAccount).where(BillingAccount.client_id == client_id)
    with inn.db.read() as session:
        return list(session.scalars(statement.order_by(BillingAccount.id)))


def test_a_client_adds_chooses_and_removes(inn: Inn, guest: Guest) -> None:
    client = signed_in(inn, guest)
    assert "Nothing is kept here" in guest.get(WAYS)
    page = guest.get(f"{WAYS}/new")
    assert "keep_card" not in page
    assert not re.search(r'name="(number|code)"', page)
    assert "It is kept for your next invoices." in send(
        guest, f"{WAYS}/new", **form(inn, "sandbox_card", is_default="1")
    )
    send(guest, f"{WAYS}/new", **form(inn, "sandbox_echeck"))
    card, bank = kept(inn, client.client_id)
    assert (card.is_default, bank.is_default, bank.mandate["ip"]) == (True, False, "127.0.0.1")
    shown = texts(guest.get(WAYS))
    assert "Visa ending in 4242" in shown
    assert "First Prairie Bank ending in 6789" in shown
    assert "This one pays from now on." in send(guest, f"{WAYS}/{bank.id}/default")
    choice = {f"service-{client.service_id}": str(card.id), f"was-{client.service_id}": "default"}
    assert "Saved." in send(guest, f"{WAYS}/services", **choice)
    assert guest.post(f"{WAYS}/services", WAYS, **choice).status_code == 409
    with inn.db.read() as session:
        assert session.get_one(Service, client.service_id).billing_account_id == card.id
    assert "It pays for:" in guest.get(f"{WAYS}/{card.id}/remove")
    assert "nothing is charged to it any more" in send(guest, f"{WAYS}/{card.id}/remove")
    inn.drain()
    gone = kept(inn, client.client_id)[0]
    assert (gone.source_encrypted, gone.detached_at is not None) == ("", True)
    assert "Visa ending in 4242" not in texts(guest.get(WAYS))


def test_what_is_wrong_is_said_beside_its_field(inn: Inn, guest: Guest) -> None:
    signed_in(inn, guest)
    bad = form(inn, "sandbox_echeck", date_of_birth="31/01/1980", is_default="1")
    answer = guest.post(f"{WAYS}/new", WAYS, **bad)
    assert answer.status_code == 422
    assert 'id="sandbox-echeck-date-of-birth-error"' in answer.text
    assert "as in 01/31/2000" in answer.text
    assert bad["account_number"] not in answer.text
    assert guest.post(f"{WAYS}/new", WAYS, method="nobody").status_code == 422


def test_anothers_is_like_what_does_not_exist(inn: Inn, guest: Guest) -> None:
    mine = signed_in(inn, guest)
    send(guest, f"{WAYS}/new", **form(inn, "sandbox_card", is_default="1"))
    (card,) = kept(inn, mine.client_id)
    other = open_door(inn, guest.app)
    theirs = stay(inn)
    assert other.open(WAYS).status_code == 303, "to the door"
    other.sign_in(theirs.username)
    for verb in ("default", "remove"):
        assert other.post(f"{WAYS}/{card.id}/{verb}", WAYS).status_code == 404
    assert other.open(f"{WAYS}/{card.id}/remove").status_code == 404
    assert other.open(f"{WAYS}/new?client={mine.client_id}").status_code == 404
    stolen = {f"service-{theirs.service_id}": str(card.id), f"was-{theirs.service_id}": "default"}
    assert other.post(f"{WAYS}/services", WAYS, **stolen).status_code == 404
    foreign = {f"service-{mine.service_id}": "default", f"was-{mine.service_id}": str(card.id)}
    assert other.post(f"{WAYS}/services", WAYS, **foreign).status_code == 409
    assert str(card.id) not in other.get(WAYS)
    assert kept(inn, mine.client_id)[0].is_default
