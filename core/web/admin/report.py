"""The dashboard's figures in words and pictures: what is on top, and the four charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_currency, format_decimal

from core.kernel.money import Money, exponent, round_half_up
from core.kernel.written import MINUS
from core.records.figures import Figures
from core.web import shown
from core.web.admin import charts
from core.web.admin.charts import Chart

ROUNDED_FROM = 1000  # whole units: larger sums are read, not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number on top. ``good`` is the part of its small print that is good news."""

    label: str
    text: str
    good: str = ""
    small: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A chart with its heading and the figure above it."""

    id: str
    title: str
    aside: str
    figure: str
    good: str
    small: str
    chart: Chart
    tone: str = ""  # soft: what is only expected
    keys: tuple[str, ...] = ()


def stats(found: Figures) -> tuple[Figure, ...]:
    """The four numbers on top."""
    month = _month(found.clients[-1].start)
    now, before = found.revenue[-1].minor, found.revenue[-2].minor
    net = sum(day.came - day.went for day in found.moved)
    rise = change(now, before)
    new, lost = found.clients[-1].new, found.clients[-1].lost
    return (
        Figure(
            label="Recurring revenue, monthly", text=_rounded(now, found), good=rise if now > before else "",
            small=_since(rise, now > before, _month(found.revenue[-2].start)),
        ),
        Figure(label="Money in, last 30 days", text=_rounded(net, found), small=_payments(found)),
        Figure(label="Overdue", text=_rounded(found.overdue.minor, found), small=_overdue(found)),
        Figure(
            label="Active clients", text=_count(found.active_clients), good=f"+{_count(new)}" if new else "",
            small=f"{'new' if new else 'None new'}, {_count(lost)} lost in {month}",
        ),
    )  # fmt: skip


def _since(rise: str, is_good: bool, month: str) -> str:
    if not rise:
        return f"Nothing in {month}"
    return f"since {month}" if is_good else f"{rise} since {month}"


def _payments(found: Figures) -> str:
    tried = found.payments + found.declined
    text = _counted(found.payments, "payment")
    if not tried:
        return text
    return f"{text}, {_percent(Fraction(found.declined, tried))} declined"


def _overdue(found: Figures) -> str:
    if not found.overdue.count or found.overdue.oldest is None:
        return "No invoice is late"
    days = (found.day - found.overdue.oldest).days
    return f"{_counted(found.overdue.count, 'invoice')}, oldest {_counted(days, 'day')}"


def panels(found: Figures) -> tuple[Panel, Panel, Panel, Panel]:
    """Next 30 days, recurring revenue, money in, new and lost clients."""
    return _next_days(found), _revenue(found), _money_in(found), _clients(found)


def _next_days(found: Figures) -> Panel:
    values = [day.minor for day in found.due]
    days = [_day(day.day) for day in found.due]
    count = sum(day.count for day in found.due)
    scale = charts.scale_of(values, _unit(found))
    chart = Chart(
        title=f"Billing due per day, {days[0]} to {days[-1]}", about=_about(values, days, found),
        grid=charts.grid(scale), y=_money_marks(scale, found), x=charts.spread(days),
        bars=charts.bars(values, scale), head=("Days", "Services", "Due"),
        rows=_weeks(days, values, found, [day.count for day in found.due]),
    )  # fmt: skip
    return Panel(
        id="next", title="Next 30 days of billing", aside="", figure=_rounded(sum(values), found), good="",
        small=_counted(count, "renewal") + " to come, before taxes", chart=chart, tone="soft",
    )  # fmt: skip


def _revenue(found: Figures) -> Panel:
    values = [month.minor for month in found.revenue]
    months = [_month(month.start, "LLL") for month in found.revenue]
    scale = charts.close_scale(values, _unit(found))
    path = charts.line(values, scale)
    rise, is_up = change(values[-1], values[0]), values[-1] > values[0]
    first, last = (_month(found.revenue[n].start, "LLLL y") for n in (0, -1))
    chart = Chart(
        title=f"Monthly recurring revenue, {first} to {last}", about=_about(values, months, found),
        grid=charts.grid(scale), y=_money_marks(scale, found), x=charts.thinned(months), line=path,
        area=charts.area(path), head=("Month", "Recurring revenue"),
        rows=tuple(
            (_month(month.start, "LLL y"), shown.money(Money(month.minor, found.currency)))
            for month in found.revenue
        ),
    )  # fmt: skip
    small = "a month" + (f", {'' if is_up else rise + ' '}" if rise else "")
    return Panel(
        id="revenue", title="Recurring revenue", aside="12 months", figure=_rounded(values[-1], found),
        good=rise if is_up else "", small=small, chart=chart,
    )  # fmt: skip


def _money_in(found: Figures) -> Panel:
    values = [day.came for day in found.moved]
    days = [_day(day.day) for day in found.moved]
    went = sum(day.went for day in found.moved)
    scale = charts.scale_of(values, _unit(found))
    chart = Chart(
        title=f"Payments received per day, {days[0]} to {days[-1]}", about=_about(values, days, found),
        grid=charts.grid(scale), y=_money_marks(scale, found), x=charts.spread(days),
        bars=charts.bars(values, scale), head=("Days", "Received", "Refunded"),
        rows=_weeks(days, values, found, None, [day.went for day in found.moved]),
    )  # fmt: skip
    back = f"after {_rounded(went, found)} that went back" if went else "nothing went back"
    return Panel(
        id="in", title="Money in", aside="30 days", figure=_rounded(sum(values) - went, found), good="",
        small=back, chart=chart,
    )  # fmt: skip


def _clients(found: Figures) -> Panel:
    new, lost = [month.new for month in found.clients], [month.lost for month in found.clients]
    months = [_month(month.start, "LLL") for month in found.clients]
    scale = charts.two_sided(new, lost)
    chart = Chart(
        title="New and lost clients per month",
        about=f"Between {min(new)} and {max(new)} new and between {min(lost)} and {max(lost)} lost clients "
        "a month.",
        grid=charts.grid(scale), y=charts.labels(scale, _count), x=charts.thinned(months),
        bars=charts.pairs(new, lost, scale), zero=f"M0 {charts.written(scale.height(0))}H{charts.WIDTH}",
        head=("Month", "New", "Lost"),
        rows=tuple(
            (_month(month.start, "LLL y"), _count(month.new), _count(month.lost)) for month in found.clients
        ),
    )  # fmt: skip
    return Panel(
        id="clients", title="New and lost clients", aside="", figure="", good="", small="", chart=chart,
        keys=("New", "Lost"),
    )  # fmt: skip


def _weeks(
    days: Sequence[str], values: Sequence[int], found: Figures, counts: Sequence[int] | None = None,
    others: Sequence[int] | None = None,
) -> tuple[tuple[str, ...], ...]:  # fmt: skip
    """Rows of a table by weeks: days, a count where there is one, the sum, another sum where there is one."""
    rows = []
    for start, last, minor in charts.weekly(values):
        span = days[start] if start == last else f"{days[start]} to {days[last]}"
        cells = [span]
        if counts is not None:
            cells.append(_count(sum(counts[start : last + 1])))
        cells.append(shown.money(Money(minor, found.currency)))
        if others is not None:
            cells.append(shown.money(Money(sum(others[start : last + 1]), found.currency)))
        rows.append(tuple(cells))
    return tuple(rows)


def _about(values: Sequence[int], names: Sequence[str], found: Figures) -> str:
    """The picture in a sentence."""
    if not any(values):
        return "Nothing in this time."
    most, least = max(values), min(values)
    sums = [shown.money(Money(minor, found.currency)) for minor in (values[0], values[-1], most, least)]
    return (
        f"{sums[0]} in the beginning ({names[0]}), {sums[1]} at the end ({names[-1]}). "
        f"The most is {sums[2]} ({names[values.index(most)]}), the least {sums[3]} "
        f"({names[values.index(least)]})."
    )


# --- how numbers read ------------------------------------------------------------------------------


def change(now: int, before: int) -> str:
    """``+1.7%``, or less with a minus sign; "" where there was nothing to compare with."""
    if before <= 0:
        return ""
    share = Fraction(now - before, before)
    return f"{'+' if share >= 0 else MINUS}{_percent(abs(share))}"


def _percent(share: Fraction) -> str:
    tenths = round_half_up(share * 1000)
    return f"{format_decimal(Decimal(tenths) / 10, '#,##0.0', locale=shown.locale())}%"


def _rounded(minor: int, found: Figures) -> str:
    """Sums that are looked at: whole units from a thousand on."""
    whole = round_half_up(Fraction(minor, _unit(found)))
    amount = Money(minor, found.currency)
    if abs(whole) < ROUNDED_FROM:
        return shown.money(amount)
    return shown.whole_money(Money(whole * _unit(found), found.currency))


def _unit(found: Figures) -> int:
    """Minor units of one whole: 100 for dollars."""
    return int(10 ** exponent(found.currency))


def _money_marks(scale: charts.Scale, found: Figures) -> tuple[str, ...]:
    def words_of(minor: int) -> str:
        if minor == 0:
            return "0"
        amount = Money(minor, found.currency).major
        text: str = format_compact_currency(amount, found.currency, locale=shown.locale(), fraction_digits=2)
        return text

    return charts.labels(scale, words_of)


def _count(number: int) -> str:
    return str(format_decimal(number, locale=shown.locale()))


def _counted(number: int, one: str) -> str:
    """``1 payment``, ``1,313 payments``."""
    return f"{_count(number)} {one if number == 1 else one + 's'}"


def _day(day: date) -> str:
    return str(format_skeleton("MMMd", day, locale=shown.locale()))


def _month(start: date, pattern: str = "LLLL") -> str:
    """``November``; ``LLL`` gives ``Nov``, ``LLLL y`` the year too."""
    return str(format_date(start, pattern, locale=shown.locale()))
