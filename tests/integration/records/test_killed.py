"""A process that reads a file in is killed for real; another takes it up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from core.clients.models import Client, Contact
from core.kernel.db import Database
from core.records.models import Import
from core.settings import Settings
from core.work import processes
from tests.integration.records.conftest import Library, people, table

ROOT = Path(__file__).resolve().parents[3]
ROWS = 500
PATIENCE = 120.0

pytestmark = [pytest.mark.timeout(300)]


def innkeeper(folder: Path, url: str, *arguments: str) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("INNKEEPER_")}
    settings = {"MODE": "demo", "DATA": str(folder), "DATABASE_URL": url}
    return subprocess.Popen(
        [sys.executable, "-m", "core.cli", "import", *arguments],
        cwd=ROOT, env={**own, **{f"INNKEEPER_{name}": value for name, value in settings.items()}}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip


def written(db: Database) -> int:
    """How many rows of a real run are behind it."""
    with db.read() as session:
        return session.scalar(select(Import.next_line - 1).where(Import.is_dry.is_(False))) or 0


def counts(db: Database) -> tuple[int, int, int]:
    """Clients, their different references, contacts."""
    with db.read() as session:
        clients = session.execute(
            select(func.count(), func.count(Client.external_reference.distinct())).select_from(Client)
        ).one()
        return clients[0], clients[1], session.scalar(select(func.count()).select_from(Contact)) or 0


def test_killed_in_the_middle_and_resumed(library: Library, database_url: str, tmp_path: Path) -> None:
    folder, db = tmp_path / "var", library.house.db
    processes.migrate(Settings(data=folder, database_url=SecretStr(database_url)))
    file = tmp_path / "many.csv"
    file.write_bytes(table(people(ROWS)))

    child = innkeeper(folder, database_url, "clients", str(file))
    deadline = time.monotonic() + PATIENCE
    while not 0 < written(db) < ROWS:
        assert child.poll() is None, child.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    first = counts(db)
    assert 0 < first[0] < ROWS
    assert first == (written(db),) * 3, "what is behind it is what is there"

    child = innkeeper(folder, database_url, "resume", "1")
    output = child.communicate(timeout=PATIENCE)[0]
    assert child.returncode == 0, output
    assert f"{ROWS} new, 0 known and left as they are, 0 refused." in output
    assert counts(db) == (ROWS, ROWS, ROWS)
