"""Every page of a client, drawn on both databases."""

from __future__ import annotations

from sqlalchemy import select

from core.clients.models import Client
from tests.fixtures.database import BOTH
from tests.integration.web_admin.desk import HOST, Desk, links, texts

pytestmark = BOTH

TABS = (
    "", "/contacts", "/billing-accounts", "/services", "/invoices", "/credit", "/mails", "/notes", "/files",
    "/audit",
)  # fmt: skip
OTHERS = (
    "/services/new", "/invoices/generate", "/invoices/new", "/close", "/merge?into=Ada", "/privacy",
    "/status", "/edit",
)  # fmt: skip


def test_every_page_is_there(desk: Desk) -> None:
    desk.inn.place_order("sandbox_card", cycle="month:1")
    with desk.inn.db.read() as session:
        own = f"/admin/clients/{session.execute(select(Client.id)).scalar_one()}"
    desk.done(f"{own}/notes", note="Call before the renewal")
    desk.done(f"{own}/credit/add", amount="25", reason="late answer", origin="goodwill")
    page = desk.get(own)
    assert set(links(page, own)) >= {own + tab for tab in TABS}
    told = texts(page)
    for words in (
        "Invoices 1", "Credit $25.00", "Recurring, monthly $6.00", "Credit of $25.00: added", "Call before",
        "Payment of", "Open account on", "Client made, status Active",
    ):  # fmt: skip
        assert words in told, words
    for part in (*TABS, *OTHERS):
        assert "Ada Okonkwo" in desk.get(own + part), part
    form = {"csrf_token": desk.token()}
    assert b"Call before" in desk.browser.post(f"{own}/export", data=form, base_url=HOST).data
