"""What one request stands on: the house, the brand whose host was asked for, the instant, the visitor."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from core.brands import service as brands
from core.brands.values import BrandView
from core.kernel.db import DbSession
from core.plugin_host.house import PluginHouse
from core.settings import Settings

EXTENSION = "innkeeper"
LOOKS = ("light", "auto", "dark")
LOOK_COOKIE = "ik_look"


class WebHouse(PluginHouse, Protocol):
    """What pages need of the application."""

    @property
    def settings(self) -> Settings: ...


def house() -> WebHouse:
    """The application behind this request."""
    return house_of(current_app)


def house_of(flask_app: Flask) -> WebHouse:
    return cast(WebHouse, flask_app.extensions[EXTENSION])


def brand() -> BrandView:
    """The brand of the host that was asked for; the default brand for every other. Read once a request."""
    if "brand" not in g:
        with house().db.read() as session:
            read_brand(session)
    return cast(BrandView, g.brand)


def read_brand(session: DbSession) -> None:
    """For who has a snapshot open: what ``brand`` will answer."""
    if "brand" not in g:
        g.brand = brands.brand_for_host(session, host_name(request.host))


def brand_or_none() -> BrandView | None:
    """The brand if this request has read it already: for pages that must not touch the database."""
    return cast("BrandView | None", g.get("brand"))


def now() -> datetime:
    return house().clock.now()


def host_name(host: str) -> str:
    """``localhost`` of ``localhost:8000``; an IPv6 address keeps its brackets. Lower case."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]


def site_url() -> str:
    """Where this shop is reached from outside, without a slash at the end.

    The configured ``base_url`` when it names this host (TLS may end in front of us), else the address
    that was asked for, whose host has been checked.
    """
    configured = house().settings.base_url.rstrip("/")
    if configured and urlsplit(configured).netloc == request.host:
        return configured
    return request.host_url.rstrip("/")


def is_https() -> bool:
    return site_url().startswith("https:")


def visitor_ip() -> str:
    """The visitor's address; behind proxies only as far as the configuration believes them."""
    return request.remote_addr or ""


def look() -> str:
    """The colours this visitor chose: light, dark, or auto (as the system says)."""
    chosen = request.cookies.get(LOOK_COOKIE, "auto")
    return chosen if chosen in LOOKS else "auto"


def request_id() -> str:
    return cast(str, g.get("request_id", ""))
