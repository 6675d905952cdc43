"""How clients pay: one sealed source per row, a default, and the way out.

What has to ask a gateway (adding, detaching) stands in ``core.payments``; here is what the tables hold.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from core.clients import fate, search, sources
from core.clients.models import BillingAccount, Client
from core.clients.values import BillingAccountView
from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.problems import NotFound
from core.kernel.work import House
from core.plugin_api.values import BankAccount, PaymentSource, StoredMethod

LISTED = 200  # of one client; nobody has more, and a page stays a page
_IS_DETACHING = and_(BillingAccount.removed_at.is_not(None), BillingAccount.detached_at.is_(None))


def add(
    session: Session,
    house: House,
    client_id: UUID,
    gateway: str,
    kind: str,
    source: PaymentSource | None,
    *,
    keep: bool,
    now: datetime,
    is_default: bool | None = None,
) -> UUID:
    """Write down how a client pays. The source is sealed to its row; brand and last four stay legible.

    ``keep`` says that it may be used for renewals. ``is_default``: whether it becomes the default, in the
    place of the present one; None: when it may be kept and there is none yet. Raises NotFound, and Conflict
    for a client that was joined to another or erased.
    """
    fate.hold_living(session, client_id)
    account_id = new_id()
    brand, last4, expires_on = sources.shown(source)
    sealed = "" if source is None else house.keys.encrypt(sources.dump(source), _bound_to(account_id))
    row = BillingAccount(
        id=account_id, client_id=client_id, gateway=gateway, kind=kind, source_encrypted=sealed,
        brand=brand, last4=last4, expires_on=expires_on, keep=keep, mandate=sources.mandate(source),
        is_default=_takes_default(session, client_id, keep, is_default), created_at=now,
        **_printed(source),
    )  # fmt: skip
    session.add(row)
    session.flush()
    search.reindex(session, client_id)  # found by its last four
    return account_id


def _bound_to(account_id: UUID) -> str:
    return f"billing_account/source_encrypted/{account_id}"


def _printed(source: PaymentSource | None) -> dict[str, str]:
    """What stands on a card beside its number, and who holds the account."""
    if source is None:
        return {}
    if isinstance(source, BankAccount):
        return {"holder": source.holder}
    return {"holder": source.holder, "issue_number": source.issue_number, "start_date": source.start_date}


def _takes_default(session: Session, client_id: UUID, keep: bool, wanted: bool | None) -> bool:
    if wanted is None:
        return keep and _default(session, client_id) is None
    if wanted:
        _drop_default(session, client_id)
    return wanted


def _line_up(session: Session, client_id: UUID) -> None:
    """Put two who change a client's default at once in line, by its row. Raises NotFound.

    The client's version stays: nothing of what a form about the client shows changes with this.
    """
    if not changed(session, update(Client).where(Client.id == client_id).values(version=Client.version)):
        raise NotFound("There is no such client.")


def _default(session: Session, client_id: UUID) -> UUID | None:
    statement = select(BillingAccount.id).where(
        BillingAccount.client_id == client_id, BillingAccount.is_default
    )
    return session.scalar(statement)


def _drop_default(session: Session, client_id: UUID) -> None:
    present = update(BillingAccount).where(BillingAccount.client_id == client_id, BillingAccount.is_default)
    changed(session, present.values(is_default=False))


def make_default(session: Session, client_id: UUID, account_id: UUID) -> bool:
    """Have this one pay from now on; False when it can not: another client's, removed, used only once.

    Of two made default at once the later one is; the database itself refuses two.
    """
    _line_up(session, client_id)
    row = session.get(BillingAccount, account_id, populate_existing=True)
    if row is None or row.client_id != client_id or row.removed_at is not None or not row.keep:
        return False
    _drop_default(session, client_id)
    return changed(
        session, update(BillingAccount).where(BillingAccount.id == account_id).values(is_default=True)
    )


def view(session: Session, account_id: UUID) -> BillingAccountView:
    """What may be shown of it. Raises NotFound."""
    row = session.get(BillingAccount, account_id)
    if row is None:
        raise NotFound("There is no such billing account.")
    return _view(row)


def of_client(session: Session, client_id: UUID) -> tuple[BillingAccountView, ...]:
    """All of a client's that can be used: the default first, then the newest."""
    statement = (
        select(BillingAccount)
        .where(BillingAccount.client_id == client_id, BillingAccount.removed_at.is_(None))
        .order_by(BillingAccount.is_default.desc(), BillingAccount.id.desc())
        .limit(LISTED)
    )
    return tuple(_view(row) for row in session.scalars(statement))


def removed_of_client(session: Session, client_id: UUID) -> tuple[BillingAccountView, ...]:
    """All that were taken away from a client, the latest first."""
    statement = (
        select(BillingAccount)
        .where(BillingAccount.client_id == client_id, BillingAccount.removed_at.is_not(None))
        .order_by(BillingAccount.removed_at.desc(), BillingAccount.id.desc())
        .limit(LISTED)
    )
    return tuple(_view(row) for row in session.scalars(statement))


def has_any(session: Session, client_id: UUID) -> bool:
    """Whether the client ever had one; none means that the client is still being made."""
    statement = select(BillingAccount.id).where(BillingAccount.client_id == client_id).limit(1)
    return session.scalar(statement) is not None


def default_of(session: Session, client_id: UUID) -> BillingAccountView | None:
    """The one that pays where a service names no other."""
    found = _default(session, client_id)
    return view(session, found) if found else None


def _view(row: BillingAccount) -> BillingAccountView:
    return BillingAccountView(
        id=row.id, client_id=row.client_id, gateway=row.gateway, kind=row.kind, brand=row.brand,
        last4=row.last4, holder=row.holder, expires_on=row.expires_on, issue_number=row.issue_number,
        start_date=row.start_date, keep=row.keep, is_default=row.is_default, mandate=dict(row.mandate),
        created_at=row.created_at, removed_at=row.removed_at, detach_tries=row.detach_tries,
        detaching=_detaching(row),
    )  # fmt: skip


def _detaching(row: BillingAccount) -> str:
    if row.removed_at is None:
        return ""
    if row.detached_at is not None:
        return "done"
    return "waits" if row.detach_next_at is not None else "stuck"


def load_source(session: Session, house: House, account_id: UUID) -> PaymentSource | None:
    """The source to charge; None when there is nothing to (redirect, manual) or it was removed.

    Raises NotFound; DecryptionError when the record does not open for its row.
    """
    row = session.get(BillingAccount, account_id)
    if row is None:
        raise NotFound("There is no such billing account.")
    return None if row.removed_at is not None else _open(house, row)


def source_to_forget(session: Session, house: House, account_id: UUID) -> PaymentSource | None:
    """What the gateway is to forget of a removed account; None when nobody is to be asked: there is nothing
    sealed, or another account of the client, still in use, is the same at the gateway.

    Raises NotFound; DecryptionError.
    """
    row = session.get(BillingAccount, account_id)
    if row is None:
        raise NotFound("There is no such billing account.")
    source = _open(house, row)
    if source is None or row.removed_at is None or row.detached_at is not None:
        return None
    return None if find_same(session, house, row.client_id, row.gateway, source) else source


def find_same(
    session: Session, house: House, client_id: UUID, gateway: str, source: PaymentSource | None
) -> UUID | None:
    """The account in use that is this very card or bank account: a form sent twice makes one."""
    statement = select(BillingAccount).where(
        BillingAccount.client_id == client_id, BillingAccount.gateway == gateway,
        BillingAccount.removed_at.is_(None), BillingAccount.keep,
    )  # fmt: skip
    rows = session.scalars(statement.order_by(BillingAccount.id.desc()).limit(LISTED))
    return next((row.id for row in rows if _key(_opened(house, row)) == _key(source)), None)


def _open(house: House, row: BillingAccount) -> PaymentSource | None:
    if not row.source_encrypted:
        return None
    return sources.load(house.keys.decrypt(row.source_encrypted, _bound_to(row.id)))


def _opened(house: House, row: BillingAccount) -> PaymentSource | None:
    """As ``_open``; a record whose key is gone is like nobody else's."""
    try:
        return _open(house, row)
    except ValueError:
        return StoredMethod(token=str(row.id), brand="", last4="")


def _key(source: PaymentSource | None) -> tuple[str, ...]:
    if source is None:
        return ()
    if isinstance(source, StoredMethod):
        return (source.token,)
    return (source.routing_number, source.account_number, source.account_type)


def hold(session: Session, account_id: UUID) -> bool:
    """Keep this account from being removed until the caller's transaction ends; False when it was."""
    mine = update(BillingAccount).where(BillingAccount.id == account_id, BillingAccount.removed_at.is_(None))
    return changed(session, mine.values(keep=BillingAccount.keep))


def mark_removed(session: Session, account_id: UUID, now: datetime, ask_at: datetime) -> bool:
    """Take it away from its client: from here on nothing is charged to it. False when it was gone already.

    The source stays sealed until the gateway has forgotten it too, which is asked for by ``ask_at`` at the
    latest. The newest of what is left that may be kept becomes the default, when this was it.
    """
    account = view(session, account_id)
    _line_up(session, account.client_id)
    mine = update(BillingAccount).where(BillingAccount.id == account_id, BillingAccount.removed_at.is_(None))
    gone = {"removed_at": now, "is_default": False, "keep": False, "detach_next_at": ask_at}
    was_default = _default(session, account.client_id) == account_id
    if not changed(session, mine.values(**gone)):
        return False
    search.reindex(session, account.client_id)
    heir = _heir(session, account.client_id) if was_default else None
    if heir is not None:
        make_default(session, account.client_id, heir)
    return True


def _heir(session: Session, client_id: UUID) -> UUID | None:
    """What can be charged comes before what waits for the client."""
    statement = select(BillingAccount.id).where(
        BillingAccount.client_id == client_id, BillingAccount.removed_at.is_(None), BillingAccount.keep
    )
    charges_first = (BillingAccount.source_encrypted == "").asc()
    return session.scalar(statement.order_by(charges_first, BillingAccount.id.desc()).limit(1))


def detach_due(session: Session, now: datetime, limit: int = 100) -> tuple[tuple[UUID, str], ...]:
    """(account, gateway) of removals whose gateway is to be asked now."""
    statement = (
        select(BillingAccount.id, BillingAccount.gateway)
        .where(_IS_DETACHING, BillingAccount.detach_next_at <= now)
        .order_by(BillingAccount.detach_next_at)
        .limit(limit)
    )
    return tuple((row.id, row.gateway) for row in session.execute(statement))


def claim_detach(
    session: Session, account_id: UUID, due_by: datetime | None, again_at: datetime
) -> int | None:
    """Count one more try at a removal; its number, or None when there is nothing to try any more.

    ``due_by``: only when it is due by then (somebody else may have asked meanwhile); None: in any case.
    ``again_at`` is when it is due again, should this try be lost.
    """
    is_due: ColumnElement[bool] = _IS_DETACHING
    if due_by is not None:
        is_due = and_(is_due, BillingAccount.detach_next_at <= due_by)
    claim = (
        update(BillingAccount)
        .where(BillingAccount.id == account_id, is_due)
        .values(detach_tries=BillingAccount.detach_tries + 1, detach_next_at=again_at)
        .returning(BillingAccount.detach_tries)
    )
    row = session.execute(claim, execution_options={"synchronize_session": False}).one_or_none()
    session.expire_all()
    return None if row is None else int(row.detach_tries)


def plan_detach(session: Session, account_id: UUID, when: datetime | None) -> bool:
    """Ask again then; None: a person has to look. False when it is over."""
    mine = update(BillingAccount).where(BillingAccount.id == account_id, _IS_DETACHING)
    return changed(session, mine.values(detach_next_at=when))


def detached(session: Session, account_id: UUID, now: datetime) -> bool:
    """The gateway has forgotten it, and so do we: the sealed source is wiped. False when that was done.

    What old payments and disputes refer to stays: gateway, brand, last four, the mandate's text and time.
    """
    mine = update(BillingAccount).where(BillingAccount.id == account_id, _IS_DETACHING)
    return changed(session, mine.values(detached_at=now, detach_next_at=None, source_encrypted=""))


def stuck(session: Session, limit: int = 100) -> int:
    """How many removals wait for a person, counted up to ``limit``: for the dashboard."""
    waiting = select(BillingAccount.id).where(_IS_DETACHING, BillingAccount.detach_next_at.is_(None))
    return session.scalar(select(func.count()).select_from(waiting.limit(limit).subquery())) or 0


def stuck_accounts(session: Session, limit: int = 20) -> tuple[BillingAccountView, ...]:
    """The removals that wait for a person, the longest waiting first."""
    statement = select(BillingAccount).where(_IS_DETACHING, BillingAccount.detach_next_at.is_(None))
    return tuple(_view(row) for row in session.scalars(statement.order_by(BillingAccount.id).limit(limit)))
