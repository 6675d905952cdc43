"""Everything that is kept of one client as one JSON file (GDPR, articles 15 and 20), written as it is read.

Each section names its columns: what is not named does not leave the house. No hash, no token, no sealed
record, nothing of other clients, and no name of the staff who wrote something down.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.billing import ledger
from core.billing.models import Entry, Invoice, InvoiceLine, Posting, TaxLine
from core.clients import files
from core.clients.models import (
    BillingAccount,
    Client,
    ClientFile,
    ClientGroup,
    ClientNote,
    ClientStatus,
    ClientStatusChange,
    Contact,
    ContactMailChoice,
    CustomField,
    CustomValue,
)
from core.domains.models import Domain
from core.identity.models import Membership, SignInSession, User
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.problems import NotFound
from core.kernel.work import House
from core.mail.models import MailMessage
from core.orders.models import Order
from core.payments.models import Attempt
from core.provisioning.models import RemoteAccount
from core.services.models import Service

FORMAT = "innkeeper-client-1"
CHUNK = 48 * 1024  # of a file's bytes: a multiple of three, so that base64 goes on without a gap
# Mails whose text lets its reader in: the text stays here, that it was sent does not.
KEYS = ("package_info", "password_reset", "invite")
Column = InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A list in the file. ``of`` gives the condition that makes it this client's."""

    name: str
    columns: tuple[Column, ...]
    of: Callable[[UUID], ColumnElement[bool]]
    order: Column
    also: Callable[[Session, UUID, dict[str, Any]], dict[str, Any]] | None = None


def _services_of(client_id: UUID) -> Any:
    return select(Service.id).where(Service.client_id == client_id)


def _users_of(client_id: UUID) -> Any:
    return select(Membership.user_id).where(Membership.client_id == client_id)


def _of_contact(session: Session, contact_id: UUID, row: dict[str, Any]) -> dict[str, Any]:
    chosen = select(ContactMailChoice.mail_type).where(ContactMailChoice.contact_id == contact_id)
    return {"email_actions": sorted(session.scalars(chosen))}


def _of_invoice(session: Session, invoice_id: UUID, row: dict[str, Any]) -> dict[str, Any]:
    lines = (
        InvoiceLine.position, InvoiceLine.text, InvoiceLine.kind, InvoiceLine.period_start,
        InvoiceLine.period_end, InvoiceLine.quantity, InvoiceLine.unit_minor, InvoiceLine.discount_minor,
        InvoiceLine.net_minor,
    )  # fmt: skip
    taxes = (TaxLine.name, TaxLine.rate, TaxLine.taxable_share, TaxLine.base_minor, TaxLine.tax_minor)
    return {
        "lines": _rows(session, lines, InvoiceLine.invoice_id == invoice_id, InvoiceLine.position),
        "taxes": _rows(session, taxes, TaxLine.invoice_id == invoice_id, TaxLine.position),
    }


def _of_mail(session: Session, mail_id: UUID, row: dict[str, Any]) -> dict[str, Any]:
    if row["type"] in KEYS:
        return {"text": None}
    return {"text": session.scalar(select(MailMessage.body_text).where(MailMessage.id == mail_id))}


def _of_custom(session: Session, value_id: UUID, row: dict[str, Any]) -> dict[str, Any]:
    found = session.execute(
        select(CustomField.key, CustomField.label)
        .join(CustomValue, CustomValue.field_id == CustomField.id)
        .where(CustomValue.id == value_id)
    ).one()
    return {"field": found.key, "label": found.label}


SECTIONS: tuple[Section, ...] = (
    Section(
        name="status_changes", order=ClientStatusChange.id,
        columns=(ClientStatusChange.from_label, ClientStatusChange.to_label, ClientStatusChange.at),
        of=lambda one: ClientStatusChange.client_id == one,
    ),
    Section(
        name="custom_fields", columns=(CustomValue.value,), order=CustomValue.id,
        of=lambda one: (CustomValue.owner_id == one)
        | CustomValue.owner_id.in_(select(Contact.id).where(Contact.client_id == one)),
        also=_of_custom,
    ),
    Section(
        name="contacts", order=Contact.id, of=lambda one: Contact.client_id == one, also=_of_contact,
        columns=(
            Contact.is_primary, Contact.roles, Contact.company_name, Contact.first_name, Contact.last_name,
            Contact.email, Contact.street_address, Contact.address_2, Contact.city, Contact.state,
            Contact.county, Contact.postal_code, Contact.country, Contact.primary_phone,
            Contact.secondary_phone, Contact.fax, Contact.mobile_phone, Contact.language,
            Contact.email_format, Contact.removed_at,
        ),
    ),
    Section(
        name="users", order=User.id, of=lambda one: User.id.in_(_users_of(one)),
        columns=(User.username, User.email, User.locale, User.status, User.created_at),
    ),
    Section(
        name="sign_ins", order=SignInSession.id,
        of=lambda one: SignInSession.user_id.in_(_users_of(one)) & SignInSession.acting_staff_id.is_(None)
        & (SignInSession.area == "portal"),
        columns=(
            SignInSession.ip, SignInSession.agent, SignInSession.created_at, SignInSession.last_seen_at,
        ),
    ),
    Section(
        name="billing_accounts", order=BillingAccount.id, of=lambda one: BillingAccount.client_id == one,
        columns=(
            BillingAccount.gateway, BillingAccount.kind, BillingAccount.brand, BillingAccount.last4,
            BillingAccount.holder, BillingAccount.expires_on, BillingAccount.issue_number,
            BillingAccount.start_date, BillingAccount.is_default, BillingAccount.mandate,
            BillingAccount.created_at, BillingAccount.removed_at,
        ),
    ),
    Section(
        name="services", order=Service.id, of=lambda one: Service.client_id == one,
        columns=(
            Service.number, Service.label, Service.domain, Service.status, Service.cycle_unit,
            Service.cycle_count, Service.quantity, Service.price_minor, Service.setup_minor,
            Service.currency, Service.started_on, Service.next_due_on, Service.paid_until,
            Service.activated_at, Service.ended_at, Service.created_at,
        ),
    ),
    Section(
        name="domains", order=Domain.id, of=lambda one: Domain.service_id.in_(_services_of(one)),
        columns=(Domain.name, Domain.state, Domain.expires_on, Domain.nameservers, Domain.whois),
    ),
    Section(
        name="accounts_on_servers", order=RemoteAccount.id,
        of=lambda one: RemoteAccount.service_id.in_(_services_of(one)),
        columns=(RemoteAccount.username, RemoteAccount.domain, RemoteAccount.state),
    ),
    Section(
        name="orders", order=Order.id, of=lambda one: Order.client_id == one,
        columns=(Order.label, Order.state, Order.terms_accepted_at, Order.ip, Order.placed_at),
    ),
    Section(
        name="invoices", order=Invoice.id, of=lambda one: Invoice.client_id == one, also=_of_invoice,
        columns=(
            Invoice.label, Invoice.kind, Invoice.status, Invoice.issued_on, Invoice.due_on, Invoice.paid_on,
            Invoice.currency, Invoice.net_minor, Invoice.tax_minor, Invoice.total_minor, Invoice.paid_minor,
            Invoice.facts,
        ),
    ),
    Section(
        name="payments", order=Attempt.id, of=lambda one: Attempt.client_id == one,
        columns=(
            Attempt.number, Attempt.kind, Attempt.gateway, Attempt.method, Attempt.amount_minor,
            Attempt.refunded_minor, Attempt.currency, Attempt.state, Attempt.reference, Attempt.created_at,
            Attempt.settled_at,
        ),
    ),
    Section(
        name="credit", order=Posting.id,
        of=lambda one: (Posting.client_id == one) & (Posting.account == ledger.CREDIT)
        & (Entry.id == Posting.entry_id),
        columns=(Entry.occurred_on, Entry.note, Posting.amount_minor, Posting.currency),
    ),
    Section(
        name="mails", order=MailMessage.id, of=lambda one: MailMessage.client_id == one, also=_of_mail,
        columns=(
            MailMessage.type, MailMessage.recipient, MailMessage.subject, MailMessage.state,
            MailMessage.created_at, MailMessage.sent_at,
        ),
    ),
    Section(
        name="notes", order=ClientNote.id, of=lambda one: ClientNote.client_id == one,
        columns=(ClientNote.text, ClientNote.created_at, ClientNote.changed_at),
    ),
)  # fmt: skip


def begin(house: House, client_id: UUID, *, actor: str, ip: str = "") -> str:
    """Note who has everything of the client handed out; gives a name for the file. Raises NotFound."""
    with house.db.transaction() as session:
        number = session.scalar(select(Client.number).where(Client.id == client_id))
        if number is None:
            raise NotFound(_("There is no such client."))
        audit.record(
            session, actor=actor, action="client.export", target=f"client:{client_id}", ip=ip,
            now=house.clock.now(),
        )  # fmt: skip
    return f"client-{number}.json"


def write(house: House, data_folder: Path, client_id: UUID) -> Iterator[str]:
    """The file, piece by piece; all of it was true at one moment. Raises NotFound before the first piece."""
    with house.db.read() as session:
        head = {
            "format": FORMAT,
            "made_at": house.clock.now().isoformat(),
            "client": _client(session, client_id),
        }
        yield json.dumps(head, ensure_ascii=False, indent=1)[:-2]
        for section in SECTIONS:
            yield f',\n "{section.name}": ['
            yield from _listed(_section(session, section, client_id))
            yield "]"
        yield ',\n "files": ['
        yield from _files(session, data_folder, client_id)
        yield "]\n}\n"


def _client(session: Session, client_id: UUID) -> dict[str, Any]:
    columns = (
        Client.number, Client.company_name, Client.billing_day, Client.billing_country, Client.is_taxable,
        Client.tax_id, Client.tax_id_checked_at, Client.tax_id_answer, Client.currency, Client.credit_minor,
        Client.created_at, Client.closed_at, Client.external_reference,
    )  # fmt: skip
    found = _rows(session, columns, Client.id == client_id, Client.id)
    if not found:
        raise NotFound(_("There is no such client."))
    status = select(ClientStatus.label).join(Client, Client.status_id == ClientStatus.id)
    group = select(ClientGroup.name).join(Client, Client.group_id == ClientGroup.id)
    return found[0] | {
        "status": session.scalar(status.where(Client.id == client_id)),
        "group": session.scalar(group.where(Client.id == client_id)),
    }


def _section(session: Session, section: Section, client_id: UUID) -> Iterator[dict[str, Any]]:
    key = section.order.label("row_id")
    statement = select(key, *section.columns).where(section.of(client_id)).order_by(section.order)
    # the whole list of ids first: what belongs to a row is asked beside, while no cursor is open
    for found in session.execute(statement).all():
        row = _plain_row(found._mapping, section.columns)
        yield row | (section.also(session, found.row_id, row) if section.also else {})


def _rows(
    session: Session, columns: Sequence[Column], condition: ColumnElement[bool], order: Column
) -> list[dict[str, Any]]:
    found = session.execute(select(*columns).where(condition).order_by(order))
    return [_plain_row(row._mapping, columns) for row in found]


def _plain_row(row: Any, columns: Sequence[Column]) -> dict[str, Any]:
    return {column.key: _plain(row[column]) for column in columns}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _listed(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for position, row in enumerate(rows):
        yield ("," if position else "") + "\n  " + json.dumps(row, ensure_ascii=False)


def _files(session: Session, data_folder: Path, client_id: UUID) -> Iterator[str]:
    """Each file with its bytes, as base64; one that is not in the folder any more says so."""
    ids = session.scalars(
        select(ClientFile.id).where(ClientFile.client_id == client_id).order_by(ClientFile.id)
    ).all()
    for position, file_id in enumerate(ids):
        kept = files.find(session, file_id)
        facts = {
            "name": kept.name, "media_type": kept.media_type, "size": kept.size, "sha256": kept.digest,
            "created_at": kept.created_at.isoformat(),
        }  # fmt: skip
        yield ("," if position else "") + "\n  " + json.dumps(facts, ensure_ascii=False)[:-1]
        yield from _content(session, data_folder, file_id)
        yield "}"


def _content(session: Session, data_folder: Path, file_id: UUID) -> Iterator[str]:
    try:
        _kept, path = files.read(session, data_folder, file_id)
    except NotFound:
        yield ', "base64": null'
        return
    yield ', "base64": "'
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            yield base64.b64encode(chunk).decode()
    yield '"'
