"""A browser without a screen, in the hands of somebody who may have ordered before."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.orders import status
from core.web.portal.access import COOKIE
from tests.fixtures.innkeeper import PASSWORD, Inn
from tests.integration.web_admin.desk import HOST, build

DOOR = "/portal/sign-in"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(kw_only=True)
class Guest:
    """Pages by path, forms by path; each form carries the token of the page it stands on."""

    inn: Inn
    app: Flask
    browser: FlaskClient

    def open(self, path: str) -> TestResponse:
        return self.browser.get(path, base_url=HOST)

    def get(self, path: str, status_code: int = 200) -> str:
        """The page as text; fails when the answer is another one."""
        answer = self.open(path)
        assert answer.status_code == status_code, (path, answer.status_code, answer.text[-2000:])
        return answer.text

    def post(self, path: str, page: str = DOOR, **fields: str) -> TestResponse:
        """Send a form as ``page`` would."""
        found = _TOKEN.search(self.browser.get(page, base_url=HOST, follow_redirects=True).text)
        assert found is not None, f"no form on {page}"
        data = {"csrf_token": html.unescape(found[1]), **fields}
        return self.browser.post(path, data=data, base_url=HOST)

    def sign_in(self, username: str, password: str = PASSWORD, wanted: str = "") -> TestResponse:
        return self.post(DOOR, username=username, password=password, next=wanted)

    def sign_out(self, page: str = "/portal/", **fields: str) -> TestResponse:
        return self.post("/portal/sign-out", page, **fields)

    @property
    def cookie(self) -> str:
        found = self.browser.get_cookie(COOKIE, domain="127.0.0.1", path="/")
        return found.value if found else ""


def open_door(inn: Inn, app: Flask | None = None) -> Guest:
    app = app or build(inn)
    return Guest(inn=inn, app=app, browser=app.test_client())


@dataclass(frozen=True, kw_only=True)
class Stay:
    """An order of a new client, and what it brought."""

    username: str
    email: str
    order: str
    order_id: UUID
    invoice_id: UUID
    service_id: UUID
    client_id: UUID


def stay(inn: Inn, method: str = "manual", *, domain: str = "", **contact: Any) -> Stay:
    """Somebody orders for the first time. Their username is known afterwards."""
    token = inn.place_order(method, "starter-hosting", domain=domain, **contact)
    view = inn.view(token)
    with inn.db.read() as session:
        story = status._Story(session, status.find_order(session, token))
        return Stay(
            username=view.username, email=view.email, order=token, order_id=view.id,
            invoice_id=view.invoice_id, service_id=story.services[0].id, client_id=story.order.client_id,
        )  # fmt: skip
