"""Erasing a client (GDPR, article 17): what is personal is replaced, what the law keeps stays.

Kept as they were: issued invoices with the buyer's name and address, the ledger, and the audit log, which
are evidence (article 17(3)(b) and (e)); the steps that panels told of, which cannot be changed. Everything
else that names a person is gone for good, in one transaction; the bytes of files go right after it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.clients import files, standing, statuses
from core.clients.models import (
    BillingAccount,
    Client,
    ClientNote,
    ClientStatusChange,
    Contact,
    ContactMailChoice,
    CustomValue,
)
from core.domains.models import Domain
from core.identity.models import (
    KnownDevice,
    ListView,
    Membership,
    OneTimeToken,
    RecoveryCode,
    SecondFactor,
    SignInSession,
    Staff,
    User,
)
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.lines import is_line
from core.kernel.problems import Conflict, InvalidFields
from core.kernel.search import drop_client
from core.kernel.work import House
from core.mail.models import MailMessage
from core.orders.models import Cart, CartLine, Order, QuoteRow
from core.payments.models import Attempt
from core.provisioning.models import Job, RemoteAccount
from core.records import obstacles
from core.records.models import Import
from core.services.models import Service

GONE = "Erased"
NOWHERE = "erased.invalid"  # RFC 2606: mail to it goes nowhere
NO_PASSWORD = "!"  # no hash of anything
LONGEST = 300


def open_still(session: Session, client_id: UUID) -> tuple[str, ...]:
    """Why the client cannot be erased yet, in words that say what to do. Raises NotFound."""
    found = [one.text for one in obstacles.of_erasing(session, client_id)]
    if standing.standing(session, client_id).behaviour != statuses.CLOSED:
        found.insert(0, _("Close the client first: only what is over is erased."))
    return tuple(found)


def erase(house: House, data_folder: Path, client_id: UUID, *, reason: str, actor: str, ip: str = "") -> None:
    """Replace what is personal of a client, for good. ``reason`` says who asked, for the audit log.

    Raises InvalidFields (reason), NotFound, and Conflict while something is open or it was erased before.
    """
    reason = " ".join(reason.split())
    if not is_line(reason, LONGEST):
        raise InvalidFields({"reason": _("Say who asked for it, and when.")})

    def work(session: Session) -> tuple[str, ...]:
        standing.hold(session, client_id)
        if session.get_one(Client, client_id).erased_at is not None:
            raise Conflict(_("This client was erased before."))
        if found := open_still(session, client_id):
            raise Conflict(" ".join(found))
        _samples(session, client_id)
        _users(session, house, client_id)
        _people(session, house, client_id)
        _dealings(session, client_id)
        _account(session, house, client_id)
        stored = files.forget_all(session, client_id)
        drop_client(session, client_id)
        audit.record(
            session, actor=actor, action="client.erase", target=f"client:{client_id}", ip=ip,
            now=house.clock.now(), after={"reason": reason, "files": len(stored)},
        )  # fmt: skip
        return stored

    files.unlink(data_folder, house.db.run(work))


def _samples(session: Session, client_id: UUID) -> None:
    """What imports still show of the first rows of their files, where it names somebody of this client. The
    files themselves go a month after their import (``core.records.importing.service.sweep``)."""
    names: set[str] = {session.get_one(Client, client_id).company_name}
    people = select(Contact.email, Contact.last_name).where(Contact.client_id == client_id)
    names.update(name for row in session.execute(people) for name in row)
    names = {name.casefold() for name in names if name}
    for row in session.scalars(select(Import).where(Import.stored_as != "")).all():
        kept = [one for one in row.sample if not any(name in one["text"].casefold() for name in names)]
        if len(kept) != len(row.sample):
            row.sample = kept
    session.flush()


def _account(session: Session, house: House, client_id: UUID) -> None:
    _write(session, update(Client).where(Client.id == client_id).values(
        company_name="", tax_id="", tax_id_checked_at=None, tax_id_answer=None, external_reference="",
        erased_at=house.clock.now(), version=Client.version + 1,
    ))  # fmt: skip
    _write(
        session,
        update(ClientStatusChange).where(ClientStatusChange.client_id == client_id).values(reason=""),
    )
    _write(session, delete(ClientNote).where(ClientNote.client_id == client_id))


def _people(session: Session, house: House, client_id: UUID) -> None:
    """Contacts keep their row, for what refers to them, and nothing of the person."""
    own = select(Contact.id).where(Contact.client_id == client_id)
    _write(session, delete(CustomValue).where(CustomValue.owner_id.in_([client_id, *session.scalars(own)])))
    _write(session, delete(ContactMailChoice).where(ContactMailChoice.contact_id.in_(own)))
    blank = dict.fromkeys((
        "company_name", "street_address", "address_2", "city", "state", "county", "postal_code",
        "primary_phone", "secondary_phone", "fax", "mobile_phone",
    ), "")  # fmt: skip
    _write(session, update(Contact).where(Contact.client_id == client_id).values(
        first_name=GONE, last_name="", email=f"nobody@{NOWHERE}", user_id=None, roles=[],
        version=Contact.version + 1, **blank,
    ))  # fmt: skip
    _write(session, update(BillingAccount).where(BillingAccount.client_id == client_id).values(
        source_encrypted="", brand="", last4="", holder="", issue_number="", start_date="", mandate={},
        expires_on=None,
    ))  # fmt: skip


def _users(session: Session, house: House, client_id: UUID) -> None:
    """People who sign in for this client alone can not any more; who acts for others goes on for those."""
    mine = session.scalars(select(Membership.user_id).where(Membership.client_id == client_id)).all()
    _write(session, delete(Membership).where(Membership.client_id == client_id))
    busy = set(session.scalars(select(Membership.user_id).where(Membership.user_id.in_(mine))))
    busy |= set(session.scalars(select(Staff.user_id).where(Staff.user_id.in_(mine))))
    for user_id in mine:
        if user_id not in busy:
            _forget_user(session, house, user_id)


def _forget_user(session: Session, house: House, user_id: UUID) -> None:
    for table in (SecondFactor, RecoveryCode, OneTimeToken, KnownDevice, ListView):
        _write(session, delete(table).where(table.user_id == user_id))
    ended = func.coalesce(SignInSession.revoked_at, house.clock.now())
    sessions = update(SignInSession).where(SignInSession.user_id == user_id)
    _write(session, sessions.values(ip="", agent="", revoked_at=ended))
    name, email = f"erased-{user_id.hex}", f"{user_id.hex}@{NOWHERE}"
    _write(session, update(User).where(User.id == user_id).values(
        username=name, username_folded=name, email=email, email_folded=email, status="disabled",
        password_hash=NO_PASSWORD,
    ))  # fmt: skip


def _dealings(session: Session, client_id: UUID) -> None:
    """Orders, services, payments and mails keep what they were about, not whom."""
    services = select(Service.id).where(Service.client_id == client_id)
    _write(session, update(Domain).where(Domain.service_id.in_(services)).values(whois={}))
    for table in (Domain, RemoteAccount):
        for row_id in session.scalars(select(table.id).where(table.service_id.in_(services))).all():
            _write(session, update(table).where(table.id == row_id).values(**_nameless(table, row_id)))
    _write(session, update(Job).where(Job.service_id.in_(services)).values(request={}, staff_note=""))
    _write(session, update(Service).where(Service.client_id == client_id).values(
        domain="", price_reason="", external_reference="",
    ))  # fmt: skip
    _write(session, update(Attempt).where(Attempt.client_id == client_id).values(
        method="", staff_note="", action=None, approve_url=None,
    ))  # fmt: skip
    _write(session, update(Order).where(Order.client_id == client_id).values(ip=""))
    _carts(session, client_id)
    _write(session, update(MailMessage).where(MailMessage.client_id == client_id).values(
        recipient=f"nobody@{NOWHERE}", subject=GONE, body_text="", body_html="", error="", link_encrypted="",
    ))  # fmt: skip


def _carts(session: Session, client_id: UUID) -> None:
    """What was typed on the way to an order, and the names in what it was quoted."""
    orders = select(Order.id).where(Order.client_id == client_id)
    mine = select(Cart.id).where((Cart.client_id == client_id) | Cart.order_id.in_(orders))
    carts = session.scalars(mine).all()
    _write(session, update(Cart).where(Cart.id.in_(carts)).values(
        contact=None, password_hash="", source_encrypted="", source_label="",
    ))  # fmt: skip
    _write(session, update(CartLine).where(CartLine.cart_id.in_(carts)).values(domain=""))
    for row in session.scalars(select(QuoteRow).where(QuoteRow.cart_id.in_(carts))).all():
        lines = [line | {"domain": ""} for line in row.body.get("lines", ())]
        row.body = row.body | {"lines": lines}
    session.flush()


def _nameless(table: Any, row_id: UUID) -> dict[str, Any]:
    name = f"erased-{row_id.hex}"
    if table is Domain:
        return {"name": f"{name}.invalid"}
    return {"username": name, "domain": "", "password_encrypted": "", "facts": {}, "remote_id": None}


def _write(session: Session, statement: Any) -> None:
    session.flush()
    session.execute(statement, execution_options={"synchronize_session": False})
    session.expire_all()
