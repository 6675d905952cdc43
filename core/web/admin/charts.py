"""Charts as shapes: scales, bars and lines for an SVG of 600 by 150 that is stretched to its box. Pure.

Words stand in HTML around it, the numbers in a table under it, and a title and a description inside for
those who do not see it. Coordinates are written with one decimal; values are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from core.kernel.money import round_half_up

WIDTH = 600
HEIGHT = 150
PARTS = 3  # spaces between grid lines
BAR = Fraction(66, 100)  # of its slot; the rest is air
WIDE_BAR = Fraction(60, 100)
GAP = 1  # between the zero line and what hangs below it
NARROW = Fraction(1, 2)  # a range that is narrower than this share of its top begins above zero
Words = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Scale:
    """From ``bottom`` to ``top`` in steps of ``step``; a grid line at each."""

    bottom: int
    top: int
    step: int

    @property
    def marks(self) -> tuple[int, ...]:
        """Values of the grid lines, the highest first."""
        return tuple(range(self.top, self.bottom - 1, -self.step))

    def height(self, value: int) -> Fraction:
        """Where a value stands, measured from the top of the picture."""
        return Fraction(HEIGHT * (self.top - value), self.top - self.bottom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    is_second: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A label under the picture; ``is_minor`` ones are left out on a phone."""

    text: str
    is_minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a template draws. ``line`` and ``area`` are paths, "" for none."""

    title: str
    about: str
    grid: tuple[str, ...]
    y: tuple[str, ...]
    x: tuple[Mark, ...]
    bars: tuple[Bar, ...] = ()
    line: str = ""
    area: str = ""
    zero: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def nice_step(least: Fraction, unit: int = 1) -> int:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below ``least``, in whole ``unit``s
    where there are that many (whole dollars rather than cents), and never less than one."""
    if unit > 1 and least >= unit:
        return unit * nice_step(least / unit)
    power = 1
    while True:
        for factor in (Fraction(1), Fraction(2), Fraction(5, 2), Fraction(5)):
            step = factor * power
            if step >= least and step.denominator == 1:
                return int(step)
        power *= 10


def scale_of(values: Sequence[int], unit: int = 1) -> Scale:
    """From zero to a round number not below the largest value. Without any it goes to a few units."""
    largest = max((*values, 0))
    step = nice_step(Fraction(max(largest, unit * PARTS), PARTS), unit)
    return Scale(bottom=0, top=step * PARTS, step=step)


def close_scale(values: Sequence[int], unit: int = 1) -> Scale:
    """As ``scale_of``, but it begins above zero when all values lie in the upper half: a line shows how
    something changes, and its labels say where it begins."""
    largest, smallest = max((*values, 0)), min(values, default=0)
    if largest <= 0 or smallest <= largest * NARROW or largest == smallest:
        return scale_of(values, unit)
    step = nice_step(Fraction(largest - smallest, PARTS - 1), unit)
    bottom = smallest // step * step
    parts = max(PARTS, -(-(largest - bottom) // step))
    return Scale(bottom=bottom, top=bottom + step * parts, step=step)


def two_sided(above: Sequence[int], below: Sequence[int]) -> Scale:
    """One step for what stands above zero and what hangs below it, with a line on each side at least."""
    most, least = max((*above, 0)), max((*below, 0))
    step = nice_step(Fraction(max(most, least, 1), 2))
    up, down = max(1, -(-most // step)), max(1, -(-least // step))
    return Scale(bottom=-step * down, top=step * up, step=step)


def written(number: Fraction | int) -> str:
    """One decimal, half up: ``114.4``."""
    tenths = round_half_up(Fraction(number) * 10)
    return f"{tenths // 10}.{tenths % 10}"


def bars(values: Sequence[int], scale: Scale, share: Fraction = BAR) -> tuple[Bar, ...]:
    """One bar for each value above the bottom; what is zero has none."""
    slot = Fraction(WIDTH, max(len(values), 1))
    return tuple(
        Bar(
            x=written(slot * number + slot * (1 - share) / 2), width=written(slot * share),
            y=written(scale.height(value)), height=written(HEIGHT - scale.height(value)),
        )
        for number, value in enumerate(values)
        if value > scale.bottom
    )  # fmt: skip


def pairs(above: Sequence[int], below: Sequence[int], scale: Scale) -> tuple[Bar, ...]:
    """Bars that stand on the zero line and bars that hang from it."""
    slot, zero = Fraction(WIDTH, max(len(above), 1)), scale.height(0)
    found = []
    for number, (up, down) in enumerate(zip(above, below, strict=True)):
        x, width = written(slot * number + slot * (1 - WIDE_BAR) / 2), written(slot * WIDE_BAR)
        if up:
            top = scale.height(up)
            found.append(Bar(x=x, y=written(top), width=width, height=written(zero - top)))
        if down:
            height = max(scale.height(-down) - zero - GAP, Fraction(GAP))
            found.append(Bar(x=x, y=written(zero + GAP), width=width, height=written(height), is_second=True))
    return tuple(found)


def line(values: Sequence[int], scale: Scale) -> str:
    """A path through all values from edge to edge; a single one is a level line; "" for none."""
    if not values:
        return ""
    held = values if len(values) > 1 else (values[0], values[0])
    step = Fraction(WIDTH, len(held) - 1)
    points = [f"{written(step * n)} {written(scale.height(value))}" for n, value in enumerate(held)]
    return "M" + " L".join(points)


def area(path: str) -> str:
    """What lies under a line, down to the bottom of the picture."""
    return f"{path} L{WIDTH} {HEIGHT} L0 {HEIGHT} Z" if path else ""


def grid(scale: Scale) -> tuple[str, ...]:
    return tuple(f"M0 {written(scale.height(mark))}H{WIDTH}" for mark in scale.marks)


def labels(scale: Scale, words: Words) -> tuple[str, ...]:
    """Beside the grid lines, from the top down; what hangs below zero is counted, not negative."""
    return tuple(words(abs(mark)) for mark in scale.marks)


def spread(texts: Sequence[str], count: int = 4) -> tuple[Mark, ...]:
    """A few of many labels, evenly from the first to the last."""
    return tuple(Mark(text=texts[number]) for number in _evenly(len(texts), count))


def thinned(texts: Sequence[str], count: int = 4) -> tuple[Mark, ...]:
    """All of them; on a phone only a few are left, evenly from the first to the last."""
    kept = set(_evenly(len(texts), count))
    return tuple(Mark(text=text, is_minor=number not in kept) for number, text in enumerate(texts))


def _evenly(length: int, count: int) -> list[int]:
    if length <= count:
        return list(range(length))
    return [round_half_up(Fraction((length - 1) * number, count - 1)) for number in range(count)]


def weekly(values: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """(first, last, sum) of each seven in a row; the last may be shorter. Positions from 0."""
    return tuple(
        (start, min(start + 6, len(values) - 1), sum(values[start : start + 7]))
        for start in range(0, len(values), 7)
    )
