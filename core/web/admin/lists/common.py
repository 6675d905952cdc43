"""What several lists have in common."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from core.brands import queries as brands
from core.kernel.db import DbSession
from core.kernel.money import Money, exponent
from core.web import shown
from core.web.admin.listing.spec import Asked, Choices, Filter


def brand_choices(session: DbSession) -> Choices:
    """All brands; a filter with one choice is not drawn."""
    return [(str(one.id), one.name) for one in brands.names(session)]


BRAND = Filter(name="brand", label="Brand", any_label="Any brand", choices=brand_choices)


def chosen_id(wish: Asked, name: str) -> UUID | None:
    """The thing that a filter narrows to."""
    value = wish.values.get(name, "")
    return UUID(value) if value else None


def amount(money: Money) -> str:
    """As tables of other programs read it: ``1234.50``. Its currency stands in a column of its own."""
    return f"{money.major:.{exponent(money.currency)}f}"


def day(value: date | None) -> str:
    """``2026-11-20``; "" where there is none."""
    return value.isoformat() if value else ""


def moment(value: datetime | None) -> str:
    """``2026-11-20 15:42:00`` on the clock that pages show."""
    return f"{value.astimezone(shown.zone()):%Y-%m-%d %H:%M:%S}" if value else ""
