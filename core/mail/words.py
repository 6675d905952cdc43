"""How money, days and lists read in a mail: in the reader's language, in the brand's zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

from core.brands.values import BrandView
from core.kernel import written
from core.kernel.i18n import SOURCE, ngettext
from core.kernel.i18n import gettext as _
from core.kernel.lines import is_readable
from core.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Formats for one reader."""

    locale: Locale
    zone: ZoneInfo

    @classmethod
    def of(cls, brand: BrandView, locale: str = "") -> Words:
        """As in ``locale``, the brand's where none is given; English where it is not one."""
        try:
            known = Locale.parse((locale or brand.locale).replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            known = Locale(SOURCE)
        return cls(locale=known, zone=ZoneInfo(brand.timezone))

    def money(self, amount: Money) -> str:
        """``$1,234.50``."""
        return written.money(amount, str(self.locale))

    def day(self, value: date) -> str:
        """``Nov 20, 2026``. An instant is first turned into the brand's day."""
        local = value.astimezone(self.zone).date() if isinstance(value, datetime) else value
        return format_date(local, "medium", locale=self.locale)

    def period(self, start: date, end: date) -> str:
        """``Nov 20, 2026 to Nov 19, 2027``. ``end`` is the first day after it."""
        return _("{start} to {end}").format(start=self.day(start), end=self.day(end - timedelta(days=1)))

    def moment(self, value: datetime) -> str:
        """``Nov 20, 2026, 3:42 PM CST``, on the brand's clock, which is named: readers live elsewhere."""
        local = value.astimezone(self.zone)
        time = format_time(local, "short", tzinfo=self.zone, locale=self.locale)
        text = f"{self.day(value)}, {time} {local.tzname()}"
        return text.replace("\N{NARROW NO-BREAK SPACE}", " ")


def one_line(text: str, limit: int = 0) -> str:
    """Without line breaks, control characters and tricks of direction, so that it may stand in a header;
    cut to ``limit``."""
    shown = " ".join("".join(c if is_readable(c) else " " for c in text).split())
    return shown if not limit or len(shown) <= limit else f"{shown[: limit - 1].rstrip()}…"


def names(parts: Sequence[str], most: int = 3) -> str:
    """``A``, ``A and B``, ``A, B and C``, ``A, B, C and 2 more``."""
    shown = list(parts)
    if len(shown) > most:
        more = len(shown) - most
        shown[most:] = [ngettext("{count} more", "{count} more", more).format(count=more)]
    if len(shown) == 1:
        return shown[0]
    return _("{names} and {last}").format(names=", ".join(shown[:-1]), last=shown[-1])
