"""One-off invoices: any number of items that belong to no service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import documents, ledger, service
from core.billing.documents import Priced
from core.billing.models import LedgerAccount
from core.billing.values import Draft, DraftLine, InvoiceHead
from core.catalog.models import Product
from core.clients import service as clients
from core.clients import standing
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.lines import is_line
from core.kernel.money import Money
from core.kernel.problems import Conflict, InvalidFields
from core.kernel.work import House

MOST_ITEMS = 100
MOST_PIECES = 100_000
LONGEST_TEXT = 300
MOST_MINOR = 10**12
MOST_DAYS = 365
NOT_TAXED = "none"
OTHER_CLASS = "other"  # bears what every class bears, and no rule of one class
_WHOLE = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemForm:
    """One item as it was typed. ``taxable`` is a tax class, or NOT_TAXED."""

    text: str = ""
    quantity: str = "1"
    unit_price: str = ""
    taxable: str = OTHER_CLASS
    gl_code: str = ledger.INCOME

    @property
    def is_empty(self) -> bool:
        return not self.text.strip() and not self.unit_price.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What an item can choose from: tax classes, and accounts of income as (code, name)."""

    tax_classes: tuple[str, ...]
    gl_codes: tuple[tuple[str, str], ...]


def choices(session: Session) -> Choices:
    """The tax classes and income accounts that the catalogue and the ledger know."""
    classes = session.scalars(select(Product.tax_class).distinct().order_by(Product.tax_class))
    codes = set(session.scalars(select(Product.gl_code).distinct())) | {ledger.INCOME}
    rows = session.execute(
        select(LedgerAccount.code, LedgerAccount.name).where(
            LedgerAccount.kind == "income", LedgerAccount.code.not_in(ledger.NOT_SOLD)
        )
    )
    names = {row.code: row.name for row in rows}
    usual = {code: name for code, (name, _kind) in ledger.ACCOUNTS.items()}
    known = {code: names.get(code) or usual.get(code) or f"Income {code}" for code in codes | set(names)}
    return Choices(
        tax_classes=tuple(one for one in classes if one and one != OTHER_CLASS),
        gl_codes=tuple(sorted(known.items())),
    )


def draft_of(
    session: Session, house: House, client_id: UUID, items: Sequence[ItemForm], *, due_days: str = ""
) -> Draft:
    """The invoice that these items would make; empty rows are left out.

    Raises InvalidFields (``text-1``, ``quantity-1``, ``unit_price-1``, ``taxable-1``, ``gl_code-1``,
    ``due_days``), NotFound, and Conflict without a primary contact.
    """
    client = clients.client_by_id(session, client_id)
    offered, wrong = choices(session), dict[str, str]()
    typed = [(at, one) for at, one in enumerate(items, start=1) if not one.is_empty]
    if not typed:
        wrong["text-1"] = _("Enter at least one item.")
    if len(typed) > MOST_ITEMS:
        wrong["text-1"] = _("An invoice holds {count} items at most.").format(count=MOST_ITEMS)
    priced = [_priced(one, at, client.currency, offered, wrong) for at, one in typed]
    days = _days(due_days, wrong)
    if wrong:
        raise InvalidFields(wrong)
    found = documents.draft(session, house, client_id, [one for one in priced if one is not None])
    if days is None:
        return found
    due_on = found.issued_on + timedelta(days=days)
    return replace(found, due_on=due_on)


def _priced(one: ItemForm, at: int, currency: str, offered: Choices, wrong: dict[str, str]) -> Priced | None:
    """The item as a line; None, and what is wrong noted, when it is not one."""
    before = len(wrong)
    text = " ".join(one.text.split())
    if not is_line(text, LONGEST_TEXT):
        wrong[f"text-{at}"] = _("Say in up to 300 characters what it is for.")
    quantity = _quantity(one.quantity, at, wrong)
    unit = _unit(one.unit_price, at, currency, wrong)
    if one.taxable not in (NOT_TAXED, OTHER_CLASS, *offered.tax_classes):
        wrong[f"taxable-{at}"] = _("Choose how it is taxed.")
    if one.gl_code not in dict(offered.gl_codes):
        wrong[f"gl_code-{at}"] = _("Choose an account from the list.")
    if len(wrong) > before:
        return None
    line = DraftLine(
        service_id=None, kind="once", period_start=None, period_end=None, text=text, quantity=quantity,
        unit_minor=unit, discount_minor=0, gl_code=one.gl_code,
    )  # fmt: skip
    return Priced(line=line, tax_class=None if one.taxable == NOT_TAXED else one.taxable)


def _quantity(text: str, at: int, wrong: dict[str, str]) -> int:
    text = text.strip() or "1"
    if not (text.isascii() and _WHOLE.fullmatch(text)) or not 1 <= int(text) <= MOST_PIECES:
        wrong[f"quantity-{at}"] = _("Enter a whole number from 1 to 100000.")
        return 1
    return int(text)


def _unit(text: str, at: int, currency: str, wrong: dict[str, str]) -> int:
    try:
        minor = Money.typed(text, currency).minor
    except ValueError:
        minor = -1
    if not 0 <= minor <= MOST_MINOR:
        wrong[f"unit_price-{at}"] = _("Enter a price in figures, as in 25.00.")
        return 0
    return minor


def _days(text: str, wrong: dict[str, str]) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 3 or int(text) > MOST_DAYS:
        wrong["due_days"] = _("Enter a number of days from 0 to 365, or nothing.")
        return None
    return int(text)


def issue_items(
    house: House, client_id: UUID, items: Sequence[ItemForm], *, actor: str, ip: str = "",
    due_days: str = "", shown_minor: int | None = None,
) -> InvoiceHead:  # fmt: skip
    """Issue an invoice over these items. A repeat issues another one.

    ``shown_minor`` is the total that was agreed to on the screen. Raises InvalidFields as ``draft_of``,
    NotBillable (a Conflict) unless the client is active, Conflict when the total is another by now.
    """

    def work(session: Session) -> InvoiceHead:
        standing.hold_billable(session, client_id)
        draft = draft_of(session, house, client_id, items, due_days=due_days)
        if shown_minor is not None and draft.total_minor != shown_minor:
            raise Conflict(_("The total is another one by now. Look at it again before you issue it."))
        invoice = service.issue(session, house, draft)
        facts = {"client": str(client_id), "total": str(invoice.total), "lines": len(draft.lines)}
        audit.record(
            session, actor=actor, action="invoice.create", target=f"invoice:{invoice.id}", ip=ip,
            now=house.clock.now(), after=facts,
        )  # fmt: skip
        return invoice

    return house.db.run(work)
