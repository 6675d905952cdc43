"""The admin's read models tell the truth, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.billing import queries as billing
from core.clients import queries as clients
from core.kernel import queries as kernel
from core.kernel.ids import new_id
from core.kernel.money import Money
from core.kernel.paging import Window, window
from core.mail import queries as mail
from core.orders import queries as orders
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.services import queries as services
from tests.integration.read_models.rows import NOW, Rows


def test_client_is_called_by_company_then_by_person(rows: Rows) -> None:
    rows.client("Priya", "Raghunathan", "Hearthstone Dental PLLC")
    rows.client("美咲", "田中")
    with rows.db.read() as session:
        names = [row.name for row in clients.list_clients(session, Window()).items]
    assert names == ["美咲 田中", "Hearthstone Dental PLLC"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("hearth", True), ("HEARTHSTONE", True), ("dental", True), ("raghu", True), ("priya.1001@", True),
        ("1001", True), ("earthstone", True), ("priya dental", True), ("priya surf", False), ("%", False),
        ("_", False), ("nobody", False),
    ],
)  # fmt: skip
def test_clients_are_found_by_number_name_and_email(rows: Rows, q: str, found: bool) -> None:
    client_id = rows.client("Priya", "Raghunathan", "Hearthstone Dental PLLC")
    rows.client("Kai", "Kealoha")
    with rows.db.read() as session:
        assert [row.id for row in clients.list_clients(session, Window(), q=q).items] == (
            [client_id] if found else []
        )


def test_client_search_prefers_the_whole_email(rows: Rows) -> None:
    one = rows.client(email="a@mail.example")
    longer = rows.client(email="a@mail.example.org")
    with rows.db.read() as session:
        assert [row.id for row in clients.search(session, "a@mail.example")] == [one, longer]
        assert len(clients.search(session, "a@mail")) == 2


def test_clients_by_status(rows: Rows) -> None:
    rows.client(status="active")
    suspended = rows.client(status="suspended")
    with rows.db.read() as session:
        page = clients.list_clients(session, Window(), status="Suspended")
        assert [choice.label for choice in clients.statuses(session)] == [
            "Pending", "Active", "Suspended", "Closed",
        ]  # fmt: skip
    assert [row.id for row in page.items] == [suspended]


def test_client_page_holds_contact_and_billing_account(rows: Rows) -> None:
    client_id = rows.client(company="Pinewood Bakery LLC", credit_minor=2500)
    with rows.db.read() as session:
        page = clients.client_page(session, client_id)
        assert clients.client_page(session, new_id()) is None
    assert page is not None
    assert page.credit == Money(2500, "USD")
    assert page.contacts[0].address[-1] == "Travis County"
    assert (page.billing_accounts[0].brand, page.billing_accounts[0].last4) == ("Visa", "4242")


def test_services_of_a_client_and_their_number(rows: Rows) -> None:
    one, other = rows.client(), rows.client()
    rows.service(one, domain="pinewoodbakery.com")
    rows.service(one, domain="old.example", status="terminated")
    rows.service(other, domain="kealoha.example", status="suspended")
    with rows.db.read() as session:
        assert services.count_by_client(session, [one, other]) == {one: 1, other: 1}
        assert len(services.list_services(session, Window(), client_id=one).items) == 2
        assert [row.domain for row in services.search(session, "kealoha.example")] == ["kealoha.example"]
        assert [row.domain for row in services.search(session, "pine")] == ["pinewoodbakery.com"]
        suspended = services.list_services(session, Window(), status="suspended").items
    assert [row.domain for row in suspended] == ["kealoha.example"]


def test_invoice_page_adds_up_and_shows_its_postings(rows: Rows) -> None:
    client_id = rows.client()
    invoice_id = rows.invoice(client_id)
    with rows.db.read() as session:
        page = billing.invoice_page(session, invoice_id)
        entries = billing.entries(session, [f"invoice:{invoice_id}"])
        owed = billing.owed_by_client(session, [client_id])
    assert page is not None
    assert page.net + page.tax == page.invoice.total == page.invoice.owed
    assert page.taxes[0].taxable_share == "0.80"
    assert sum(side.amount.minor for side in entries[0].postings) == 0
    assert owed == {client_id: (Money(15120, "USD"),)}


def test_invoices_are_found_by_label_and_number(rows: Rows) -> None:
    invoice_id = rows.invoice(rows.client("Kai", "Kealoha"))
    with rows.db.read() as session:
        row = billing.list_invoices(session, Window()).items[0]
        for q in (row.label, row.label[:7], row.label.lower(), str(int(row.label[-6:])), "kealoha"):
            assert [one.id for one in billing.search(session, q)] == [invoice_id], q
        assert billing.search(session, "WH-2027") == ()


def test_attempt_keeps_its_story(rows: Rows) -> None:
    client_id = rows.client()
    invoice_id = rows.invoice(client_id)
    declined = rows.attempt(client_id, invoice_id, state="declined", code="insufficient_funds")
    paid = rows.attempt(client_id, invoice_id, reference="ch_1")
    refund = rows.attempt(
        client_id, invoice_id, kind="refund", parent_id=paid, amount_minor=100, state="pending"
    )
    with rows.db.read() as session:
        story = payments.attempts_of_invoice(session, invoice_id)
        page = payments.attempt_page(session, paid)
        covered = payments.allocations(session, invoice_id)
        by_reference = payments.list_attempts(session, Window(), q="ch_1").items
        by_last4 = payments.list_attempts(session, Window(), q="4242").items
    assert [one.attempt.id for one in story] == [declined, paid, refund]
    assert [step.state for step in story[0].steps] == ["sent", "declined"]
    assert page is not None
    assert [one.id for one in page.refunds] == [refund]
    assert [one.amount for one in covered] == [Money(15120, "USD")]
    assert [one.id for one in by_reference] == [paid]
    assert len(by_last4) == 3


def test_unknown_and_unmatched_wait_for_a_person(rows: Rows) -> None:
    client_id = rows.client()
    first = rows.attempt(client_id, rows.invoice(client_id), state="unknown")
    rows.attempt(client_id, rows.invoice(client_id), state="unknown")
    rows.unmatched()
    rows.unmatched(amount=None)
    with rows.db.read() as session:
        waiting = payments.unknown(session)
        assert payments.unknown(session, limit=1).count == 1
        page = payments.list_unmatched(session, Window())
    assert waiting.count == 2
    assert waiting.oldest is not None
    assert waiting.oldest.id == first
    assert [one.amount for one in page.items] == [None, Money(6150, "USD")]


def test_money_received_counts_only_its_window(rows: Rows) -> None:
    client_id = rows.client()
    rows.attempt(client_id, rows.invoice(client_id))
    with rows.db.read() as session:
        assert payments.received(session, NOW - timedelta(days=1)) == (Money(15120, "USD"),)
        assert payments.received(session, NOW + timedelta(seconds=1)) == ()
        assert payments.received_of(session, client_id) == (Money(15120, "USD"),)
        assert payments.received_of(session, new_id()) == ()


def test_job_page_holds_each_try(rows: Rows) -> None:
    service_id = rows.service(rows.client())
    failed = rows.job(service_id, state="failed", error_code="server_unreachable")
    rows.job(service_id, state="cancelled", action="suspend")
    rows.account(service_id)
    with rows.db.read() as session:
        page = provisioning.job_page(session, failed)
        all_of_it = provisioning.jobs_of_services(session, [service_id])
        waiting = provisioning.waiting(session, "failed")
        account = provisioning.accounts(session, [service_id])[service_id]
        found = provisioning.list_jobs(session, Window(), q="pinewood", state="failed").items
    assert page is not None
    assert [step.note for step in page.steps] == ["asked the panel", "HTTP 502"]
    assert [one.job.action for one in all_of_it] == ["create", "suspend"]
    assert waiting.count == 1
    assert account.server_name == "cedar-07"
    assert [one.id for one in found] == [failed]


def test_servers_and_drift(rows: Rows) -> None:
    rows.drift()
    with rows.db.read() as session:
        (server,) = provisioning.servers(session)
        assert provisioning.server(session, server.id) == server
        assert [row.subject for row in provisioning.open_drift(session)] == ["oldshop"]
    assert (server.pool, server.capacity) == ("shared", 200)


def test_order_page_joins_what_was_ordered(rows: Rows) -> None:
    client_id = rows.client("Priya", "Raghunathan", "Hearthstone Dental PLLC")
    service_id = rows.service(client_id, status="pending")
    invoice_id = rows.invoice(client_id)
    order_id = rows.order(client_id, invoice_id, service_id)
    mail_id = rows.mail(client_id, order_id=order_id)
    rows.mail(client_id)
    with rows.db.read() as session:
        page = orders.order_page(session, order_id)
        assert page is not None
        assert orders.order_of_service(session, service_id) == (order_id, page.order.label)
        assert orders.labels(session, [order_id]) == {order_id: page.order.label}
        assert [row.id for row in orders.search(session, page.order.label)] == [order_id]
        assert [row.id for row in orders.search(session, str(page.order.number))] == [order_id]
        assert [row.id for row in mail.mails_of_order(session, order_id)] == [mail_id]
        assert orders.order_page(session, new_id()) is None
    assert page.terms_title == "Terms of service"
    assert page.person == "Priya Raghunathan"
    assert [line.service_status for line in page.lines] == ["pending"]


def test_an_order_says_why_it_needs_a_person(rows: Rows) -> None:
    client_id = rows.client()
    fine, failed, staff, doubtful = ((rows.invoice(client_id), rows.service(client_id)) for _ in range(4))
    for invoice_id, service_id in (fine, failed, staff, doubtful):
        rows.order(client_id, invoice_id, service_id)
    rows.job(fine[1], state="done")
    rows.job(failed[1], state="failed")
    rows.job(staff[1], state="needs_staff")
    rows.attempt(client_id, doubtful[0], state="unknown")
    with rows.db.read() as session:
        found = orders.list_orders(session, Window()).items
    assert [(row.job_failed, row.job_needs_staff, row.payment_unknown) for row in reversed(found)] == [
        (False, False, False), (True, False, False), (False, True, False), (False, False, True),
    ]  # fmt: skip


def test_mail_page(rows: Rows) -> None:
    client_id = rows.client()
    failed = rows.mail(client_id, state="failed", subject="Payment failed")
    rows.mail(client_id)
    with rows.db.read() as session:
        page = mail.mail_page(session, failed)
        assert mail.failed_count(session) == 1
        assert [row.id for row in mail.list_mails(session, Window(), q="M-1").items] == []
        assert [row.id for row in mail.list_mails(session, Window(), type="payment").items] == []
    assert page is not None
    assert page.body_html == "<p>Thank you.</p>"


def test_dead_deliveries(rows: Rows) -> None:
    delivery_id = rows.dead_delivery()
    with rows.db.read() as session:
        assert kernel.dead_deliveries(session) == 1
        (row,) = kernel.list_dead_deliveries(session, Window()).items
    assert (row.id, row.event, row.attempts) == (delivery_id, "invoice.paid", 20)


def test_what_is_no_cursor_gives_the_newest_page() -> None:
    assert window("nonsense", "") == Window()
    assert window("9" * 40, read=int) == Window()
    assert window("-1", read=int) == Window()


def test_clients_see_their_own_services_and_how_many_run(rows: Rows) -> None:
    one, other = rows.client(), rows.client()
    own = {rows.service(one), rows.service(one, status="suspended")}
    rows.service(other)
    with rows.db.read() as session:
        page = services.services_of(session, [one], Window())
        assert {row.service.id for row in page.items} == own
        assert {row.kind for row in page.items} == {"hosting"}
        assert services.count_by_status(session, [one]) == {"active": 1, "suspended": 1}
        assert services.services_of(session, [], Window()).items == ()
