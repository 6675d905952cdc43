"""Canaries: what nobody may read later stands in no table, no log, no mail and no note, whatever fails."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from core.demo import SANDBOX_KEY
from core.payments import staff
from tests.fixtures.innkeeper import PASSWORD, WEBHOOK_SECRET, Inn

ACCOUNT = "980217345566123"
ROUTING = "110000000"
LICENSE = "12345678"
pytestmark = pytest.mark.usefixtures("short_patience")


def tables(inn: Inn) -> str:
    """Every row of every table as text."""
    metadata = MetaData()
    metadata.reflect(inn.db.engine)
    with inn.db.read() as session:
        rows = (row for table in metadata.sorted_tables for row in session.execute(table.select()))
        return "\n".join(repr(tuple(row)) for row in rows)


def files(folder: Path) -> str:
    found = (path for path in folder.rglob("*.eml"))
    return "\n".join(path.read_text(errors="replace") for path in found)


def test_no_canary_sings(inn: Inn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in ("garbage", "lose_answer", "server_error", "refuse"):
        inn.misbehave("transfers", kind)
        inn.misbehave("panel", kind)
        inn.place_order("sandbox_echeck", "starter-hosting", "example-domain", account=ACCOUNT)
        inn.settle_down(hours=1)
    inn.place_order("sandbox_echeck", account="980217341113")  # declined at once
    card = inn.fill_cart()
    inn.misbehave("charges", "garbage", 2)
    inn.summary(card, "sandbox_card")
    order = inn.confirm(card)
    inn.settle()
    inn.settle_down(hours=1)
    staff.mark_paid(
        inn.house, inn.view(order).invoice_id, gateway="manual", amount_text="1", reference="CHK 1",
        actor="staff:test",
    )  # fmt: skip
    tokens = [str(call["path"]).rpartition("/")[2] for call in inn.world.books("calls")
              if str(call["path"]).startswith("/v1/tokens/")]  # fmt: skip
    assert tokens
    told = {
        "tables": tables(inn),
        "logs": "\n".join([caplog.text, *(str(record.__dict__) for record in caplog.records)]),
        "mails": files(inn.house.settings.data),
    }
    assert all(len(text) > 1000 for text in told.values()), {name: len(text) for name, text in told.items()}
    canaries = (PASSWORD, ACCOUNT, ROUTING, LICENSE, SANDBOX_KEY, WEBHOOK_SECRET, *tokens)
    singing = [(where, one) for where, text in told.items() for one in canaries if one in text]
    assert singing == []
