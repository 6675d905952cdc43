"""kill -9 at every durable step of an order, one after the other, until none is left.

After each death the process is started again and the buyer clicks again, as in life. Then the pretend
world's books must hold one charge and one account, and our own books must balance.
"""

from __future__ import annotations

import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import text

from core import app, demo
from core.billing.checks import breaches
from core.brands import service as brands
from core.clients.values import MAIL_TYPES
from core.kernel import audit
from core.kernel.db import Database
from core.orders import cart, checkout
from core.testing.sandbox.client import SandboxProcess
from core.work.engine import ClientEngine
from core.work.inline import InlineEngine
from tests.crash import child
from tests.crash.child import DONE, Errand
from tests.fixtures.postgres import PostgresServer

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]
MOST_POINTS = 200
AT_ONCE = 3  # deaths at the same time: most of a recovery is waiting
PATIENCE_SECONDS = child.PATIENCE_SECONDS + 60  # the child gives up first, and says where it stood
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.crash.warm", "core.web.flask_app"])
CONTACT = {
    "first_name": "Ada", "last_name": "Okonkwo", "email": "ada@pinewood.example", "city": "Austin",
    "street_address": "2207 East Cesar Chavez Street", "state": "TX", "county": "Travis", "country": "US",
    "postal_code": "78702", "primary_phone": "+1 512 555 0186", "username": "adaeze", "language": "en",
    "password": "a short sentence is best", "confirm_password": "a short sentence is best",
    "email_format": "html",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A shop with a full cart, to be copied for each death."""

    copy: Callable[[str], str]  # name -> database URL
    cart_token: str
    data: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess.start(tmp_path_factory.mktemp("world")) as sandbox:
        yield sandbox


# By card alone: wallet and eCheck are taken apart in process (tests/integration/orders/test_crashes.py),
# which is quicker.
@pytest.fixture
def prepared(
    request: pytest.FixtureRequest,
    database_kind: str,
    make_database_url: Callable[[str, bool], str],
    world: SandboxProcess,
    tmp_path: Path,
) -> Prepared:
    url = make_database_url(database_kind, True)
    token = _fill_cart(url, world, tmp_path)

    def copy(name: str) -> str:
        if database_kind == "sqlite":
            target = tmp_path / f"{name}.sqlite3"
            shutil.copyfile(url.removeprefix("sqlite:///"), target)
            return f"sqlite:///{target}"
        server: PostgresServer = request.getfixturevalue("postgres")
        # Never dropped: the server goes with the run, and dropping sixty would take a minute.
        return server.create(f"crash_{name}", url.rpartition("/")[2].partition("?")[0])

    return Prepared(copy=copy, cart_token=token, data=tmp_path)


def _fill_cart(url: str, world: SandboxProcess, data: Path) -> str:
    errand = Errand(database_url=url, data=data, sandbox_port=world.port, cart_token="", die_at=0)
    house = app.build(child.settings_of(errand), lambda _db, _plugins, _settings: InlineEngine())
    demo.set_up(house)
    engine = ClientEngine(house.db)
    engine.migrate()  # the engine's own tables, so that each copy has them
    engine.shutdown()
    with house.db.read() as session:
        brand_id = brands.default_brand(session).id
    token = cart.add_line(
        house,
        None,
        brand_id,
        product_slug="starter-hosting",
        cycle="year:1",
        domain="crash.example",
        quantity="1",
    )
    checkout.save_summary(
        house, token, CONTACT | _card(world),
        {"email_actions": [key for key, _label in MAIL_TYPES]}, ip="127.0.0.1",
    )  # fmt: skip
    house.db.dispose()
    return token


def _card(world: SandboxProcess) -> dict[str, str]:
    token = world.token()
    card = world.call("GET", f"/v1/tokens/{token}").body
    return {
        "payment_method": "sandbox_card", "payment_token": token, "name_on_card": "Ada Okonkwo",
        "expiry_month": f"{card['expiry_month']:02}", "expiry_year": str(card["expiry_year"]),
        "card_type": "",
    }  # fmt: skip


def test_no_death_loses_or_doubles_anything(prepared: Prepared, world: SandboxProcess) -> None:
    deaths = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for first in range(1, MOST_POINTS, AT_ONCE):
            points = range(first, first + AT_ONCE)
            died = list(pool.map(lambda point: _die_and_recover(prepared, world, point), points))
            deaths += sum(died)
            if not all(died):
                break
        else:
            pytest.fail(f"more than {MOST_POINTS} points: is something running in circles?")
    assert deaths >= 12, "the points were not planted"


def _die_and_recover(prepared: Prepared, world: SandboxProcess, die_at: int) -> bool:
    """Whether there was a point of this number to die at."""
    name = f"p{die_at}"
    url = prepared.copy(name)
    domain = f"{url.partition(':')[0].partition('+')[0]}{die_at}.example"
    _rename(url, domain)
    errand = Errand(
        database_url=url, data=prepared.data / name, sandbox_port=world.port, cart_token=prepared.cart_token,
        die_at=die_at,
    )  # fmt: skip
    ended = _start(errand)
    died = ended == -signal.SIGKILL
    if died:
        errand = replace(errand, die_at=0)
        ended = _start(errand)
    where = f"after a death at point {die_at}" if died else f"point {die_at} was not reached"
    assert ended == DONE, f"{where}: not done, ended with {ended}: {_said(errand)}"
    _check(url, world, domain, where)
    return died


def _said(errand: Errand) -> str:
    """What went wrong in the child, which has no terminal of ours."""
    return errand.trouble.read_text() if errand.trouble.exists() else "nothing was raised"


def _start(errand: Errand) -> int | None:
    process = PROCESSES.Process(target=child.run, args=(errand,))
    process.start()
    process.join(PATIENCE_SECONDS)
    if process.is_alive():
        process.kill()
        pytest.fail(f"still running at point {errand.die_at}")
    return process.exitcode


def _rename(url: str, domain: str) -> None:
    db = Database(url)
    with db.transaction() as session:
        session.execute(text("UPDATE cart_line SET domain = :domain"), {"domain": domain})
    db.dispose()


def _check(url: str, world: SandboxProcess, domain: str, where: str) -> None:
    db = Database(url)
    with db.read() as session:
        keys = set(session.execute(text("SELECT idempotency_key FROM attempt")).scalars())
    charges = [one["status"] for one in world.books("charges") if one["key"] in keys]
    assert charges == ["succeeded"], f"{where}: {charges}"
    accounts = [one for one in world.books("accounts") if one["domain"] == domain]
    assert len(accounts) == 1, f"{where}: {accounts}"
    with db.read() as session:
        assert not list(breaches(session)), where
        assert not list(audit.verify(session)), where
        counts = session.execute(
            text(
                'SELECT (SELECT COUNT(*) FROM "order"), (SELECT COUNT(*) FROM client),'
                " (SELECT COUNT(*) FROM invoice WHERE status = 'paid'),"
                " (SELECT COUNT(*) FROM remote_account),"
                " (SELECT COUNT(*) FROM attempt WHERE state = 'succeeded'),"
                " (SELECT COUNT(DISTINCT dedupe_key) - COUNT(*) FROM mail_message)"
            )
        ).one()
    db.dispose()
    assert tuple(counts) == (1, 1, 1, 1, 1, 0), where
