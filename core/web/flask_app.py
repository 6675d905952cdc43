"""The web application, put together step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from core.settings import require_secret
from core.web import (
    acting,
    errors,
    guards,
    guessing,
    health,
    language,
    looks,
    render,
    security,
    tracing,
    webhooks,
)
from core.web.admin.blueprint import blueprint as admin
from core.web.current import EXTENSION, WebHouse
from core.web.heads import HeadIsGet
from core.web.portal import inside
from core.web.portal.blueprint import blueprint as portal
from core.web.shop.blueprint import blueprint as shop

Step = Callable[[Flask, WebHouse], None]


def create_flask(house: WebHouse) -> Flask:
    """The WSGI application of one house. Raises SettingsError."""
    flask_app = Flask("innkeeper", static_folder=None, template_folder=None)
    flask_app.extensions[EXTENSION] = house
    for step in STEPS:
        step(flask_app, house)
    return flask_app


def _keys(flask_app: Flask, house: WebHouse) -> None:
    """Cookies and forms are signed with a key of their own, not with the one that seals data."""
    secret = require_secret(house.settings)
    flask_app.secret_key = hashlib.sha256(b"innkeeper-cookies:" + secret).digest()


def _addresses(flask_app: Flask, _house: WebHouse) -> None:
    flask_app.url_map.strict_slashes = False
    flask_app.wsgi_app = HeadIsGet(flask_app.wsgi_app)  # type: ignore[method-assign]
    flask_app.json.sort_keys = False  # type: ignore[attr-defined]


def _proxies(flask_app: Flask, house: WebHouse) -> None:
    """Forwarded headers are believed only as far as proxies are configured; else anybody could send them."""
    count = house.settings.proxies
    if count:
        flask_app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            flask_app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def _requests(flask_app: Flask, house: WebHouse) -> None:
    """Before and after each request. What is registered after a request runs last to first."""
    tracing.register(flask_app, believe_given=house.settings.proxies > 0)
    acting.register(flask_app)
    security.register(flask_app)
    language.register(flask_app)
    guards.register(flask_app)
    guessing.register(flask_app)
    flask_app.before_request(language.settle)


def _pages(flask_app: Flask, house: WebHouse) -> None:
    render.register(flask_app)
    errors.register(flask_app)


def _blueprints(flask_app: Flask, _house: WebHouse) -> None:
    for part in (shop, portal, admin, looks.blueprint, webhooks.blueprint, health.blueprint):
        flask_app.register_blueprint(part)
    inside.register(flask_app)


STEPS: tuple[Step, ...] = (_keys, _addresses, _proxies, _requests, _pages, _blueprints)
