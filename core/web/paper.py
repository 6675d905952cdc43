"""Documents on paper: the printable page of an invoice, and the same as PDF, laid out by WeasyPrint (the
extra ``pdf``). Drawn from what was issued, for a visitor or for a mail, and never from today's records."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.billing import queries as billing
from core.billing.queries import InvoicePage
from core.brands import service as brands
from core.brands.values import BrandView
from core.clients import service as clients
from core.kernel import i18n
from core.mail.delivery import Papers
from core.mail.transport import Paper
from core.orders import queries as orders
from core.payments import queries as payments
from core.payments.queries import AttemptPage
from core.payments.words import method_words
from core.web import shown
from core.web.current import WebHouse
from core.web.files import FOLDER

TEMPLATES = Path(__file__).resolve().parent / "templates"
TEMPLATE = "print/invoice.html"
BASE = "innkeeper://documents/"  # nothing is fetched over any network: see local_file
_TYPES = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An invoice and what is told beside it. ``order_label`` and ``method`` are "" where there is none."""

    page: InvoicePage
    brand: BrandView
    order_label: str = ""
    method: str = ""
    is_test: bool = False


class NoPdf(RuntimeError):
    """WeasyPrint or the libraries it draws with are not installed here."""


def pdf(html: str) -> bytes:
    """The document as PDF. Raises NoPdf."""
    try:
        weasyprint = importlib.import_module("weasyprint")
        urls = importlib.import_module("weasyprint.urls")
    except (ImportError, OSError) as error:
        raise NoPdf(str(error)) from error
    document: bytes = weasyprint.HTML(string=html, base_url=BASE, url_fetcher=_fetcher(urls)).write_pdf()
    return document


def draw(sheet: Sheet, locale: Locale) -> str:
    """The invoice as a page of paper, in the words and numbers of ``locale``."""
    zone = ZoneInfo(sheet.brand.timezone)
    with i18n.using(locale.language), shown.reading(locale, zone):
        return (
            _environment()
            .get_template(TEMPLATE)
            .render(
                page=sheet.page, invoice=sheet.page.invoice, order_label=sheet.order_label,
                method=sheet.method and method_words(sheet.method), brand=sheet.brand, test=sheet.is_test,
            )
        )  # fmt: skip


@cache
def _environment() -> Environment:
    """Apart from the application's: a worker draws documents too, and serves no pages."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True
    )  # fmt: skip
    i18n.teach(environment)
    environment.filters.update(shown.FILTERS)
    environment.globals |= {
        "static": lambda name: f"/static/{name}", "page_language": shown.language,
        "page_direction": shown.direction,
    }  # fmt: skip
    return environment


def for_mails(house: WebHouse) -> Papers:
    """Draws the invoice that goes with a mail; None where no PDF can be made here."""

    def paper(invoice_id: UUID, locale: str) -> Paper | None:
        sheet = _sheet(house, invoice_id)
        try:
            content = pdf(draw(sheet, Locale.parse(locale.replace("-", "_")))) if sheet else None
        except NoPdf:
            return None
        return Paper(name=f"{sheet.page.invoice.label}.pdf", content=content) if sheet and content else None

    return paper


def _sheet(house: WebHouse, invoice_id: UUID) -> Sheet | None:
    with house.db.read() as session:
        page = billing.invoice_page(session, invoice_id)
        if page is None:
            return None
        order_id = page.invoice.order_id
        client = clients.client_by_id(session, page.invoice.client_id)
        tries = payments.attempts_of_invoice(session, invoice_id)
        paid = [one.attempt.method for one in tries if _is_paid(one)]
        return Sheet(
            page=page, brand=brands.brand_by_id(session, client.brand_id),
            order_label=orders.labels(session, [order_id]).get(order_id, "") if order_id else "",
            method=paid[-1] if paid else "", is_test=house.settings.is_demo,
        )  # fmt: skip


def _is_paid(page: AttemptPage) -> bool:
    return page.attempt.kind == "charge" and page.attempt.state == "succeeded"


def local_file(url: str) -> tuple[bytes, str]:
    """One of our own static files and its type. Raises ValueError for anything else in the world."""
    path = unquote(urlsplit(url).path)
    found = (FOLDER / path.removeprefix("/static/")).resolve()
    if not path.startswith("/static/") or not found.is_relative_to(FOLDER) or found.suffix not in _TYPES:
        raise ValueError(f"a document may not load {url}")
    return found.read_bytes(), _TYPES[found.suffix]


def _fetcher(urls: Any) -> Any:
    class OwnFiles(urls.URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: object = None) -> Any:
            body, kind = local_file(url)
            return urls.URLFetcherResponse(url, body, {"Content-Type": kind})

    return OwnFiles()
