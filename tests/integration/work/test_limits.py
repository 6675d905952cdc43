"""A server bears what its plugin says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from core.kernel.db import Database
from core.kernel.ids import new_id
from core.provisioning.models import Server
from core.work.engine import ClientEngine
from core.work.lanes import lane_of
from core.work.limits import server_limits


@pytest.fixture
def plugins() -> Any:
    """A registry of one panel that bears five calls at once."""
    entry = SimpleNamespace(spec=SimpleNamespace(concurrency=5))
    return SimpleNamespace(provisioners={"acme": entry}, registrars={})


def make_server(db: Database, plugin: str) -> str:
    server_id = new_id()
    with db.transaction() as session:
        session.add(Server(id=server_id, name=plugin, plugin=plugin, settings_encrypted=""))
    return f"server:{server_id}"


def test_the_plugin_of_the_server_decides(db: Database, plugins: Any) -> None:
    known, foreign = make_server(db, "acme"), make_server(db, "removed")
    limits = server_limits(plugins)
    with db.read() as session:
        assert limits(session, known) == 5
        assert limits(session, foreign) is None
        assert limits(session, f"server:{new_id()}") is None
        assert limits(session, "server:not-an-id") is None
        assert limits(session, "gateway:card") is None


def test_the_engine_asks_in_the_callers_transaction(db: Database, plugins: Any) -> None:
    """A server that was made in this very transaction is known already."""
    engine = ClientEngine(db, limits=server_limits(plugins))
    engine.migrate()
    server_id = new_id()
    with db.transaction() as session:
        session.add(Server(id=server_id, name="new", plugin="acme", settings_encrypted=""))
        engine.enqueue(session, "job", new_id(), queue=f"server:{server_id}")
    prefix = "" if db.is_sqlite else "dbos."
    with db.read() as session:
        lane = session.scalar(text(f"SELECT queue_name FROM {prefix}workflow_status"))  # noqa: S608
    assert lane == lane_of("server:x", 4).name
    engine.shutdown()
