"""From a letter to subject, HTML and plain text. The styles are written into the HTML at the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import css_inline
from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.kernel.money import Money
from core.mail.facts import Letter

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    subject: str
    text: str
    html: str


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_ENVIRONMENT = _environment()
_INLINER = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


def render(template: str, letter: Letter) -> Rendered:
    """Render both bodies; the first line of the text template is the subject.

    What people typed goes in as data only and is escaped; line breaks never reach the subject.
    """
    locale = letter.brand.locale

    def money(amount: Money) -> str:
        return format_currency(amount.major, amount.currency, locale=locale)

    def day(value: object) -> str:
        return format_date(value, "medium", locale=locale)  # type: ignore[arg-type]

    context = dict(letter.values) | {
        "brand": letter.brand, "contact": letter.contact, "money": money, "day": day,
    }  # fmt: skip
    text = _ENVIRONMENT.get_template(f"mail/{template}.txt").render(context)
    subject, _, body = text.partition("\n")
    html = _ENVIRONMENT.get_template(f"mail/{template}.html").render(context | {"subject": subject.strip()})
    return Rendered(subject=" ".join(subject.split()), text=body.lstrip("\n"), html=_INLINER.inline(html))
