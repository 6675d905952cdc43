"""How values read on a page: money, days and instants, in the brand's language and zone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import Locale, dates
from babel.dates import format_date, format_skeleton
from flask import Flask, has_request_context, request
from markupsafe import Markup, escape

from core.catalog.values import cycle_inside, cycle_words
from core.clients import places
from core.kernel import dates as days
from core.kernel import i18n, written
from core.kernel.money import Money
from core.payments.words import method_words
from core.provisioning.words import fact_label
from core.web.current import brand_or_none
from core.web.forms import errors_title

_reader: ContextVar[tuple[Locale, ZoneInfo] | None] = ContextVar("innkeeper.reader", default=None)


@contextmanager
def reading(locale: Locale, zone: ZoneInfo) -> Iterator[None]:
    """Show values as this reader has them, whatever is asked for: for documents that no request draws."""
    token = _reader.set((locale, zone))
    try:
        yield
    finally:
        _reader.reset(token)


def locale() -> Locale:
    """How numbers and days are written here: in the language of the request, as at the brand's home. On the
    admin's pages as the brand has it."""
    if (reader := _reader.get()) is not None:
        return reader[0]
    known = brand_or_none() if has_request_context() else None
    home = known.locale if known else ""
    if has_request_context() and not is_admin():
        return i18n.locale_for(home=home)
    return i18n.parsed(home) or Locale(i18n.SOURCE)


def is_admin() -> bool:
    """Whether this is a page of the admin, whose own words are English."""
    return request.path.startswith("/admin")


def said(message: str) -> str:
    """Words of a page itself: in the language of the request, in English on the admin's pages. What slices
    raise for a person goes through gettext alone."""
    return message if has_request_context() and is_admin() else i18n.gettext(message)


def zone() -> ZoneInfo:
    """The brand's own clock; UTC where no brand is known."""
    if (reader := _reader.get()) is not None:
        return reader[1]
    known = brand_or_none() if has_request_context() else None
    return ZoneInfo(known.timezone if known else "UTC")


def money(amount: Money) -> str:
    """``$1,234.50``, ``1.234,50 €``: digits by ISO 4217, which Babel's differ from for 13 currencies."""
    return written.money(amount, str(locale()))


def whole_money(amount: Money) -> str:
    """``$12`` for a round amount, ``$12.50`` otherwise: for big prices."""
    return written.money(amount, str(locale()), 0) if amount.major % 1 == 0 else money(amount)


def day(value: date) -> str:
    """``Nov 20, 2026``. An instant is first turned into the brand's day."""
    return _day(str(locale()), _local(value))


@lru_cache(written.REMEMBERED)
def _day(place: str, value: date) -> str:
    return format_date(value, "medium", locale=place)


def long_day(value: date) -> str:
    """``November 20, 2026``."""
    return format_date(_local(value), "long", locale=locale())


def clock(value: datetime) -> str:
    """``3:42 PM``."""
    return _spaced(dates.format_time(value, "short", tzinfo=zone(), locale=locale()))


def seconds(value: datetime) -> str:
    """``3:42:09 PM``."""
    return _spaced(dates.format_time(value, "medium", tzinfo=zone(), locale=locale()))


def _spaced(text: str) -> str:
    """CLDR puts a narrow space before AM; few fonts draw it wide enough to see."""
    return text.replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")


def moment(value: datetime) -> str:
    """``Nov 20, 3:42 PM``; the year is said where it is not the present one's business: see ``day``."""
    return str(format_skeleton("MMMd", value, tzinfo=zone(), locale=locale())) + ", " + clock(value)


def held_until(value: datetime, now: datetime) -> str:
    """``until 3:42 PM`` today, ``until Nov 21, 3:42 PM`` on another day."""
    same_day = value.astimezone(zone()).date() == now.astimezone(zone()).date()
    return clock(value) if same_day else moment(value)


def language() -> str:
    """Of the words on this page, as HTML names it: ``de``, ``en-US``."""
    if _reader.get() is None and has_request_context() and is_admin():
        return i18n.SOURCE
    return str(locale()).replace("_", "-")


def direction() -> str:
    return "rtl" if locale().character_order == "right-to-left" else "ltr"


def rate(text: str) -> str:
    """``6.25%`` of the decimal ``0.0625``."""
    percent = (Decimal(text) * 100).normalize()
    return f"{percent:f}%"


def phone(text: str) -> str:
    """``+1 512-555-0186`` of the stored ``+15125550186`` (ITU E.123); what is no number stays as it is."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def sentence(text: str) -> str:
    """``ZIP code``, ``Postal code``: the first letter large, the rest as it was."""
    return text[:1].upper() + text[1:]


def paragraphs(text: str) -> Markup:
    """Plain text as HTML: an empty line ends a paragraph, a line end breaks the line."""
    parts = (part.strip() for part in text.replace("\r\n", "\n").split("\n\n"))
    lines = (Markup("<br>").join(part.split("\n")) for part in parts if part)
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)


def mail_address(text: str) -> Markup:
    """An address that is too long for its place: broken before the @, not in a word."""
    local, at, domain = text.rpartition("@")
    if not at:
        return escape(text)
    return Markup(f"{escape(local)}<wbr>@{escape(domain)}")  # noqa: S704  (both halves are escaped)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": money,
    "whole_money": whole_money,
    "day": day,
    "long_day": long_day,
    "day_before": lambda value: value - timedelta(days=1),
    "rate": rate,
    "clock": clock,
    "seconds": seconds,
    "moment": moment,
    "held_until": held_until,
    "errors_title": errors_title,
    "id_pairs": lambda rows: [(str(row.id), row.label) for row in rows],
    "pairs": lambda values: [(value, value) for value in values],
    "choices": lambda choices: [(choice.value, said(choice.label)) for choice in choices],
    "phone": phone,
    "mail_address": mail_address,
    "said": said,
    "agreed": i18n.gettext,  # what is agreed to is kept in the words that were shown, on admin's pages too
    "sentence": sentence,
    "as_json": lambda values: json.dumps(dict(values)),
    "paragraphs": paragraphs,
}


def register(flask_app: Flask) -> None:
    environment = flask_app.jinja_env
    environment.filters.update(FILTERS)
    environment.tests["web_address"] = lambda text: str(text).startswith(("https://", "http://"))
    environment.globals["page_language"] = language
    environment.globals["cycle_inside"] = cycle_inside
    environment.globals["cycle_words"] = cycle_words
    environment.globals["spoken"] = i18n.current
    environment.globals["fact_label"] = fact_label
    environment.globals["method_words"] = method_words
    environment.globals["page_direction"] = direction
    environment.globals["day_example"] = lambda: days.example(str(locale()))
    environment.globals["us_states"] = partial(places.states, "US")


def _local(value: date) -> date:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone()).date()
    return value
