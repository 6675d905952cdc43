"""What staff read: every page of the admin over real orders, in all their states."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from core.clients.models import Client
from core.kernel import audit
from core.mail.models import MailMessage
from tests.fixtures.database import BOTH
from tests.fixtures.innkeeper import DECLINED_CARD
from tests.integration.web_admin.desk import HOST, Desk, links, texts

pytestmark = BOTH

LISTS = ("clients", "orders", "services", "invoices", "payments", "jobs", "mails")


def test_an_order_is_told_step_by_step(desk: Desk) -> None:
    token = desk.inn.place_order("sandbox_card", number=DECLINED_CARD)
    desk.inn.pay_again(token, "sandbox_card")
    story = texts(desk.get(desk.order_path(token)))
    steps = [
        "Order placed", "Client, service and invoice written", "Charged once", "Declined", "Succeeded",
        "Open account",
    ]  # fmt: skip
    places = [story.index(step) for step in steps]
    assert places[:3] == sorted(places[:3])
    assert "Visa ending in 0341" in story
    assert "from 127.0.0.1" in story
    assert "Central Time" in story
    assert "Completed" in story
    assert "Test mode" in story


def test_a_manual_order_waits_for_staff(desk: Desk) -> None:
    story = texts(desk.get(desk.order_path(desk.inn.place_order("manual"))))
    assert "Awaiting payment" in story
    assert "by Bank transfer or check" in story
    assert "Mark it paid when the money is here" in story


def test_an_echeck_is_on_its_way_and_can_come_back(desk: Desk) -> None:
    token = desk.inn.place_order("sandbox_echeck")
    path = desk.order_path(token)
    story = texts(desk.get(path))
    assert "Payment on its way" in story
    assert "Mark paid" not in story  # it is waited for, never paid a second time
    desk.inn.settle()
    assert "Charged once" in texts(desk.get(path))


def test_an_unknown_payment_is_never_called_failed(desk: Desk) -> None:
    inn = desk.inn
    inn.world.fault("charges", "lose_answer", method="POST")
    inn.world.fault("charges", "refuse", times=-1, method="GET")
    token = inn.place_order("sandbox_card")
    story = texts(desk.get(desk.order_path(token)))
    assert "Payment unknown" in story
    assert "never charged again by itself" in story
    assert "Look up payment" in story
    assert "Mark paid" not in story
    assert "1 payment with unknown outcome" in texts(desk.get("/admin/"))


def test_a_failed_job_stands_with_its_answer_and_its_buttons(desk: Desk) -> None:
    inn = desk.inn
    inn.world.fault("panel", "garbage", times=-1)
    token = inn.place_order("sandbox_card")
    inn.settle_down(hours=8)
    page = desk.get(desk.order_path(token))
    story = texts(page)
    assert "Job failed" in story
    assert "Paid, but" in story
    for button in ("Retry now", "Look up", "Mark as done by hand", "Give up"):
        assert button in story
    assert "1 failed job" in texts(desk.get("/admin/"))
    job = links(page, "/admin/jobs/")[0]
    assert "Job failed" in texts(desk.get("/admin/orders"))
    assert "Failed" in texts(desk.get(job))
    inn.world.clear_faults()


def test_every_list_says_when_it_is_empty(desk: Desk) -> None:
    for kind in LISTS:
        assert "yet" in texts(desk.get(f"/admin/{kind}")), kind
        assert "Nothing fits" in texts(desk.get(f"/admin/{kind}?q=zzz")), kind


def test_every_list_shows_what_there_is_and_leads_to_it(desk: Desk) -> None:
    desk.inn.place_order("sandbox_card")
    for kind in LISTS:
        found = links(desk.get(f"/admin/{kind}"), f"/admin/{kind}/")
        pages = [link for link in found if re.fullmatch(rf"/admin/{kind}/[0-9a-f-]{{36}}", link)]
        assert pages, kind
        for link in pages:
            desk.get(link)


@pytest.mark.parametrize("kind", LISTS)
def test_no_address_breaks_a_list(desk: Desk, kind: str) -> None:
    for query in (
        "after=nonsense", "before=nonsense", "q=%00", "q=%25", "q=_", "q=%27%22%3Cscript%3E",
        "q=" + "x" * 5000, "state=nonsense", "status=nonsense", "client=nonsense", "q=%F0%9F%94%91", "q=%5C",
        "after=01a20e13-f61f-75d8-b47a-000000000000", "q=-", "q=99999999999999999999999",
    ):  # fmt: skip
        page = desk.get(f"/admin/{kind}?{query}")
        assert "<script>" not in page.replace('<script type="module"', "")


def test_a_list_pages_through_its_addresses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.web.admin.page.PER_PAGE", 2)
    made = [desk.inn.view(desk.inn.place_order("manual", drain=False)).label for _ in range(5)]
    path, seen = "/admin/orders?q=WH-", []
    while path:
        page = desk.get(path)
        seen.append([label for label in reversed(made) if label in page])
        path = next((link for link in links(page, "/admin/orders?") if "after=" in link), "")
        assert not path or "q=WH-" in path
    assert seen == [made[4:2:-1], made[2:0:-1], made[:1]]


def test_search_finds_each_kind_of_thing(desk: Desk) -> None:
    order = desk.inn.view(desk.inn.place_order("sandbox_card", domain="lamplight.example"))
    for q, kind in (
        ("lamplight.example", "Services"), ("lamp", "Services"), ("Okonkwo", "Clients"),
        (order.label, "Orders"), (order.invoice_label, "Invoices"), (order.email, "Clients"),
    ):  # fmt: skip
        page = texts(desk.get(f"/admin/search?q={q}"))
        assert f"Search only {kind.lower()}" in page, q
    assert "Nothing found" in desk.get("/admin/search?q=nobody-knows-this")
    assert "What are you looking for" in desk.get("/admin/search?q=")


def test_an_invoice_shows_lines_taxes_payments_and_ledger(desk: Desk) -> None:
    order = desk.inn.view(desk.inn.place_order("sandbox_card"))
    page = texts(desk.get(f"/admin/invoices/{order.invoice_id}"))
    for words in (
        "Net",
        "6.25 % of 80 % of the net",
        "Accounts receivable",
        "Issued",
        "Payment A-",
        "What covers it",
    ):
        assert words in page
    answer = desk.browser.get(f"/admin/invoices/{order.invoice_id}.pdf", base_url=HOST)
    assert answer.status_code == 200
    assert answer.mimetype in ("application/pdf", "text/html")
    assert order.invoice_label in (answer.headers.get("Content-Disposition") or answer.text)


def test_names_are_words_and_never_markup(desk: Desk) -> None:
    desk.inn.place_order("manual")
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    with desk.inn.db.transaction() as session:
        session.execute(update(Client).values(company_name=evil))
        session.execute(update(MailMessage).values(subject=evil, recipient=evil))
    for path in ("/admin/", *(f"/admin/{kind}" for kind in LISTS), "/admin/search?q=%3Cscript"):
        page = desk.get(path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_mails_own_page_may_do_nothing(desk: Desk) -> None:
    desk.inn.place_order("sandbox_card")
    mail = links(desk.get("/admin/mails"), "/admin/mails/")[0]
    page = desk.get(mail)
    assert f'<iframe class="ad-mail" sandbox title="The mail as readers see it" src="{mail}/html">' in page
    answer = desk.browser.get(f"{mail}/html", base_url=HOST)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert desk.browser.get(mail, base_url=HOST).headers["X-Frame-Options"] == "DENY"


def test_plugins_show_settings_without_their_secrets(desk: Desk) -> None:
    page = desk.get("/admin/plugins/gateway.sandbox_card")
    assert "sandbox-secret" not in page
    assert "what the pretend world signs with" not in page
    assert "sandbox-public" in page
    assert "Webhook address" in page
    for ability in ("Charges", "Refunds", "Looks up"):
        assert ability in page
    assert "Refunds" not in texts(desk.get("/admin/plugins/gateway.manual"))
    shelf = texts(desk.get("/admin/plugins?kind=available"))
    assert "gateway.stripe" in shelf
    assert "Not enabled" in shelf
    assert "Nothing of it has been imported" in desk.get("/admin/plugins/gateway.stripe")
    desk.get("/admin/plugins/gateway.nobody", 404)


def test_a_gateways_settings_can_be_tried(desk: Desk) -> None:
    answer = desk.post("/admin/plugins/gateway.sandbox_card/check", spec="sandbox_card")
    assert "It works." in answer.text
    desk.inn.world.fault("*", "refuse", times=-1, method="GET")
    answer = desk.post("/admin/plugins/gateway.sandbox_card/check", spec="sandbox_card")
    assert "It does not work." in answer.text
    desk.inn.world.clear_faults()
    assert desk.post("/admin/plugins/gateway.sandbox_card/check", spec="manual").status_code == 404


def test_the_audit_log_names_people_and_proves_itself(desk: Desk) -> None:
    page = texts(desk.get("/admin/audit?check=1"))
    assert "The chain holds." in page
    assert "Marta Lindqvist" in page


@pytest.mark.breaks_the_books
def test_the_audit_log_says_where_it_was_broken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [audit.Problem(sequence=2, reason="the entry was changed")]
    monkeypatch.setattr("core.kernel.audit.verify", lambda _session: iter(broken))
    page = texts(desk.get("/admin/audit?check=1"))
    assert "The chain does not hold." in page
    assert "Entry 2: the entry was changed" in page


def test_servers_can_be_tested_and_compared(desk: Desk) -> None:
    desk.inn.place_order("sandbox_card")
    page = desk.get("/admin/servers")
    check = next(link for link in links(page, "/admin/servers/") if link.endswith("/check"))
    compare = next(link for link in links(page, "/admin/servers/") if link.endswith("/compare"))
    assert "answers" in texts(desk.done(check))
    assert "Compared with" in texts(desk.done(compare))
    desk.inn.world.fault("*", "refuse", times=-1, method="GET")
    assert "does not work" in texts(desk.done(check))
    desk.inn.world.clear_faults()


def test_every_screen_is_marked_while_nothing_is_real(desk: Desk) -> None:
    for path in ("/admin/", "/admin/orders", "/admin/plugins", "/admin/login"):
        answer = desk.browser.get(path, base_url=HOST, follow_redirects=True)
        assert "Orders here are not real and no money moves." in answer.text
