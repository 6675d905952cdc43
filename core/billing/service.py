"""Use cases of billing: issue a document, lay money on it, take it back."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.billing import ledger
from core.billing.ledger import Side
from core.billing.models import Invoice, InvoiceLine, TaxLine
from core.billing.values import Applied, Draft, DraftLine, DraftTax, InvoiceHead
from core.brands import service as brands
from core.clients import service as clients
from core.kernel import numbers, search
from core.kernel.clock import local_date
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.money import Money
from core.kernel.problems import NotFound
from core.kernel.work import House, publish
from core.services import service as services

OPEN = ("unpaid", "pending")


class CannotIssue(ValueError):
    """The draft contradicts itself: a mistake of ours, never stored."""


def today(session: Session, house: House, brand_id: UUID) -> date:
    """The day in the brand's zone: what documents and entries are dated with (M22, M23)."""
    return local_date(house.clock.now(), brands.brand_by_id(session, brand_id).timezone)


def issue(session: Session, house: House, draft: Draft) -> InvoiceHead:
    """Issue the draft: number, lines, taxes, ledger entry and event in the caller's transaction.

    A total of zero is paid at once. Raises CannotIssue for a negative total or an empty draft; a
    recurring period that was billed before is refused by the database (IntegrityError).
    """
    if not draft.lines or draft.total_minor < 0 or any(line.net_minor < 0 for line in draft.lines):
        raise CannotIssue(f"draft for client {draft.client_id}")
    invoice = _head(session, house, draft)
    session.add(invoice)
    session.flush()
    _write_lines(session, invoice.id, draft.lines)
    _write_taxes(session, invoice.id, draft.taxes)
    _post_issue(session, house, invoice, draft)
    search.put(session, "invoice", invoice.id, invoice.label, client_id=invoice.client_id)
    head = _view(invoice)
    publish(house, session, "invoice.issued", {"invoice_id": head.id, "client_id": head.client_id})
    if invoice.status == "paid":
        _tell_paid(session, house, head)
    return head


def _head(session: Session, house: House, draft: Draft) -> Invoice:
    series = f"{draft.brand_id}:{draft.issued_on.year}"
    number = numbers.take(session, f"invoice:{series}")[0]
    prefix = f"{draft.series_prefix}-" if draft.series_prefix else ""
    is_free = draft.total_minor == 0
    return Invoice(
        id=new_id(),
        brand_id=draft.brand_id,
        client_id=draft.client_id,
        order_id=draft.order_id,
        kind="invoice",
        series=series,
        number=number,
        label=f"{prefix}{draft.issued_on.year}-{number:06d}",
        status="paid" if is_free else "unpaid",
        paid_on=draft.issued_on if is_free else None,
        issued_on=draft.issued_on,
        due_on=draft.due_on,
        currency=draft.currency,
        net_minor=draft.net_minor,
        tax_minor=draft.tax_minor,
        total_minor=draft.total_minor,
        facts=dict(draft.facts),
        digest=_digest(draft, number),
        created_at=house.clock.now(),
    )


def _digest(draft: Draft, number: int) -> str:
    body = json.dumps([number, repr(draft.lines), repr(draft.taxes), dict(draft.facts)], sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()


def _write_lines(session: Session, invoice_id: UUID, lines: tuple[DraftLine, ...]) -> None:
    rows = [
        {
            "id": new_id(), "invoice_id": invoice_id, "position": position,
            "service_id": line.service_id, "kind": line.kind, "period_start": line.period_start,
            "period_end": line.period_end, "text": line.text, "quantity": line.quantity,
            "unit_minor": line.unit_minor, "discount_minor": line.discount_minor,
            "net_minor": line.net_minor, "gl_code": line.gl_code, "explanation": line.explanation,
        }
        for position, line in enumerate(lines, start=1)
    ]  # fmt: skip
    session.execute(insert(InvoiceLine), rows)


def _write_taxes(session: Session, invoice_id: UUID, taxes: tuple[DraftTax, ...]) -> None:
    rows = [
        {
            "id": new_id(), "invoice_id": invoice_id, "position": position, "name": tax.name,
            "rate": tax.rate, "taxable_share": tax.taxable_share, "base_minor": tax.base_minor,
            "tax_minor": tax.tax_minor,
        }
        for position, tax in enumerate(taxes, start=1)
    ]  # fmt: skip
    if rows:
        session.execute(insert(TaxLine), rows)


def _post_issue(session: Session, house: House, invoice: Invoice, draft: Draft) -> None:
    income: dict[str, int] = {}
    for line in draft.lines:
        income[line.gl_code] = income.get(line.gl_code, 0) + line.net_minor
    sides = [Side(account=ledger.RECEIVABLE, amount_minor=draft.total_minor, client_id=draft.client_id)]
    sides += [Side(account=code, amount_minor=-amount) for code, amount in sorted(income.items())]
    sides += [Side(account=ledger.TAX, amount_minor=-draft.tax_minor)]
    ledger.post(
        session, brand_id=draft.brand_id, occurred_on=draft.issued_on, source=f"invoice:{invoice.id}",
        currency=draft.currency, sides=sides, now=house.clock.now(), note=invoice.label,
    )  # fmt: skip


def lay_on(session: Session, house: House, invoice_id: UUID, amount_minor: int) -> Applied:
    """Lay received money on an invoice; what does not fit is the client's credit.

    A paid or void invoice takes nothing. The caller writes the ledger entry (it knows the source).
    """
    while True:
        head = find(session, invoice_id)
        fits = min(amount_minor, head.open.minor) if head.status in OPEN else 0
        if fits == 0 or _raise_paid(session, house, head, fits):
            break
    settled = fits > 0 and fits == head.open.minor
    if settled:
        _tell_paid(session, house, find(session, invoice_id))
    if rest := amount_minor - fits:
        clients.add_credit(session, head.client_id, rest)
    return Applied(allocated_minor=fits, credited_minor=amount_minor - fits, settled=settled)


def _raise_paid(session: Session, house: House, head: InvoiceHead, amount_minor: int) -> bool:
    settles = amount_minor == head.open.minor
    return changed(
        session,
        update(Invoice)
        .where(Invoice.id == head.id, Invoice.paid_minor == head.paid.minor, Invoice.status.in_(OPEN))
        .values(
            paid_minor=Invoice.paid_minor + amount_minor,
            status="paid" if settles else "unpaid",  # what was on its way has arrived
            paid_on=today(session, house, head.brand_id) if settles else None,
        ),
    )


def take_back(session: Session, house: House, invoice_id: UUID, amount_minor: int) -> None:
    """Money that was laid on the invoice is gone (a returned debit): the invoice is open again."""
    head = find(session, invoice_id)
    reopened = changed(
        session,
        update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.paid_minor >= amount_minor, Invoice.status != "void")
        .values(paid_minor=Invoice.paid_minor - amount_minor, status="unpaid", paid_on=None),
    )
    if not reopened:
        raise NotFound(_("This invoice has nothing to take back."))
    if head.status == "paid":
        services.no_longer_paid(session, _periods(session, invoice_id))
    publish(house, session, "invoice.reopened", {"invoice_id": head.id, "client_id": head.client_id})


def lift_off(session: Session, invoice_id: UUID, amount_minor: int) -> bool:
    """Take what was laid on an open invoice off it again (credit, before it is void); False when it moved
    on. The caller writes the ledger entry."""
    held = (Invoice.id == invoice_id, Invoice.paid_minor >= amount_minor, Invoice.status.in_(OPEN))
    lifted = update(Invoice).where(*held).values(paid_minor=Invoice.paid_minor - amount_minor)
    return changed(session, lifted)


def keep_open(session: Session, invoice_id: UUID) -> InvoiceHead:
    """The invoice as it is, held until the transaction ends: nobody pays or voids it meanwhile."""
    session.flush()
    changed(session, update(Invoice).where(Invoice.id == invoice_id).values(status=Invoice.status))
    return find(session, invoice_id)


def mark_pending(session: Session, invoice_id: UUID, *, pending: bool) -> None:
    """Show that money is on its way (or no longer)."""
    before, after = ("unpaid", "pending") if pending else ("pending", "unpaid")
    changed(
        session,
        update(Invoice).where(Invoice.id == invoice_id, Invoice.status == before).values(status=after),
    )


def void(session: Session, house: House, invoice_id: UUID) -> bool:
    """Take an invoice on which nothing was paid out of the books; it keeps its number."""
    head = find(session, invoice_id)
    voided = changed(
        session,
        update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.paid_minor == 0, Invoice.status.in_(OPEN))
        .where(Invoice.total_minor > 0)
        .values(status="void"),
    )
    if voided:
        ledger.reverse(
            session, source=f"invoice:{invoice_id}", new_source=f"invoice:{invoice_id}:void",
            occurred_on=today(session, house, head.brand_id), now=house.clock.now(),
            note=f"{head.label} void",
        )  # fmt: skip
    return voided


def _tell_paid(session: Session, house: House, head: InvoiceHead) -> None:
    services.paid_until(session, [(service, end) for service, _, end in _periods(session, head.id)])
    publish(house, session, "invoice.paid", {"invoice_id": head.id, "client_id": head.client_id})


def _periods(session: Session, invoice_id: UUID) -> list[tuple[UUID, date, date]]:
    """(service, first day, first day after) of what recurs on an invoice."""
    rows = session.execute(
        select(InvoiceLine.service_id, InvoiceLine.period_start, InvoiceLine.period_end).where(
            InvoiceLine.invoice_id == invoice_id, InvoiceLine.kind == "recurring"
        )
    )
    return [
        (service_id, start, end)
        for service_id, start, end in rows
        if service_id is not None and start is not None and end is not None
    ]


def find(session: Session, invoice_id: UUID) -> InvoiceHead:
    """Raises NotFound."""
    row = session.get(Invoice, invoice_id)
    if row is None:
        raise NotFound(_("There is no such invoice."))
    return _view(row)


def _view(row: Invoice) -> InvoiceHead:
    return InvoiceHead(
        id=row.id,
        brand_id=row.brand_id,
        client_id=row.client_id,
        order_id=row.order_id,
        label=row.label,
        status=row.status,
        total=Money(row.total_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        issued_on=row.issued_on,
        due_on=row.due_on,
    )
