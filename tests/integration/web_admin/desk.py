"""Staff at the desk: a browser without a screen, signed in to the admin of one inn."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from core.app import create_app
from core.identity import service as identity
from core.identity.permissions import PERMISSIONS
from core.orders import status
from core.web.admin.access import COOKIE
from tests.fixtures.innkeeper import Inn

PASSWORD = "a lamp, a key and a bell"
HOST = "http://127.0.0.1:8000"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class _KeptTemplates(BytecodeCache):
    """Compiled templates for the whole run: each test builds an app of its own."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_TEMPLATES = _KeptTemplates()


@dataclass(kw_only=True)
class Desk:
    """Pages by path, forms by path; each form carries the token of the page it stands on."""

    inn: Inn
    app: Flask
    browser: FlaskClient
    user_id: UUID

    def get(self, path: str, status_code: int = 200) -> str:
        """The page as text; fails when the answer is another one."""
        answer = self.browser.get(path, base_url=HOST)
        assert answer.status_code == status_code, (path, answer.status_code, answer.text[-2000:])
        return answer.text

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form as the page would."""
        return self.browser.post(path, data={"csrf_token": self.token(), **fields}, base_url=HOST)

    def done(self, path: str, **fields: str) -> str:
        """Send a form that must succeed, and look at the page it leads to."""
        answer = self.post(path, **fields)
        assert answer.status_code == 303, (answer.status_code, texts(answer.text)[-1500:])
        return self.get(answer.headers["Location"])

    def token(self) -> str:
        page = self.browser.get("/admin/me", base_url=HOST, follow_redirects=True)
        found = _TOKEN.search(page.text)
        assert found is not None
        return html.unescape(found[1])

    def order_path(self, order_token: str) -> str:
        """The admin's page of an order, by the buyer's token."""
        return f"/admin/orders/{status.view_order(self.inn.house, order_token).id}"


def open_desk(
    inn: Inn, permissions: Collection[str] = tuple(PERMISSIONS), *, name: str = "Marta Lindqvist"
) -> Desk:
    """Make somebody of the staff and sign them in."""
    app = build(inn)
    user_id = hire(inn, permissions, name=name)
    desk = Desk(inn=inn, app=app, browser=app.test_client(), user_id=user_id)
    answer = sign_in(desk, name.lower().replace(" ", "."))
    assert answer.status_code == 303, texts(answer.text)
    return desk


def build(inn: Inn) -> Flask:
    """The web application of this inn."""
    app = create_app(inn.house)
    app.jinja_env.bytecode_cache = _TEMPLATES
    return app


def hire(inn: Inn, permissions: Collection[str], *, name: str = "Marta Lindqvist") -> UUID:
    """A role of its own with exactly these permissions, and one person in it."""
    username = name.lower().replace(" ", ".")
    password_hash = identity.hash_password(PASSWORD)
    now = inn.clock.now()
    with inn.db.transaction() as session:
        role_id = identity.make_role(session, f"Role of {username}", permissions)
        new = identity.NewStaff(
            username=username, email=f"{username}@wayside.example", name=name,
            password_hash=password_hash, role_id=role_id,
        )  # fmt: skip
        return identity.make_staff(session, new, now)


def sign_in(desk: Desk, username: str, password: str = PASSWORD, **fields: str) -> TestResponse:
    page = desk.browser.get("/admin/login", base_url=HOST)
    found = _TOKEN.search(page.text)
    data = {"username": username, "password": password, **fields}
    if found:
        data["csrf_token"] = html.unescape(found[1])
    return desk.browser.post("/admin/login", data=data, base_url=HOST)


def cookie_of(desk: Desk) -> str | None:
    found = desk.browser.get_cookie(COOKIE, domain="127.0.0.1", path="/admin")
    return found.value if found else None


def texts(page: str) -> str:
    """What a page says, without its tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(page: str, start: str) -> list[str]:
    """Addresses in a page that begin with ``start``, in order, each once."""
    found = re.findall(r'(?:href|action)="([^"]+)"', page)
    return list(dict.fromkeys(html.unescape(one) for one in found if one.startswith(start)))


def things(inn: Inn) -> dict[str, str]:
    """One of each thing that an address may name, by the name of its argument."""
    order = inn.view(inn.place_order("sandbox_card"))
    desk = open_desk(inn, name="Scout Finch")
    story, clients = desk.get(f"/admin/orders/{order.id}"), desk.get("/admin/clients")

    def first(page: str, kind: str) -> str:
        found = re.search(rf"/admin/{kind}/([0-9a-f-]{{36}})", page)
        assert found is not None, kind
        return found[1]

    return {
        "order_id": str(order.id), "invoice_id": str(order.invoice_id),
        "client_id": first(clients, "clients"), "attempt_id": first(story, "payments"),
        "job_id": first(story, "jobs"), "mail_id": first(story, "mails"),
        "service_id": first(story, "services"), "user_id": str(desk.user_id),
        "server_id": first(desk.get("/admin/servers"), "servers"),
        "role_id": first(desk.get("/admin/roles"), "roles"), "plugin_id": "gateway.sandbox_card",
    }  # fmt: skip
