"""Erasing a client: what is personal is gone from every table, what the law keeps stays."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import String, cast, func, select, text, update
from sqlalchemy.orm import Session

from core.billing.models import Invoice
from core.clients import (
    files,
    notes,
    statuses,
)
from core.clients.models import BillingAccount, Client, ClientStatus, Contact
from core.identity import resetting
from core.identity.models import Membership, User
from core.kernel import audit
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields
from core.records import closing, erasing
from core.records.models import Import
from tests.fixtures.innkeeper import Inn
from tests.integration.records.whole import ME, buyer


@pytest.fixture
def database_url(demo_database_url: str) -> str:
    return demo_database_url


def erase(inn: Inn, folder: Path, client_id: UUID) -> None:
    erasing.erase(inn.house, folder, client_id, reason="asked for it by mail on Monday", actor=ME)


def wind_up(inn: Inn, client_id: UUID) -> None:
    """Everything that must be over, is."""
    closing.end_services(inn.house, client_id, reason="a test", actor=ME)
    inn.drain()
    inn.settle_down()
    with inn.db.transaction() as session:
        now = inn.clock.now()
        session.execute(
            update(BillingAccount)
            .where(BillingAccount.client_id == client_id)
            .values(removed_at=now, detached_at=now, detach_next_at=None, is_default=False, keep=False)
        )
        closed = session.execute(select(ClientStatus.id).where(ClientStatus.label == "Closed")).scalar_one()
        statuses.change_status(
            session, inn.house, client_id, closed, closing=closing.check, reason="gone", actor=ME
        )


KEPT_BY_LAW = ("invoice", "audit_entry", "job_step", "entry", "invoice_line")


def mentions(inn: Inn, *needles: str) -> dict[str, list[str]]:
    """Table -> needles that any of its text columns still holds."""
    found: dict[str, list[str]] = {}
    with inn.db.read() as session:
        for table in Client.metadata.sorted_tables:
            for column in table.columns:
                words = func.lower(cast(column, String))
                for needle in needles:
                    if session.execute(
                        select(text("1")).select_from(table).where(words.contains(needle))
                    ).first():
                        found.setdefault(table.name, []).append(f"{column.name}: {needle}")
    return found


def an_import(session: Session, *, sample: list[str]) -> Import:
    """One that is done, with what is shown of its first rows."""
    rows = [
        {"line": line, "state": "made", "text": one, "messages": {}} for line, one in enumerate(sample, 1)
    ]
    return Import(
        id=new_id(), number=1, kind="clients", brand_id=session.scalars(select(Client.brand_id)).first(),
        file_name="clients.csv", stored_as="x.csv", digest="", state="done", sample=rows, actor=ME,
        created_at=datetime.now(UTC),
    )  # fmt: skip


def test_what_is_personal_is_gone_and_what_the_law_keeps_stays(inn: Inn, tmp_path: Path) -> None:
    client_id, order = buyer(
        inn, first_name="Zebulon", last_name="Quixworth", email="zebulon@quixworth.example",
        street_address="99 Zebraroad", username="zebulonq", domain="quixworth.example",
        primary_phone="+1 512 555 0199",
    )  # fmt: skip
    other, _ = buyer(inn)
    files.add(inn.house, tmp_path, client_id, name="quixworth.txt", data=b"x", actor=ME, actor_name="M")
    with inn.db.transaction() as session:
        notes.write(session, inn.house, client_id, "Zebulon calls", actor=ME, actor_name="M")
    with inn.db.transaction() as session:
        session.add(an_import(session, sample=["Zebulon Quixworth", "Ada Okonkwo"]))
    with pytest.raises(Conflict, match=r"Close the client first.*service is not over"):
        erase(inn, tmp_path, client_id)
    wind_up(inn, client_id)
    resetting.ask(inn.house, area="portal", username="zebulonq", ip="")  # whoever is closed may still sign in
    inn.drain()
    with pytest.raises(InvalidFields, match="Say who asked"):
        erasing.erase(inn.house, tmp_path, client_id, reason=" ", actor=ME)
    with inn.db.read() as session:
        issued = session.get_one(Invoice, inn.view(order).invoice_id)
    erase(inn, tmp_path, client_id)
    left = mentions(inn, "zebulon", "quixworth", "zebraroad", "5125550199")
    assert set(left) <= set(KEPT_BY_LAW), left
    with inn.db.read() as session:
        kept = session.get_one(Invoice, issued.id)
        assert (kept.facts, kept.digest, kept.total_minor) == (
            issued.facts,
            issued.digest,
            issued.total_minor,
        )
        assert session.get_one(Client, client_id).erased_at is not None
        untouched = session.scalars(select(Contact.first_name).where(Contact.client_id == other)).all()
        assert list(audit.verify(session)) == []
        assert [one["text"] for one in session.scalars(select(Import.sample)).one()] == ["Ada Okonkwo"]
    assert untouched == ["Ada"]
    assert not [one for one in (tmp_path / "files").rglob("*") if one.is_file()]
    with pytest.raises(Conflict, match="erased before"):
        erase(inn, tmp_path, client_id)


def test_who_signs_in_for_others_too_goes_on_for_those(inn: Inn, tmp_path: Path) -> None:
    client_id, _ = buyer(inn)
    other, _ = buyer(inn)
    with inn.db.transaction() as session:
        user_id = session.scalars(select(Membership.user_id).where(Membership.client_id == client_id)).one()
        session.add(Membership(id=new_id(), user_id=user_id, client_id=other))
    wind_up(inn, client_id)
    erase(inn, tmp_path, client_id)
    with inn.db.read() as session:
        assert session.get_one(User, user_id).status == "active"
        mine = session.scalars(select(Membership.client_id).where(Membership.user_id == user_id)).all()
    assert mine == [other]
