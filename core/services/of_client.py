"""What the pages of one client read of its services beside the list. Nothing here changes anything."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.kernel.calendar import Cycle
from core.kernel.money import Money, round_half_up
from core.services.figures import months_of
from core.services.models import Service
from core.services.renewals import RUNNING


def recurring(session: Session, client_id: UUID) -> tuple[Money, ...]:
    """What the services that run bring in a month, one sum per currency, before discounts and taxes."""
    statement = (
        select(
            Service.currency, Service.cycle_unit, Service.cycle_count,
            func.sum(Service.price_minor * Service.quantity),
        )
        .where(Service.client_id == client_id, Service.status.in_(RUNNING), Service.cycle_unit != "once")
        .group_by(Service.currency, Service.cycle_unit, Service.cycle_count)
    )  # fmt: skip
    sums: dict[str, Fraction] = {}
    for currency, unit, count, minor in session.execute(statement):
        monthly = Fraction(int(minor)) / months_of(Cycle.of(unit, count))
        sums[currency] = sums.get(currency, Fraction(0)) + monthly
    return tuple(Money(round_half_up(exact), currency) for currency, exact in sorted(sums.items()))
