"""The double-entry ledger: every issued document and every move of money writes a balanced entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing.models import Entry, LedgerAccount, Posting
from core.kernel.ids import new_id

RECEIVABLE = "1100"
MONEY = "1000"  # at gateways and banks
TAX = "2200"
CREDIT = "2300"  # what we owe clients
REFUNDS = "4900"
GIVEN = "4910"  # credit given away: less income, no money moved
INCOME = "4000"
NOT_SOLD = (REFUNDS, GIVEN)  # of the income accounts those that nothing is sold on
ACCOUNTS = {
    MONEY: ("Money at gateways and banks", "asset"),
    RECEIVABLE: ("Accounts receivable", "asset"),
    TAX: ("Sales tax payable", "liability"),
    CREDIT: ("Client credit", "liability"),
    INCOME: ("Hosting income", "income"),
    REFUNDS: ("Refunds", "income"),
    GIVEN: ("Credit given", "income"),
}


class UnbalancedEntry(ValueError):
    """The postings do not add up to zero: a mistake of ours, never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of an entry: debit positive, credit negative, minor units."""

    account: str
    amount_minor: int
    client_id: UUID | None = None


def post(
    session: Session,
    *,
    brand_id: UUID,
    occurred_on: date,
    source: str,
    currency: str,
    sides: Iterable[Side],
    now: datetime,
    note: str = "",
) -> UUID:
    """Write one entry. ``source`` is unique: the same cause can not be posted twice.

    Raises UnbalancedEntry. Sides of zero are left out; an entry without sides is written all the same.
    """
    rows = [side for side in sides if side.amount_minor]
    if sum(side.amount_minor for side in rows):
        raise UnbalancedEntry(source)
    entry = Entry(
        id=new_id(), brand_id=brand_id, occurred_on=occurred_on, source=source, note=note, created_at=now
    )
    session.add(entry)
    session.flush()
    _ensure_accounts(session, {side.account for side in rows})
    if rows:
        session.execute(insert(Posting), [_posting(entry.id, side, currency) for side in rows])
    return entry.id


def _posting(entry_id: UUID, side: Side, currency: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "entry_id": entry_id,
        "account": side.account,
        "client_id": side.client_id,
        "amount_minor": side.amount_minor,
        "currency": currency,
    }


def _ensure_accounts(session: Session, codes: set[str]) -> None:
    known = set(session.scalars(select(LedgerAccount.code).where(LedgerAccount.code.in_(codes))))
    for code in sorted(codes - known):
        name, kind = ACCOUNTS.get(code, (f"Income {code}", "income"))
        try:
            with session.begin_nested():
                session.execute(insert(LedgerAccount).values(code=code, name=name, kind=kind))
        except IntegrityError:
            pass  # another transaction opened it at the same moment


def reverse(
    session: Session, *, source: str, new_source: str, occurred_on: date, now: datetime, note: str
) -> UUID:
    """Write the mirror of an entry. Nothing posted is ever changed; raises NoResultFound."""
    entry = session.execute(select(Entry).where(Entry.source == source)).scalar_one()
    rows = list(session.execute(select(Posting).where(Posting.entry_id == entry.id)).scalars())
    sides = [
        Side(account=row.account, amount_minor=-row.amount_minor, client_id=row.client_id) for row in rows
    ]
    return post(
        session, brand_id=entry.brand_id, occurred_on=occurred_on, source=new_source,
        currency=rows[0].currency if rows else "XXX", sides=sides, now=now, note=note,
    )  # fmt: skip
