"""``innkeeper user`` and ``innkeeper audit``, as an operator runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from core.identity import cli, factors, roles
from core.identity.service import ensure_admin, make_user
from core.identity.values import at_the_shell
from core.kernel import audit, audit_seal
from core.kernel.audit import AuditEntry
from core.kernel.outbox import OutboxEvent
from core.kernel.problems import Conflict, NotFound
from tests.fixtures.house import SmallHouse
from tests.integration.identity.people import PASSWORD, hire, refused, sign_in, who

NEW = "a new and long enough sentence"


@pytest.fixture
def run(house: SmallHouse):  # type: ignore[no-untyped-def]
    """Run a command line; what goes wrong for a person is raised as it is."""

    @contextmanager
    def open_house() -> Iterator[SmallHouse]:
        yield house

    door = click.Group("innkeeper", [cli.user_group(open_house), cli.audit_group(open_house)])

    def run(*words: str, typed: str = "", **environment: str) -> Result:
        result = CliRunner().invoke(door, list(words), input=typed, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_staff_from_the_shell(house: SmallHouse, run) -> None:  # type: ignore[no-untyped-def]
    with house.db.transaction() as session:
        roles.add_role(
            session, at_the_shell(), name="Front desk", permissions=["orders.view"], now=house.clock.now()
        )
    added = run("user", "add", "bo.berg", "--email", "bo@example.com", "--name", "Bo", "--role", "Front desk")
    assert "on its way to bo@example.com" in added.output
    with house.db.read() as session:
        assert session.scalars(select(OutboxEvent).filter_by(name="user.invited")).one()
    wrong = run("user", "add", "b", "--email", "bo", "--name", "", "--role", "Front desk")
    assert wrong.exit_code == 2
    assert "email:" in wrong.stderr
    with pytest.raises(NotFound, match="Front desk"):
        run("user", "add", "cy", "--email", "c@example.com", "--name", "Cy", "--role", "Nothing")
    assert "bo.berg" in run("user", "list").output
    hire(house, "ada", "orders.view")
    assert "has the role Front desk" in run("user", "set-role", "ada", "Front desk").output
    with pytest.raises(NotFound):
        run("user", "disable", "nobody")


def test_passwords_and_factors_from_the_shell(house: SmallHouse, run) -> None:  # type: ignore[no-untyped-def]
    user_id = hire(house, "ada", "orders.view")
    token = sign_in(house)
    asked = run("user", "reset-password", "ada@example.com", typed=f"{NEW}\n{NEW}\n")
    assert NEW not in asked.output
    assert who(house, token) is None
    token = sign_in(house, password=NEW)
    short = run("user", "reset-password", "ada", NEW_PASSWORD="short")
    assert (short.exit_code, who(house, token) is None) == (2, False)
    assert run("user", "reset-password", "ada", NEW_PASSWORD=PASSWORD).exit_code == 0
    token = sign_in(house)
    assert "is signed out of" in run("user", "end-sessions", "ada").output
    assert who(house, token) is None
    run("user", "reset-password", "ada", "--mail")
    with house.db.transaction() as session:
        assert session.scalars(select(OutboxEvent).filter_by(name="identity.reset_wanted")).one()
        factors.new_codes(session, user_id)
    run("user", "reset-factor", "ada")
    with house.db.transaction() as session:
        assert factors.codes_left(session, user_id) == 0
        client_id = make_user(
            session, username="cleo", email="cleo@example.com", password_hash="!", locale="en",
            now=house.clock.now(),
        )  # fmt: skip
        factors.new_codes(session, client_id)
    run("user", "reset-factor", "cleo@example.com")
    with house.db.read() as session:
        assert factors.codes_left(session, client_id) == 0
        facts = [row.payload for row in session.query(OutboxEvent).filter_by(name="user.factor_changed")]
        assert [one["area"] for one in facts if one["user_id"] == str(client_id)] == ["portal"]
        assert session.scalars(select(AuditEntry).filter_by(action="user.reset_factor")).one()
    with pytest.raises(NotFound):
        run("user", "reset-factor", "nobody")
    run("user", "disable", "ada")
    refused(house)
    run("user", "enable", "ada")
    assert who(house, sign_in(house, ip="198.51.100.3"))


def test_the_last_administrator_stays_at_the_shell_too(house: SmallHouse, run) -> None:  # type: ignore[no-untyped-def]

    ensure_admin(house, "boss", PASSWORD)
    with pytest.raises(Conflict):
        run("user", "disable", "boss")


@pytest.mark.breaks_the_books  # that is what it is about
def test_a_row_changed_by_hand_is_found(house: SmallHouse, run) -> None:  # type: ignore[no-untyped-def]
    hire(house)
    for _ in range(3):
        sign_in(house)
    assert run("audit", "verify").exit_code == 0
    with house.db.transaction() as session:
        if not house.db.is_sqlite:
            session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        else:
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' "
                                             "AND tbl_name = 'audit_entry'")).all():  # fmt: skip
                session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE audit_entry SET actor = 'system' WHERE sequence = 2"))
    found = run("audit", "verify")
    assert found.exit_code == 1
    assert "entry 2: the entry was changed" in found.output
    if not house.db.is_sqlite:
        with house.db.transaction() as session:
            session.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER ALL"))


def test_the_log_is_sealed_by_people(house: SmallHouse, run) -> None:  # type: ignore[no-untyped-def]
    audit_seal.seal_with(house.db, house.keys)
    hire(house)
    sign_in(house)
    asked = run("audit", "verify")
    assert (asked.exit_code, "innkeeper audit seal" in asked.output) == (1, True)
    assert "is sealed" in run("audit", "seal").output
    sign_in(house)
    holds = run("audit", "verify")
    assert holds.exit_code == 0
    end = holds.output.rpartition("Its end: ")[2].strip()
    sign_in(house)
    assert run("audit", "verify", "--end", end).exit_code == 0
    other = f"{int(end.partition(':')[0]) - 1}:{end.partition(':')[2]}"
    assert "not what was noted" in run("audit", "verify", "--end", other).output
    assert run("audit", "verify", "--end", "nothing").exit_code == 2
    with house.db.transaction() as session:
        session.execute(text("UPDATE audit_head SET seal = (SELECT max(seal) FROM audit_entry)"))
    denied = run("audit", "seal")
    assert (denied.exit_code, "Find out why first" in denied.stderr) == (1, True)
    assert run("audit", "seal", "--despite", "a test changed it").exit_code == 0
    assert run("audit", "verify").exit_code == 0
    with house.db.read() as session:
        said = session.scalars(select(AuditEntry.after).filter_by(action="audit.seal")).all()
    assert [one["problems"] for one in said] == [0, 1]


def test_the_log_is_shown_narrowed_and_masked(house: SmallHouse, run) -> None:  # type: ignore[no-untyped-def]
    user_id, now = hire(house), house.clock.now()
    with house.db.transaction() as session, audit.acting(ip="203.0.113.7", request_id="abcd1234"):
        for action in ("client.edit", "clients.merge"):
            audit.record(
                session, actor=f"staff:{user_id}", action=action, target="client:1", now=now,
                before={"password": "hunter2 hunter2", "city": "Austin"}, after={"city": "Dallas"},
            )  # fmt: skip
        audit.record(session, actor="system", action="client.edit", target="client:2", now=now)
    shown = run("audit", "show", "--who", "ada", "--action", "client").output
    assert "client.edit" in shown
    assert f"staff:{user_id} (Ada)  client.edit" in shown
    assert "city: 'Austin' -> 'Dallas'" in shown
    assert "[203.0.113.7 abcd1234]" in shown
    assert "hunter2" not in shown
    assert "clients.merge" not in shown
    assert "client:2" not in shown
    assert "client:2" in run("audit", "show", "--who", "system").output
    assert run("audit", "show", "--who", "nobody").output == ""
    assert run("audit", "show", "--since", "2031-01-01").output == ""
    with house.db.read() as session:
        rows = session.scalars(select(AuditEntry)).all()
    assert {row.ip for row in rows if row.target.startswith("client:")} == {"203.0.113.7"}
