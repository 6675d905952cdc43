"""The commands as processes: they start, say when something is in the way, and end cleanly."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from core.kernel import audit, audit_seal
from core.kernel import migrate as schema
from core.kernel.audit import AuditHead
from core.kernel.db import Database
from core.settings import Settings, SettingsError, key_ring
from core.work import processes
from core.work.serving import bind
from tests.integration.work.conftest import ROOT, until

pytestmark = [pytest.mark.timeout(300)]

SECRET = "correct horse battery staple 0123456789"
SLOW_START = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str) -> int:
    """The status of a page; 0 while nobody answers."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


def _own_environment() -> dict[str, str]:
    """Ours without settings: those that tests use among themselves are none of Innkeeper's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("INNKEEPER_")}


class Command:
    """``innkeeper ...`` with a data folder of its own."""

    def __init__(self, folder: Path, arguments: list[str], **settings: object) -> None:
        self.port = int(str(settings.pop("port", free_port())))
        self.sandbox_port = int(str(settings.pop("sandbox_port", free_port())))
        self.log = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
        known = {
            "data": folder / "var", "port": self.port, "sandbox_port": self.sandbox_port, **settings,
        }  # fmt: skip
        environment = {f"INNKEEPER_{name.upper()}": str(value) for name, value in known.items()}
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "core.cli", *arguments],
                cwd=ROOT,
                env={**_own_environment(), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.output
            return get(self.port, "/readyz") == 200

        until(ready, SLOW_START)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def wait(self) -> int:
        return self.process.wait(timeout=SLOW_START)


@pytest.fixture
def innkeeper(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def start(*arguments: str, **settings: object) -> Command:
        started.append(Command(tmp_path, list(arguments), **settings))
        return started[-1]

    yield start
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
            command.process.wait()


@pytest.mark.crash
def test_a_demo_opens_ends_opens_again_is_killed_and_opens_again(innkeeper: Callable[..., Command]) -> None:
    """One story, because each start takes seconds."""
    first = innkeeper("demo")
    first.until_ready()
    assert (get(first.port, "/"), get(first.sandbox_port, "/healthz")) == (200, 200)
    assert f"http://127.0.0.1:{first.port}/" in first.output
    assert "Admin password" in first.output

    intruder = innkeeper("demo")
    assert intruder.wait() == 2
    assert "another process works" in intruder.output
    assert intruder.output.count("\n") == 1

    began = time.monotonic()
    assert first.end() == 0
    assert time.monotonic() - began < 20
    assert get(first.sandbox_port, "/healthz") == 0
    assert "Traceback" not in first.output

    second = innkeeper("demo", port=first.port, sandbox_port=first.sandbox_port)
    second.until_ready()
    assert "Admin password" not in second.output  # it was shown once
    second.end(signal.SIGKILL)

    third = innkeeper("demo", port=first.port, sandbox_port=first.sandbox_port)
    third.until_ready()
    assert get(third.sandbox_port, "/healthz") == 200
    assert third.end(signal.SIGINT) == 0


def test_the_production_pair(
    innkeeper: Callable[..., Command], make_database_url: Callable[[str, bool], str]
) -> None:
    """Web and worker as processes of their own, on PostgreSQL."""
    settings = {
        "database_url": make_database_url("postgresql", False),
        "secret_key": SECRET,
        "mode": "production",
    }
    web = innkeeper("web", "--processes=1", **settings)
    assert web.wait() == 2
    assert "run innkeeper migrate" in web.output
    for _time in range(2):
        assert innkeeper("migrate", **settings).wait() == 0
    worker = innkeeper("worker", "--name=w1", **settings)
    web = innkeeper("web", "--processes=1", **settings)
    web.until_ready()
    until(lambda: "w1 is at work" in worker.output, SLOW_START)
    assert worker.end() == 0
    assert web.end() == 0
    assert "Traceback" not in web.output + worker.output


def test_a_database_of_another_version_is_refused(empty_database_url: str) -> None:
    settings = Settings.model_validate({"database_url": empty_database_url})
    with pytest.raises(SettingsError, match="innkeeper migrate"):
        processes.check_migrated(settings)
    processes.migrate(settings)
    processes.migrate(settings)
    processes.check_migrated(settings)


def test_migrating_seals_the_audit_log_once(empty_database_url: str) -> None:
    secret = "a secret key of forty letters or so, made up"
    settings = Settings.model_validate({"database_url": empty_database_url, "secret_key": secret})
    db = Database(empty_database_url)
    audit_seal.seal_with(db, key_ring(settings))

    def found() -> list[str]:
        with db.read() as session:
            return [one.reason for one in audit.verify(session)]

    processes.migrate(settings)
    assert found() == []
    with db.transaction() as session:
        session.execute(update(AuditHead).values(seal="", sealed_from=0))
    processes.migrate(settings)
    assert found() == [audit_seal.UNSEALED], "who takes a seal away is not given another"
    schema.downgrade(db, "0006")  # as an earlier version left it
    processes.migrate(settings)
    assert found() == []
    db.dispose()


def test_our_tables_without_the_engines_are_not_enough(db: Database, database_url: str) -> None:
    settings = Settings.model_validate({"database_url": database_url})
    with pytest.raises(SettingsError, match="innkeeper migrate"):
        processes.check_migrated(settings)


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match="INNKEEPER_PORT"):
            bind(settings)


def test_a_bound_port_is_not_answered_yet() -> None:
    settings = Settings(port=free_port())
    with bind(settings):
        assert get(settings.port, "/") == 0
