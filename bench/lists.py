"""The admin's list of clients and its search at full size: A1, A2 and A4.

Two databases, one of ``count`` clients and one of a tenth of it, are asked in turn in one process: first
page, deep page, what the page could not do without (its SQL through the bare driver, its template, an empty
Flask answer), and searches that hit and that miss.
"""

from __future__ import annotations

import html
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import event, select, text

from core import app as application
from core import demo
from core.app import Innkeeper
from core.clients.models import Client, Contact
from core.demo_data import loading
from core.identity.users import ensure_admin
from core.kernel import migrate
from core.kernel.paging import Window
from core.settings import Settings, load
from core.web.admin import page
from core.web.admin.listing.asking import span
from core.web.admin.listing.spec import Asked
from core.web.admin.lists import CLIENTS
from core.work.serving import freeze_loaded
from core.work.worker import client_engine

HOST = "http://127.0.0.1:8000"
PASSWORD = "a lamp, a key and a bell"  # of this bench's own databases
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"  # the same each time, so that a database can be used again
ROUNDS = 25
SEARCHES = 40  # of each kind
MEASURED, WARMING = 7, 8  # seeds of whom is looked for
MISSES = ("zzqqxw", "nobody.at.all@nowhere.invalid", "qxz", "example.comx", "smithson-jonesx", "99999999999",
          "m\u00fcller gmbh zzz", "\u9f98\u9750")  # fmt: skip


@dataclass(slots=True)
class Times:
    """Milliseconds of one kind of request: by the clock, and of this process's CPU."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self, do: Callable[[], object]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        self.cpu.append((time.process_time() - cpu) * 1000)
        self.wall.append((time.perf_counter() - wall) * 1000)

    @property
    def p50(self) -> float:
        return median(self.wall)

    @property
    def p95(self) -> float:
        return self._p95(self.wall)

    @staticmethod
    def _p95(found: list[float]) -> float:
        return sorted(found)[max(0, round(len(found) * 0.95) - 1)]

    def told(self) -> str:
        cpu = f"cpu p50 {median(self.cpu):7.2f}  p95 {self._p95(self.cpu):7.2f} ms"
        return f"p50 {self.p50:7.2f}  p95 {self.p95:7.2f}  {cpu}"


class Inn:
    """One database of so many clients, and somebody signed in to its admin."""

    def __init__(self, count: int, folder: Path, url: str) -> None:
        self.count = count
        settings: Settings = load()
        facts = {
            "mode": "demo", "data": folder, "database_url": SecretStr(url), "secret_key": SecretStr(SECRET),
        }  # fmt: skip
        self.house = application.build(settings.model_copy(update=facts), client_engine)
        self._fill()
        self.browser: FlaskClient = application.create_app(self.house).test_client()
        self._sign_in()
        with self.house.db.read() as session:
            half = select(Client.id).order_by(Client.id).offset(count // 2).limit(1)
            self.deep = f"/admin/clients?after={session.scalar(half)}"
        self.context = self._context()
        self.statements = self._statements()
        self.connection = self.house.db.engine.raw_connection()
        self.cursor = self.connection.cursor()

    def _fill(self) -> None:
        house: Innkeeper = self.house
        migrate.upgrade(house.db)
        house.engine.migrate()  # type: ignore[attr-defined]
        brand = demo.set_up(house)
        ensure_admin(house, "admin", PASSWORD, reset=True)

        def tell(done: int) -> None:
            print(f"\r  {done:,} of {self.count:,} clients", end="", flush=True)

        loading.fill(house.db, brand, self.count, house.clock.now(), tell)
        print()

    def _sign_in(self) -> None:
        door = self.browser.get("/admin/login", base_url=HOST).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', door)
        assert token is not None
        data = {"csrf_token": html.unescape(token[1]), "username": "admin", "password": PASSWORD}
        answer = self.browser.post("/admin/login", data=data, base_url=HOST)
        assert answer.status_code == 303, answer.text[:500]
        self.get("/admin/clients")

    def get(self, path: str) -> str:
        answer = self.browser.get(path, base_url=HOST)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.text)

    def _context(self) -> dict[str, Any]:
        """What the template is given, taken from a page that is drawn."""
        kept: dict[str, Any] = {}
        draw = page.render_admin

        def keep(name: str, status: int = 200, /, **context: Any) -> Any:
            kept.update(context, _name=name)
            return draw(name, status, **context)

        page.render_admin = keep
        try:
            self.get("/admin/clients")
        finally:
            page.render_admin = draw
        return kept

    def draw(self) -> None:
        context = dict(self.context)
        page.render_admin(context.pop("_name"), **context)

    def _statements(self) -> list[tuple[str, Any]]:
        """The SQL of the list itself, as the driver gets it."""
        kept: list[tuple[str, Any]] = []

        def keep(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            kept.append((statement, parameters))

        with self.house.db.read() as session:
            event.listen(self.house.db.engine, "before_cursor_execute", keep)
            whole = Asked()
            rows = CLIENTS.read(session, Window(), whole, span(whole)).items
            CLIENTS.beside(session, rows)
            event.remove(self.house.db.engine, "before_cursor_execute", keep)
        return [(statement, parameters) for statement, parameters in kept if "BEGIN" not in statement]

    def raw(self) -> None:
        for statement, parameters in self.statements:
            self.cursor.execute(statement, parameters)
            self.cursor.fetchall()
        self.connection.rollback()

    def hits(self, seed: int) -> list[str]:
        """Numbers, emails, names, parts of them, two letters and two characters: all of somebody there is."""
        dice = random.Random(seed)
        first = 1001 + self.count // 3
        numbers = [first + dice.randrange(self.count // 2) for _ in range(8)]
        with self.house.db.read() as session:
            rows = session.execute(
                select(Contact.email, Contact.last_name, Client.company_name)
                .join(Client, Client.id == Contact.client_id)
                .where(Client.number.in_(numbers), Contact.is_primary)
            ).all()
        found = [
            "example",
            "ex",
            "4242",
            "\u738b\u4f1f",
            "\u682a\u5f0f\u4f1a\u793e",
            "smith",
            "m\u00fcller gmbh",
        ]
        for email, last, company in rows:
            found += [email, email[3:11], f"{last} {company}"[:40]]
        return [one for one in (*map(str, numbers), *found) if one.strip()]

    def close(self) -> None:
        self.cursor.close()
        self.connection.close()
        self.house.db.dispose()


@contextmanager
def drawing(inn: Inn) -> Iterator[None]:
    """A request in which templates can be drawn."""
    flask_app = inn.browser.application
    assert isinstance(flask_app, Flask)
    with flask_app.test_request_context("/admin/clients", base_url=HOST):
        yield


def measure(small: Inn, large: Inn) -> None:
    """Run all in turn and print the table."""
    hello = Flask("hello")
    hello.add_url_rule("/", view_func=lambda: "hello")
    greeted = hello.test_client()
    kinds: dict[str, tuple[Times, Callable[[], object]]] = {}
    for inn, size in ((small, "tenth"), (large, "full")):
        kinds[f"first {size}"] = (Times(), lambda inn=inn: inn.get("/admin/clients"))
        kinds[f"deep {size}"] = (Times(), lambda inn=inn: inn.get(inn.deep))
    kinds["raw SQL"] = (Times(), large.raw)
    kinds["hello"] = (Times(), lambda: greeted.get("/"))
    template = Times()
    for number in range(ROUNDS):
        for times, do in kinds.values():
            times.measure(do)
        with drawing(large):
            template.measure(large.draw)
        if number == 0:  # the first of each warms caches
            for times, _ in kinds.values():
                times.wall.clear()
                times.cpu.clear()
            template = Times()
    hit, miss = _searched(large)
    _tell(
        small, large, {name: times for name, (times, _) in kinds.items()} | {"template": template}, hit, miss
    )


def _searched(inn: Inn) -> tuple[Times, Times]:
    hit, miss = Times(), Times()
    for q in inn.hits(WARMING):  # other words: statements are known by then, rows are not
        inn.browser.get("/admin/clients", query_string={"q": q}, base_url=HOST)
    hits = inn.hits(MEASURED)
    for number in range(SEARCHES):
        for times, words in ((hit, hits), (miss, MISSES)):
            q = words[number % len(words)]
            times.measure(lambda q=q: inn.browser.get("/admin/clients", query_string={"q": q}, base_url=HOST))
    return hit, miss


def _tell(small: Inn, large: Inn, found: dict[str, Times], hit: Times, miss: Times) -> None:
    kind = "SQLite" if large.house.db.is_sqlite else "PostgreSQL"
    load_now = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    sizes = f"{large.count:,} and {small.count:,} clients"
    print(f"\n{sizes} on {kind}; load average {load_now}; {os.cpu_count()} cores")
    for name, times in (found | {"search hit": hit, "search miss": miss}).items():
        print(f"  {name:<14}{times.told()}")
    limit = found["raw SQL"].p50 + found["template"].p50 + found["hello"].p50
    for name, value, must in (
        ("A1 first page, full / tenth", found["first full"].p50 / found["first tenth"].p50, "<= 1.5"),
        ("A1 deep page, full / tenth", found["deep full"].p50 / found["deep tenth"].p50, "<= 1.5"),
        ("A2 first page / (raw SQL + template + hello)", found["first full"].p50 / limit, "<= 8"),
        ("A2 deep page / (raw SQL + template + hello)", found["deep full"].p50 / limit, "<= 8"),
        ("A4 search hit, p95 ms", hit.p95, "<= 100"),
        ("A4 search miss, p95 ms", miss.p95, "<= 100"),
    ):
        print(f"  {name:<46}{value:8.2f}   must {must}")


def run(count: int, folder: Path, url: str, small_url: str) -> None:
    """Fill both databases up to size (again: only what is missing) and measure."""
    small = Inn(max(1000, count // 10), folder / "tenth", small_url)
    large = Inn(count, folder / "full", url)
    for inn in (small, large):
        with inn.house.db.read() as session:
            session.execute(text("SELECT 1"))
    freeze_loaded()  # as the servers do
    measure(small, large)
    small.close()
    large.close()
