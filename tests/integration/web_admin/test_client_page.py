"""The page of one client: tabs, and what staff do there."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.billing.models import Invoice
from core.catalog.models import Price, Product
from core.clients import statuses
from core.clients.models import Client, ClientFile, ClientNote, ClientStatus
from core.kernel.audit import AuditEntry
from core.mail.models import MailMessage
from core.payments import credit
from core.records import closing
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import HOST, Desk, links, open_desk, texts


@pytest.fixture
def client_id(desk: Desk) -> UUID:
    """A client with one paid service."""
    desk.inn.place_order("sandbox_card", cycle="month:1")
    with desk.inn.db.read() as session:
        return session.execute(select(Client.id)).scalar_one()


def path(client_id: UUID, rest: str = "") -> str:
    return f"/admin/clients/{client_id}{rest}"


def make_due(desk: Desk) -> None:
    """Its next period began ten days ago (the session of the desk would not live until it does)."""
    with desk.inn.db.transaction() as session:
        session.execute(update(Service).values(next_due_on=desk.inn.clock.now().date() - timedelta(days=10)))


def become(inn: Inn, client_id: UUID, label: str) -> None:
    with inn.db.transaction() as session:
        wanted = session.execute(select(ClientStatus.id).where(ClientStatus.label == label)).scalar_one()
        statuses.change_status(
            session, inn.house, client_id, wanted, closing=closing.check, reason="", actor="staff:x"
        )


def test_what_is_due_is_shown_and_then_billed(desk: Desk, client_id: UUID) -> None:
    nothing = texts(desk.get(path(client_id, "/invoices/generate")))
    assert "Nothing is due now" in nothing
    make_due(desk)
    due = desk.get(path(client_id, "/invoices/generate"))
    assert "Starter Hosting" in texts(due)
    shown = due.split('name="shown" value="')[1].split('"')[0]
    page = texts(desk.done(path(client_id, "/invoices/generate"), shown=shown))
    assert "is issued" in page
    again = desk.post(path(client_id, "/invoices/generate"), shown=shown)
    assert again.status_code == 409
    assert "Nothing of this client is due now." in texts(again.text)


def test_a_suspended_client_is_not_billed_and_the_page_says_why(desk: Desk, client_id: UUID) -> None:
    make_due(desk)
    become(desk.inn, client_id, "Suspended")
    page = desk.get(path(client_id, "/invoices/generate"))
    assert "Only active accounts can be billed. This one is Suspended" in texts(page)
    refused = desk.post(path(client_id, "/invoices/generate"))
    assert refused.status_code == 409
    assert "Only active accounts can be billed" in texts(refused.text)
    with desk.inn.db.read() as session:
        assert len(session.execute(select(Invoice.id)).all()) == 1


def test_an_invoice_over_single_items(desk: Desk, client_id: UUID) -> None:
    url = path(client_id, "/invoices/new")
    row = {"text-1": "Migration", "quantity-1": "2", "unit_price-1": "25.00", "taxable-1": "none",
           "gl_code-1": "4000"}  # fmt: skip
    wrong = desk.post(url, **(row | {"quantity-1": "none"}))
    assert wrong.status_code == 422
    assert 'value="Migration"' in wrong.text
    assert "Enter a whole number" in texts(wrong.text)
    more = desk.post(url, **row, do="row")
    assert 'name="text-2"' in more.text
    checked = desk.post(url, **row, do="check").text
    assert "Issue for $50.00" in texts(checked)
    other = desk.post(url, **row, do="issue", shown="1")
    assert other.status_code == 409
    assert "$50.00" in texts(desk.done(url, **row, do="issue", shown="5000"))


def test_credit_is_added_used_and_paid_out(desk: Desk, client_id: UUID) -> None:
    url = path(client_id, "/credit")
    wrong = desk.post(f"{url}/add", amount="-1", reason="", origin="goodwill", asked="add")
    assert wrong.status_code == 422
    assert "Say in a few words" in texts(wrong.text)
    assert "$25.00" in texts(desk.done(f"{url}/add", amount="25", reason="late answer", origin="goodwill"))
    make_due(desk)
    desk.done(path(client_id, "/invoices/generate"))
    with desk.inn.db.read() as session:
        newest = session.execute(select(Invoice).order_by(Invoice.id.desc())).scalars().first()
        assert newest is not None
    page = texts(desk.done(f"{url}/use", invoice=str(newest.id), amount=""))
    assert f"Used on an invoice {newest.label}" in page
    left = 2500 - newest.total_minor
    assert desk.post(f"{url}/pay-out", amount="999", reference="T 1", asked="pay-out").status_code == 422
    desk.done(f"{url}/pay-out", amount=f"{left / 100:.2f}", reference="T 1")
    with desk.inn.db.read() as session:
        assert session.execute(select(Client.credit_minor)).scalar_one() == 0
        assert session.get_one(Invoice, newest.id).status == "paid"


def test_credit_is_not_laid_on_anothers_invoice(desk: Desk, client_id: UUID) -> None:
    desk.inn.place_order("manual")
    with desk.inn.db.read() as session:
        other = session.execute(select(Invoice).where(Invoice.client_id != client_id)).scalar_one()
    credit.add(desk.inn.house, client_id, amount_text="50", reason="x", origin="goodwill", actor="staff:x")
    answer = desk.post(path(client_id, "/credit/use"), invoice=str(other.id), asked="use")
    assert answer.status_code == 422
    assert "Choose one of the open invoices" in texts(answer.text)


def test_notes_are_written_kept_on_top_and_changed_by_their_author_alone(desk: Desk, client_id: UUID) -> None:
    url = path(client_id, "/notes")
    assert desk.post(url, note="   ").status_code == 422
    page = desk.done(url, note="<b>Call</b> before the renewal", pinned="1")
    assert "&lt;b&gt;Call" in page
    with desk.inn.db.read() as session:
        note_id = session.execute(select(ClientNote.id)).scalar_one()
    colleague = open_desk(desk.inn, name="Tomasz Nowak")
    refused = colleague.post(f"{url}/{note_id}", note="mine now")
    assert refused.status_code == 403
    assert colleague.post(f"{url}/{note_id}/delete").status_code == 403
    colleague.done(f"{url}/{note_id}/pin", pinned="0")
    desk.done(f"{url}/{note_id}", note="Call them")
    desk.done(f"{url}/{note_id}/delete")
    with desk.inn.db.read() as session:
        assert not session.execute(select(ClientNote.id)).all()
        told = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("note.%"))).all()
    assert sorted(told) == ["note.delete", "note.edit", "note.unpin", "note.write"]


def upload(desk: Desk, client_id: UUID, name: str, data: bytes) -> int:
    head = (
        f'--line\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{desk.token()}\r\n--line\r\n'
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    )
    answer = desk.browser.post(
        path(client_id, "/files"), data=head.encode() + data + b"\r\n--line--\r\n", base_url=HOST,
        content_type="multipart/form-data; boundary=line",
    )  # fmt: skip
    return answer.status_code


def test_files_come_back_as_downloads_that_run_nothing(desk: Desk, client_id: UUID) -> None:
    """A86."""
    html = b"<!DOCTYPE html><script>alert(1)</script>"
    assert upload(desk, client_id, "../../etc/letter.html", html) == 303
    with desk.inn.db.read() as session:
        kept = session.execute(select(ClientFile)).scalar_one()
    assert kept.name == "letter.html"
    assert "letter" not in kept.stored_as
    answer = desk.browser.get(path(client_id, f"/files/{kept.id}"), base_url=HOST)
    assert answer.data == html
    answer.close()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    other = UUID(int=client_id.int + 1)
    assert desk.browser.get(path(other, f"/files/{kept.id}"), base_url=HOST).status_code == 404
    assert upload(desk, client_id, "empty.txt", b"") == 422
    stored = list((desk.inn.house.settings.data / "files").rglob("*"))
    assert [one.name for one in stored if one.is_file()] == [kept.stored_as]
    desk.done(path(client_id, f"/files/{kept.id}/delete"))
    assert not [one for one in (desk.inn.house.settings.data / "files").rglob("*") if one.is_file()]


def test_a_file_beyond_the_limit_is_refused(desk: Desk, client_id: UUID) -> None:
    assert upload(desk, client_id, "big.bin", b"x" * (10 * 1024 * 1024 + 1)) == 422
    assert upload(desk, client_id, "huge.bin", b"x" * (11 * 1024 * 1024)) == 413


def test_a_mail_is_sent_again_from_the_tab(desk: Desk, client_id: UUID) -> None:
    url = path(client_id, "/mails")
    resend = links(desk.get(url), f"{url}/")[0]
    assert resend.endswith("/resend")
    assert "is on its way again" in texts(desk.done(resend))


def test_the_trail_tells_of_all_that_belongs_to_the_client(desk: Desk, client_id: UUID) -> None:
    make_due(desk)
    desk.done(path(client_id, "/invoices/generate"))
    page = texts(desk.get(path(client_id, "/audit")))
    assert "invoice: generate" in page
    assert "Marta Lindqvist" in page


def test_a_package_is_added_and_its_price_changed(desk: Desk, client_id: UUID) -> None:
    url = path(client_id, "/services/new")
    page = desk.get(url)
    choices = page.split('<select class="form-select" id="product"')[1]
    product = choices.split('<option value="')[2].split('"')[0]
    wrong = desk.post(url, product=product, cycle="month:1", domain="", price="5")
    assert wrong.status_code == 422
    assert "Domain name:" in texts(wrong.text)
    added = {"product": product, "cycle": "month:1", "domain": "added.example", "provision": "later"}
    assert "It waits" not in texts(desk.done(url, **added))
    with desk.inn.db.read() as session:
        service = session.execute(select(Service).where(Service.domain == "added.example")).scalar_one()
    own = f"/admin/services/{service.id}"
    fields = {"version": "1", "price": "3.00", "next_due_on": "2027-01-31"}
    assert desk.post(own, **fields).status_code == 422
    assert "a friend" in desk.done(own, **fields, price_reason="a friend")
    again = desk.post(own, **fields, price_reason="mine")
    assert again.status_code == 409
    assert "a friend" in texts(again.text)
    assert "being set up" in texts(desk.done(f"{own}/provision"))
    desk.inn.drain()
    assert "The panel is asked" in texts(desk.done(f"{own}/act", action="suspend", reason="not paid"))


def test_the_set_up_fee_of_a_package_is_asked_unless_its_box_is_cleared(desk: Desk, client_id: UUID) -> None:
    with desk.inn.db.transaction() as session:
        session.execute(update(Price).values(setup_minor=1500))
        product = str(session.scalars(select(Product.id).where(Product.slug == "starter-hosting")).one())
    url, ticked = path(client_id, "/services/new"), 'name="setup" value="1" checked'
    page = desk.get(url)
    assert ticked in page
    assert "$15.00 set-up" in page
    cleared = desk.post(url, product=product, cycle="month:1", domain="")
    assert ticked not in cleared.text
    again = desk.post(url, product=product, cycle="month:1", domain="", setup="1")
    assert (again.status_code, ticked in again.text) == (422, True)
    added = {"product": product, "cycle": "month:1", "domain": "added.example", "provision": "later"}
    assert "Set-up fee $15.00, with the first period" in texts(desk.done(url, **added, setup="1"))


def test_what_is_another_clients_is_not_there(desk: Desk, client_id: UUID) -> None:
    """A41: ids of one client's things under another's address."""
    desk.inn.place_order("sandbox_card")
    desk.done(path(client_id, "/notes"), note="mine")
    assert upload(desk, client_id, "a.txt", b"mine") == 303
    with desk.inn.db.read() as session:
        other = session.execute(select(Client.id).where(Client.id != client_id)).scalar_one()
        note_id = session.execute(select(ClientNote.id)).scalar_one()
        file_id = session.execute(select(ClientFile.id)).scalar_one()
        mail_id = session.scalars(select(MailMessage.id).where(MailMessage.client_id == client_id)).first()
        invoice = session.scalars(select(Invoice.id).where(Invoice.client_id == client_id)).one()
    for part in (
        f"/notes/{note_id}", f"/notes/{note_id}/pin", f"/notes/{note_id}/delete", f"/files/{file_id}/delete",
        f"/mails/{mail_id}/resend", f"/invoices/{invoice}/void",
    ):  # fmt: skip
        assert desk.post(path(other, part), note="x", reason="x").status_code == 404, part
