"""Documents as PDF: the printable page, laid out by WeasyPrint (the extra ``pdf``)."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from core.web.files import FOLDER

BASE = "innkeeper://documents"  # nothing is fetched over any network: see fetch
_TYPES = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


class NoPdf(RuntimeError):
    """WeasyPrint or the libraries it draws with are not installed here."""


def pdf(html: str) -> bytes:
    """The document as PDF. Raises NoPdf."""
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise NoPdf(str(error)) from error
    document: bytes = weasyprint.HTML(string=html, base_url=BASE, url_fetcher=fetch).write_pdf()
    return document


def fetch(url: str, *_args: Any, **_kwargs: Any) -> Mapping[str, Any]:
    """Give WeasyPrint our own static files and refuse everything else: a document never calls out."""
    path = unquote(urlsplit(url).path)
    found = (FOLDER / path.removeprefix("/static/")).resolve()
    if not path.startswith("/static/") or not found.is_relative_to(FOLDER) or found.suffix not in _TYPES:
        raise ValueError(f"a document may not load {url}")
    return {"string": found.read_bytes(), "mime_type": _TYPES[found.suffix], "redirected_url": url}
