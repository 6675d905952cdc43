"""Joining two clients: everything of one becomes the other's, and its books are carried over.

Issued documents and postings stay as they were written. What the first client owes and what credit it has
goes over by one more entry in the ledger, so that ledger and invoices agree for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.billing import ledger
from core.billing import service as billing
from core.billing.ledger import Side
from core.billing.models import Invoice, Posting
from core.clients import search, standing, statuses
from core.clients.models import BillingAccount, Client, ClientFile, ClientNote, Contact
from core.clients.queries import display_name
from core.identity.models import Membership
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.money import Money
from core.kernel.problems import Conflict, NotFound
from core.kernel.search import SearchEntry
from core.kernel.work import House
from core.mail.models import MailMessage
from core.orders.models import Cart, Order
from core.payments.models import Attempt
from core.payments.rules import MOVING
from core.records import closing
from core.services.models import Service

Owner = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]
# what moves -> (words, table, the column that says whose it is)
MOVES: tuple[tuple[str, Any, Owner], ...] = (
    ("contacts", Contact, Contact.client_id),
    ("billing accounts", BillingAccount, BillingAccount.client_id),
    ("services", Service, Service.client_id),
    ("orders", Order, Order.client_id),
    ("invoices", Invoice, Invoice.client_id),
    ("payments", Attempt, Attempt.client_id),
    ("mails", MailMessage, MailMessage.client_id),
    ("notes", ClientNote, ClientNote.client_id),
    ("files", ClientFile, ClientFile.client_id),
    ("people who sign in", Membership, Membership.client_id),
)
UNSAID: tuple[tuple[Any, Owner], ...] = (  # these go along, and nobody asks how many they are
    (Cart, Cart.client_id), (SearchEntry, SearchEntry.client_id),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would happen. ``obstacles`` say why it cannot, with what to do; ``hints`` what to know."""

    source_name: str
    target_name: str
    target_number: int
    moves: tuple[tuple[str, int], ...]
    owed: Money
    credit: Money
    obstacles: tuple[str, ...]
    hints: tuple[str, ...]


def preview(session: Session, source_id: UUID, target_id: UUID) -> Preview:
    """Raises NotFound for either."""
    source, target = _client(session, source_id), _client(session, target_id)
    return Preview(
        source_name=_name(session, source), target_name=_name(session, target), target_number=target.number,
        moves=tuple((words, count) for words, count in _counts(session, source_id) if count),
        owed=Money(_balance(session, source_id, ledger.RECEIVABLE), source.currency),
        credit=Money(source.credit_minor, source.currency),
        obstacles=tuple(_obstacles(session, source, target)), hints=tuple(_hints(session, source, target)),
    )  # fmt: skip


def _client(session: Session, client_id: UUID) -> Client:
    row = session.get(Client, client_id)
    if row is None:
        raise NotFound(_("There is no such client."))
    return row


def _name(session: Session, client: Client) -> str:
    contact = session.scalar(select(Contact).where(Contact.client_id == client.id, Contact.is_primary))
    first, last = (contact.first_name, contact.last_name) if contact else ("", "")
    return display_name(client.company_name, first, last)


def _counts(session: Session, client_id: UUID) -> Iterator[tuple[str, int]]:
    for words, table, owner in MOVES:
        count = select(func.count()).select_from(table).where(owner == client_id)
        yield words, session.scalar(count) or 0


def _obstacles(session: Session, source: Client, target: Client) -> Sequence[str]:
    found = []
    if source.id == target.id:
        found.append(_("Choose another client: this one cannot be joined to itself."))
    if source.merged_into_id or target.merged_into_id:
        found.append(_("One of the two was joined to another client already."))
    if source.erased_at or target.erased_at:
        found.append(_("One of the two was erased: nothing can be told of it any more."))
    if source.brand_id != target.brand_id:
        found.append(
            _("They belong to different brands: numbers, shop and mails are not the same. Keep both.")
        )
    if source.currency != target.currency:
        sentence = _(
            "One is billed in {source}, the other in {target}: amounts cannot be added up. Keep both."
        )
        found.append(sentence.format(source=source.currency, target=target.currency))
    if _under_way(session, source.id):
        found.append(_("A payment is under way. Wait for its answer first."))
    return found


def _under_way(session: Session, client_id: UUID) -> bool:
    statement = select(Attempt.id).where(Attempt.client_id == client_id, Attempt.state.in_(MOVING))
    return session.execute(statement.limit(1)).first() is not None


def _hints(session: Session, source: Client, target: Client) -> Sequence[str]:
    found = [_("Taxes, group, billing day and status of the client that stays hold from now on.")]
    if standing.standing(session, target.id).behaviour != standing.standing(session, source.id).behaviour:
        found.append(
            _("The two have different statuses: what is due of the services is billed by the one that stays.")
        )
    if source.tax_id and source.tax_id != target.tax_id:
        found.append(_("Their tax numbers differ: that of the client that stays is printed from now on."))
    return found


def merge(house: House, source_id: UUID, target_id: UUID, *, actor: str, ip: str = "") -> None:
    """Everything of ``source`` becomes ``target``'s; the source is closed and says where it went.

    Raises NotFound, and Conflict with every reason why it cannot be done. A repeat is refused: it was
    joined already.
    """

    def work(session: Session) -> None:
        for one in sorted((source_id, target_id)):
            standing.hold(session, one)
        seen = preview(session, source_id, target_id)
        if seen.obstacles:
            raise Conflict(" ".join(seen.obstacles))
        _carry_over(session, house, source_id, target_id)
        _settle_defaults(session, source_id, target_id)
        _move(session, source_id, target_id)
        _close(session, house, source_id, target_id, seen, actor, ip)
        _tell(session, house, source_id, target_id, seen, actor, ip)

    house.db.run(work)


def _balance(session: Session, client_id: UUID, account: str) -> int:
    """Signed, minor units: what the ledger holds on an account for the client."""
    statement = select(func.coalesce(func.sum(Posting.amount_minor), 0)).where(
        Posting.client_id == client_id, Posting.account == account
    )
    return int(session.execute(statement).scalar_one())


def _carry_over(session: Session, house: House, source_id: UUID, target_id: UUID) -> None:
    source = _client(session, source_id)
    sides = []
    for account in (ledger.RECEIVABLE, ledger.CREDIT):
        amount = _balance(session, source_id, account)
        sides += [
            Side(account=account, amount_minor=-amount, client_id=source_id),
            Side(account=account, amount_minor=amount, client_id=target_id),
        ]
    ledger.post(
        session, brand_id=source.brand_id, occurred_on=billing.today(session, house, source.brand_id),
        source=f"credit:{source_id}:moved", currency=source.currency, sides=sides, now=house.clock.now(),
        note=f"Client {source.number} joined to {_client(session, target_id).number}",
    )  # fmt: skip
    credit = source.credit_minor
    _write(session, update(Client).where(Client.id == source_id).values(credit_minor=0))
    grown = update(Client).where(Client.id == target_id)
    _write(session, grown.values(credit_minor=Client.credit_minor + credit))


def _settle_defaults(session: Session, source_id: UUID, target_id: UUID) -> None:
    """One primary contact, one default way to pay: the target's own, where it has one."""
    for table, flag in ((Contact, Contact.is_primary), (BillingAccount, BillingAccount.is_default)):
        has_one = select(table.id).where(table.client_id == target_id, flag)
        if session.execute(has_one.limit(1)).first() is not None:
            _write(
                session,
                update(table).where(table.client_id == source_id).values({flag.key: False}),
            )


def _move(session: Session, source_id: UUID, target_id: UUID) -> None:
    both = select(Membership.user_id).where(Membership.client_id == target_id)
    doubled = Membership.client_id == source_id, Membership.user_id.in_(both)
    _write(session, delete(Membership).where(*doubled))
    for table, owner in (*((table, owner) for _words, table, owner in MOVES), *UNSAID):
        _write(session, update(table).where(owner == source_id).values({owner.key: target_id}))
    search.reindex(session, target_id)


def _close(
    session: Session, house: House, source_id: UUID, target_id: UUID, seen: Preview, actor: str, ip: str
) -> None:
    reason = _("Joined to client {number}").format(number=seen.target_number)
    statuses.change_status(
        session, house, source_id, closing.closed_status(session), closing=closing.check, reason=reason,
        actor=actor, ip=ip,
    )  # fmt: skip
    values = {"merged_into_id": target_id, "company_name": seen.source_name, "external_reference": ""}
    _write(session, update(Client).where(Client.id == source_id).values(**values))
    search.reindex(session, source_id)


def _tell(
    session: Session, house: House, source_id: UUID, target_id: UUID, seen: Preview, actor: str, ip: str
) -> None:
    facts = {
        "moved": [f"{count} {words}" for words, count in seen.moves], "owed": str(seen.owed),
        "credit": str(seen.credit),
    }  # fmt: skip
    for target, other in ((source_id, {"into": str(target_id)}), (target_id, {"from": str(source_id)})):
        audit.record(
            session, actor=actor, action="client.merge", target=f"client:{target}", ip=ip,
            now=house.clock.now(), after=facts | other,
        )  # fmt: skip


def _write(session: Session, statement: Any) -> None:
    session.flush()
    session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()
