"""``innkeeper client close|export|merge|erase``: a client that leaves, as an operator sees it off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from core.clients.models import BillingAccount
from core.kernel import audit
from core.kernel.problems import Conflict, NotFound
from core.records.cli import RecordsHouse, commands
from tests.fixtures.innkeeper import Inn
from tests.integration.records.test_whole_clients import buyer, find

Run = Callable[..., Result]


@pytest.fixture
def database_url(demo_database_url: str) -> str:
    return demo_database_url


@pytest.fixture
def run(inn: Inn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in an empty folder; what goes wrong for a person is raised as it is."""
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def opened() -> Iterator[RecordsHouse]:
        yield inn.house

    door = click.Group("client", list(commands(opened)))

    def run(*words: str, typed: str = "") -> Result:
        result = CliRunner().invoke(door, list(words), input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def number_of(inn: Inn, client_id: UUID) -> str:
    return str(find(inn, client_id).number)


def test_a_client_is_handed_out_closed_and_erased(inn: Inn, run: Run, tmp_path: Path) -> None:
    client_id, _ = buyer(inn)
    number = number_of(inn, client_id)
    assert f"wrote client-{number}.json" in run("export", number).output
    file = tmp_path / f"client-{number}.json"
    assert json.loads(file.read_text())["client"]["number"] == int(number)
    assert file.stat().st_mode & 0o077 == 0
    again = run("export", str(client_id))
    assert (again.exit_code, "exists" in again.output) == (2, True)
    assert json.loads(run("export", number, "--to", "-").output)["contacts"]
    with pytest.raises(Conflict, match="service is not over"):
        run("close", number, "--reason", "moves away")
    with pytest.raises(Conflict, match="service is not over"):  # its panel is asked and has not answered
        run("close", number, "--reason", "moves away", "--end-services")
    inn.drain()
    assert "Closed." in run("close", number, "--reason", "moves away").output
    with pytest.raises(Conflict, match="billing account is not forgotten"):
        run("erase", number, "--reason", "by letter")
    with inn.db.transaction() as session:
        now = inn.clock.now()
        session.execute(
            update(BillingAccount).values(removed_at=now, detached_at=now, is_default=False, keep=False)
        )
    asked = run("erase", number, "--reason", "by letter", typed="n\n")
    assert (asked.exit_code, find(inn, client_id).erased_at) == (1, None)
    assert "reason:" in run("erase", number, "--reason", " ", "--yes").stderr
    assert "Erased." in run("erase", number, "--reason", "by letter", typed="y\n").output
    assert find(inn, client_id).erased_at is not None
    with inn.db.read() as session:
        assert list(audit.verify(session)) == []


def test_one_client_becomes_part_of_another(inn: Inn, run: Run) -> None:
    source, _ = buyer(inn)
    target, _ = buyer(inn)
    words = ("merge", number_of(inn, source), str(target))
    assert run(*words, typed="n\n").exit_code == 1
    assert find(inn, source).merged_into_id is None
    told = run(*words, typed="y\n").output
    assert "1 services" in told
    assert "Joined." in told
    assert find(inn, source).merged_into_id == target
    with pytest.raises(Conflict):
        run(*words, "--yes")


def test_nobody_is_met_by_a_number_that_is_nobodys(inn: Inn, run: Run) -> None:
    for command in (["export"], ["close", "--reason", "x"], ["erase", "--reason", "x"]):
        with pytest.raises(NotFound, match="There is no client 77"):
            run(*command, "77")
