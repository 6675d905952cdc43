"""Documents as PDF: the printable page, laid out by WeasyPrint (the extra ``pdf``)."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import unquote, urlsplit

from core.web.files import FOLDER

BASE = "innkeeper://documents/"  # nothing is fetched over any network: see local_file
_TYPES = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


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
