"""What clients are found by: number, company, their contacts, the last four of how they pay.

Call ``reindex`` in the transaction of any change of a client, a contact or a billing account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clients.models import BillingAccount, Client, Contact
from core.kernel import search
from core.kernel.search import NewEntry

KIND = "client"


def reindex(session: Session, client_id: UUID) -> None:
    """Write anew what a client is found by. Repeating it changes nothing; an unknown client neither."""
    reindex_many(session, [client_id])


def reindex_many(session: Session, client_ids: Sequence[UUID]) -> None:
    """``reindex`` for several, oldest first. One that was merged into another is found no more."""
    session.flush()
    texts: dict[UUID, list[str]] = {}
    columns = (Client.id, Client.number, Client.company_name, Client.tax_id, Client.external_reference)
    rows = session.execute(
        select(*columns, Client.merged_into_id).where(Client.id.in_(client_ids)).order_by(Client.id)
    )
    for row in rows:
        if row.merged_into_id is not None:
            search.drop(session, KIND, row.id)
            continue
        texts[row.id] = [str(row.number), row.company_name, row.tax_id, row.external_reference]
    for client_id, words in _of_contacts(session, texts):
        texts[client_id] += words
    for client_id, last4 in _last_fours(session, texts):
        texts[client_id].append(last4)
    entries = [NewEntry(subject_id=one, texts=tuple(words)) for one, words in texts.items()]
    search.put_many(session, KIND, entries)


def _of_contacts(session: Session, client_ids: Iterable[UUID]) -> Iterable[tuple[UUID, Sequence[str]]]:
    columns = (Contact.first_name, Contact.last_name, Contact.company_name, Contact.email)
    statement = select(Contact.client_id, *columns).where(
        Contact.client_id.in_(list(client_ids)), Contact.removed_at.is_(None)
    )
    ordered = statement.order_by(Contact.client_id, Contact.is_primary.desc(), Contact.id)
    for client_id, first, last, company, email in session.execute(ordered):
        # Where the family name comes first, both are written without a space between them.
        yield client_id, (first, last, company, email, *([last + first] if not last.isascii() else []))


def _last_fours(session: Session, client_ids: Iterable[UUID]) -> Iterable[tuple[UUID, str]]:
    statement = select(BillingAccount.client_id, BillingAccount.last4).where(
        BillingAccount.client_id.in_(list(client_ids)),
        BillingAccount.removed_at.is_(None),
        BillingAccount.last4 != "",
    )
    rows = session.execute(statement.order_by(BillingAccount.id))
    return [(client_id, last4) for client_id, last4 in rows]
