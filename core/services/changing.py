"""Changing what a service costs, and when it is billed next. Each change says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel import audit, dates
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.lines import is_line
from core.kernel.money import Money, decimal_text
from core.kernel.problems import Conflict, InvalidFields, NotFound, Stale
from core.kernel.work import House
from core.services.models import Service

OVER = ("terminated", "cancelled")
MOST_MINOR = 10**12
LONGEST = 300
FURTHEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """What of a service's billing can be changed, as its form shows it."""

    id: UUID
    client_id: UUID
    status: str
    price: Money
    price_reason: str
    setup: Money  # still to be asked, with the first period that is billed
    next_due_on: date | None
    billing_account_id: UUID | None
    version: int

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def form(self) -> dict[str, str]:
        return {
            "price": decimal_text(self.price), "price_reason": self.price_reason,
            "next_due_on": self.next_due_on.isoformat() if self.next_due_on else "",
            "version": str(self.version),
        }  # fmt: skip


def billing_of(session: Session, service_id: UUID) -> Billing:
    """Raises NotFound."""
    row = session.scalar(select(Service).where(Service.id == service_id))
    if row is None:
        raise NotFound(_("There is no such service."))
    return Billing(
        id=row.id, client_id=row.client_id, status=row.status, price=Money(row.price_minor, row.currency),
        price_reason=row.price_reason, setup=Money(row.setup_minor, row.currency),
        next_due_on=row.next_due_on, billing_account_id=row.billing_account_id, version=row.version,
    )  # fmt: skip


def change(
    session: Session, house: House, service_id: UUID, form: Mapping[str, str], *, version: int, actor: str,
    ip: str = "",
) -> bool:  # fmt: skip
    """Take ``price``, ``price_reason`` and ``next_due_on`` from a form; False when nothing differs.

    Another price needs a reason. Another due date is the new anchor of the periods after it. ``version``
    is the one the form was drawn from. Raises InvalidFields, NotFound, Stale, and Conflict for what is over.
    """
    kept = billing_of(session, service_id)
    if kept.version != version:
        raise Stale(kept.version, kept.form())
    if kept.is_over:
        raise Conflict(_("This service is over: nothing of it is billed any more."))
    price, reason, due = _checked(kept, form)
    values: dict[str, object] = {}
    if price != kept.price or reason != kept.price_reason:
        values |= {"price_minor": price.minor, "price_reason": reason}
    if due != kept.next_due_on and due is not None:
        values |= {"next_due_on": due, "anchor_day": due.day}
    if not values:
        return False
    held = update(Service).where(Service.id == service_id, Service.version == version)
    if not changed(session, held.values(version=version + 1, **values)):
        raise Conflict(_("Somebody else changed this service just now. Look at it again."))
    _tell(session, house, kept, billing_of(session, service_id), actor, ip)
    return True


def _checked(kept: Billing, form: Mapping[str, str]) -> tuple[Money, str, date | None]:
    wrong: dict[str, str] = {}
    price = read_price(form.get("price", ""), kept.price.currency, wrong)
    reason = read_reason(form.get("price_reason", ""), wrong)
    if price != kept.price and not wrong and not reason:
        wrong["price_reason"] = _("Say why the price is another one.")
    due = _due(form.get("next_due_on", ""), kept, wrong)
    if wrong:
        raise InvalidFields(wrong)
    return price, reason, due


def read_price(text: str, currency: str, wrong: dict[str, str]) -> Money:
    """A price of zero or more; what is wrong is noted under ``price``."""
    try:
        price = Money.typed(text, currency)
    except ValueError:
        price = Money(-1, currency)
    if not 0 <= price.minor <= MOST_MINOR:
        wrong["price"] = _("Enter a price in figures, as in 25.00.")
    return price


def read_reason(text: str, wrong: dict[str, str], name: str = "price_reason") -> str:
    reason = " ".join(text.split())
    if reason and not is_line(reason, LONGEST):
        wrong[name] = _("Write at most 300 letters that can be printed.")
    return reason


def _due(text: str, kept: Billing, wrong: dict[str, str]) -> date | None:
    if not text.strip():
        if kept.next_due_on is not None:
            wrong["next_due_on"] = _("Enter the day, as in {example}.").format(example="2027-01-31")
        return None
    day = dates.read(text)
    if day is None:
        wrong["next_due_on"] = _("Enter the day, as in {example}.").format(example="2027-01-31")
    elif kept.next_due_on is None:
        wrong["next_due_on"] = _("This was bought once: it is not billed again.")
    elif abs(day - kept.next_due_on) > FURTHEST:
        wrong["next_due_on"] = _("That is more than ten years away. Look at the year.")
    return day


def _tell(session: Session, house: House, before: Billing, after: Billing, actor: str, ip: str) -> None:
    old, new = before.form(), after.form()
    names = [name for name in old if name != "version" and old[name] != new[name]]
    audit.record(
        session, actor=actor, action="service.edit", target=f"service:{after.id}", ip=ip,
        now=house.clock.now(), before={name: old[name] for name in names},
        after={name: new[name] for name in names},
    )  # fmt: skip
