"""From a letter to subject, HTML and plain text. Pure: the same letter gives the same mail.

What people typed goes in as data only. In HTML all of it is escaped, whatever file a piece comes from; in
both forms it is one line each, so that nobody writes lines of their own into our mails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.brands.values import BrandView
from core.kernel import i18n
from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.mail.letters import (
    HIDDEN_LINK,
    InvoiceFacts,
    JobFacts,
    Letter,
    PackageFacts,
    PaymentFacts,
    Reader,
)
from core.mail.words import Words, names, one_line

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_SUBJECT = 150
STAFF_LIMIT = 20  # mails to staff per brand and hour
ACTIONS: Mapping[str, str] = {
    "create": mark("Set it up"),
    "suspend": mark("Suspend it"),
    "resume": mark("Let it run again"),
    "terminate": mark("Remove it"),
}
SMALL_AFTER_GREETING = ("de",)  # the comma of a greeting goes on there; elsewhere a new sentence begins
BY_FIRST_NAME = ("en",)  # who is greeted so; the others are formal
Rows = list[tuple[str, list[str]]]
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """``subject`` is one line. ``html`` is a whole page with its styles in the tags."""

    subject: str
    text: str
    html: str


def render(name: str, letter: Letter) -> Rendered:
    """Draw one mail type in the reader's language.

    Raises jinja2 errors when a template asks for what the letter does not have.
    """
    with i18n.using(letter.reader.language):
        context = _context(tidy(letter))
        drawn = _TEXT.get_template(f"mail/{name}.txt").render(context)
        subject, _end, body = drawn.partition("\n")
        subject = one_line(subject, LONGEST_SUBJECT)
        html = _HTML.get_template(f"mail/{name}.html").render(context | {"subject": subject})
    return Rendered(subject=subject, text=_spaced(body), html=_INLINER.inline(html))


def tidy(value: ValueT) -> ValueT:
    """The same value with each text in it on one line. An address keeps its lines."""
    result: Any = value
    if isinstance(value, str):
        result = one_line(value)
    elif isinstance(value, tuple):
        result = tuple(tidy(one) for one in value)
    elif isinstance(value, BrandView):
        result = _tidy_brand(value)
    elif is_dataclass(value) and not isinstance(value, type):
        result = replace(value, **{one.name: tidy(getattr(value, one.name)) for one in fields(value)})
    return result  # type: ignore[no-any-return]


def _tidy_brand(brand: BrandView) -> BrandView:
    values = {one.name: getattr(brand, one.name) for one in fields(brand)}
    lines: dict[str, Any] = {name: tidy(value) for name, value in values.items() if isinstance(value, str)}
    lines["legal_address"] = "\n".join(one_line(line) for line in brand.legal_address.splitlines())
    return replace(brand, **lines)


def _context(letter: Letter) -> dict[str, Any]:
    words = Words.of(letter.brand, letter.reader.locale)
    parts = {one.name: getattr(letter, one.name) for one in fields(letter)}
    return parts | {
        "money": words.money,
        "day": words.day,
        "moment": words.moment,
        "greeted": _greeted(letter.reader),
        "opening": _opening,
        "link": HIDDEN_LINK,
        "titles": _titles(letter.packages),
        "paid_with": lambda: _paid_with(letter.payment, words) if letter.payment else "",
        "to_pay": _to_pay(letter.invoice, words) if letter.invoice else [],
        "receipt": _receipt(letter.payment, letter, words) if letter.payment else [],
        "package_rows": lambda one: _package_rows(one, words),
        "sign_in": _sign_in(letter, words),
        "what": _what(letter.job) if letter.job else "",
        "job_rows": _job_rows(letter.job) if letter.job else [],
        "staff_limit": STAFF_LIMIT,
    }


def _greeted(reader: Reader) -> str:
    if reader.language in BY_FIRST_NAME:
        return reader.first_name
    return f"{reader.first_name} {reader.last_name}".strip()


def _opening(text: str) -> str:
    """The first sentence, on a line of its own below the greeting."""
    return text if i18n.current() in SMALL_AFTER_GREETING else text[:1].upper() + text[1:]


def _paid_with(payment: PaymentFacts, words: Words) -> str:
    """``$150.75 (Visa ending in 4242)``."""
    amount = words.money(payment.amount)
    return f"{amount} ({payment.method})" if payment.method else amount


def _titles(packages: Sequence[PackageFacts]) -> str:
    """What is ready; the domains tell two of a kind apart."""
    plain = [one.title for one in packages]
    if len(set(plain)) < len(plain):
        plain = [one.domain or one.label for one in packages]
    return names(plain) if plain else ""


def _to_pay(invoice: InvoiceFacts, words: Words) -> Rows:
    amount = f"{words.money(invoice.open)} {invoice.open.currency}"
    return [
        (_("Amount"), [amount]),
        (_("Due"), [words.day(invoice.due_on)]),
        (_("Reference"), [invoice.label]),
    ]


def _receipt(payment: PaymentFacts, letter: Letter, words: Words) -> Rows:
    invoice, order = letter.invoice, letter.order
    still_open = words.money(invoice.open) if invoice and invoice.open.minor else ""
    return [
        (_("Paid"), [words.money(payment.amount)]),
        (_("Paid with"), [payment.method]),
        (_("Paid on"), [words.day(payment.at) if payment.at else ""]),
        (_("Your reference"), [payment.reference]),
        (_("Invoice"), [invoice.label if invoice else ""]),
        (_("Order"), [order.label if order else ""]),
        (_("Still open"), [still_open]),
    ]


def _package_rows(one: PackageFacts, words: Words) -> Rows:
    until = words.day(one.until) if one.until else ""
    own: Rows = [(_("Registered until"), [until])] if one.is_name else [(_("Domain"), [one.domain])]
    return own + [(label, list(lines)) for label, lines in one.facts]


def _sign_in(letter: Letter, words: Words) -> Rows:
    device, user = letter.device, letter.user
    if device is None:
        return []
    return [
        (_("Account"), [user.username if user else ""]),
        (_("Browser"), [device.device]),
        (_("IP address"), [device.ip]),
        (_("Time"), [words.moment(device.at) if device.at else ""]),
    ]


def _what(job: JobFacts) -> str:
    if not job.domain:
        return job.service_label
    return _("{service} for {domain}").format(service=job.service_label, domain=job.domain)


def _job_rows(job: JobFacts) -> Rows:
    return [
        (_("Client"), [job.client_name]),
        (_("Service"), [job.service_label]),
        (_("Domain"), [job.domain]),
        (_("To do"), [_(ACTIONS.get(job.action, job.action))]),
        (_("Server"), [job.server_name]),
        (_("Reason"), [job.reason]),
    ]


def _spaced(text: str) -> str:
    """At most one empty line in a row, and one line end at the end."""
    lines: list[str] = []
    for line in text.splitlines():
        kept = line if line == SIGNATURE else line.rstrip()
        if kept or (lines and lines[-1]):
            lines.append(kept)
    return "\n".join(lines).rstrip("\n") + "\n"


SIGNATURE = "-- "  # RFC 3676, 4.3: the space belongs to it
# Escaping goes by the kind of mail, not by a file's name: some pieces are shared by both.
_HTML = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
i18n.teach(_HTML)
_HTML.tests["web_address"] = lambda text: str(text).startswith(("https://", "http://"))
_TEXT = _HTML.overlay(autoescape=False)
_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
