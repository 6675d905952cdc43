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
from core.mail.letters import InvoiceFacts, JobFacts, Letter, PackageFacts, PaymentFacts
from core.mail.words import Words, names, one_line

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_SUBJECT = 150
STAFF_LIMIT = 20  # mails to staff per brand and hour
ACTIONS: Mapping[str, str] = {
    "create": "Set it up",
    "suspend": "Suspend it",
    "resume": "Let it run again",
    "terminate": "Remove it",
}
Rows = list[tuple[str, list[str]]]
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """``subject`` is one line. ``html`` is a whole page with its styles in the tags."""

    subject: str
    text: str
    html: str


def render(name: str, letter: Letter) -> Rendered:
    """Draw one mail type. Raises jinja2 errors when a template asks for what the letter does not have."""
    context = _context(tidy(letter))
    drawn = _TEXT.get_template(f"mail/{name}.txt").render(context)
    subject, _, body = drawn.partition("\n")
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
    words = Words.of(letter.brand)
    parts = {one.name: getattr(letter, one.name) for one in fields(letter)}
    return parts | {
        "money": words.money,
        "day": words.day,
        "titles": _titles(letter.packages),
        "to_pay": _to_pay(letter.invoice, words) if letter.invoice else [],
        "receipt": _receipt(letter.payment, letter, words) if letter.payment else [],
        "package_rows": lambda one: _package_rows(one, words),
        "job_rows": _job_rows(letter.job) if letter.job else [],
        "staff_limit": STAFF_LIMIT,
    }


def _titles(packages: Sequence[PackageFacts]) -> str:
    """What is ready; the domains tell two of a kind apart."""
    plain = [one.title for one in packages]
    if len(set(plain)) < len(plain):
        plain = [one.domain or one.label for one in packages]
    return names(plain) if plain else ""


def _to_pay(invoice: InvoiceFacts, words: Words) -> Rows:
    amount = f"{words.money(invoice.open)} {invoice.open.currency}"
    return [("Amount", [amount]), ("Due", [words.day(invoice.due_on)]), ("Reference", [invoice.label])]


def _receipt(payment: PaymentFacts, letter: Letter, words: Words) -> Rows:
    invoice, order = letter.invoice, letter.order
    still_open = words.money(invoice.open) if invoice and invoice.open.minor else ""
    return [
        ("Paid", [words.money(payment.amount)]),
        ("With", [payment.method]),
        ("On", [words.day(payment.at) if payment.at else ""]),
        ("Your reference", [payment.reference]),
        ("Invoice", [invoice.label if invoice else ""]),
        ("Order", [order.label if order else ""]),
        ("Still open", [still_open]),
    ]


def _package_rows(one: PackageFacts, words: Words) -> Rows:
    until = words.day(one.until) if one.until else ""
    own: Rows = [("Registered until", [until])] if one.is_name else [("Domain", [one.domain])]
    return own + [(label, list(lines)) for label, lines in one.facts]


def _job_rows(job: JobFacts) -> Rows:
    return [
        ("Client", [job.client_name]),
        ("Service", [job.service_label]),
        ("Domain", [job.domain]),
        ("To do", [ACTIONS.get(job.action, job.action)]),
        ("Server", [job.server_name]),
        ("Reason", [job.reason]),
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
_HTML.tests["web_address"] = lambda text: str(text).startswith(("https://", "http://"))
_TEXT = _HTML.overlay(autoescape=False)
_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
