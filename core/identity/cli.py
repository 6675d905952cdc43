"""``innkeeper user`` and ``innkeeper audit``: staff and their trail from the shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from uuid import UUID

import click
from sqlalchemy.orm import Session

from core.identity import queries, resetting, roles, staffing
from core.identity.passwords import hash_password
from core.identity.rules import check_password_rules
from core.identity.sessions import belongs
from core.identity.signing import find_user
from core.identity.staffing import StaffForm, StaffView
from core.identity.users import set_password
from core.identity.values import at_the_shell
from core.kernel import audit, audit_seal
from core.kernel.audit import Problem
from core.kernel.paging import Window
from core.kernel.problems import InvalidFields, NotFound
from core.kernel.queries import AuditFilter, AuditRow, list_audit
from core.kernel.work import House

OpenHouse = Callable[[], AbstractContextManager[House]]
PASSWORD = "NEW_PASSWORD"  # read from the environment or asked for: never an argument, which others see


def user_group(open_house: OpenHouse) -> click.Group:
    """The commands about staff. ``open_house`` is called when one runs."""

    @click.group("user")
    def group() -> None:
        """Staff: add, list, give a role, reset password or second factor, sign out, disable.

        USER is a user name or email.
        """

    for make in (_add, _list, _set_role, _reset_password, _reset_factor, _end_sessions, _disable, _enable):
        group.add_command(make(open_house))
    return group


def audit_group(open_house: OpenHouse) -> click.Group:
    """The commands about the audit log."""

    @click.group("audit")
    def group() -> None:
        """The audit log: who did what."""

    for make in (_verify, _seal, _show):
        group.add_command(make(open_house))
    return group


@contextmanager
def _told() -> Iterator[None]:
    """Each wrong field on a line of its own; exit code 2."""
    try:
        yield
    except InvalidFields as problem:
        for name, sentence in problem.messages.items():
            click.echo(f"{name}: {sentence}", err=True)
        sys.exit(2)


def _add(open_house: OpenHouse) -> click.Command:
    @click.command("add")
    @click.argument("username")
    @click.option("--email", required=True)
    @click.option("--name", required=True, help="As colleagues see it.")
    @click.option("--role", required=True, help="A role's name.")
    def command(username: str, email: str, name: str, role: str) -> None:
        """Add somebody and mail them a link to choose a password."""
        with open_house() as house, _told():
            with house.db.transaction() as session:
                form = StaffForm(name=name, email=email, role_id=str(_role_id(session, role)))
                staffing.add_staff(house, session, at_the_shell(), form, username=username, ip="")
            click.echo(f"{username} is added; a mail with a link is on its way to {email}.")

    return command


def _list(open_house: OpenHouse) -> click.Command:
    @click.command("list")
    def command() -> None:
        """Everybody, with role and standing."""
        with open_house() as house, house.db.read() as session:
            for one in staffing.list_staff(session):
                factor = "second factor" if one.has_factor else "no second factor"
                click.echo(f"{one.username:<24} {one.status:<9} {one.role:<24} {factor:<17} {one.name}")

    return command


def _set_role(open_house: OpenHouse) -> click.Command:
    @click.command("set-role")
    @click.argument("user")
    @click.argument("role")
    def command(user: str, role: str) -> None:
        """Give somebody another role."""
        with open_house() as house, _told():
            with house.db.transaction() as session:
                view = _find(session, user)
                form = StaffForm(name=view.name, email=view.email, role_id=str(_role_id(session, role)))
                staffing.edit_staff(
                    session, at_the_shell(), view.user_id, form, version=view.version, now=house.clock.now()
                )
            click.echo(f"{view.username} has the role {role}.")

    return command


def _reset_password(open_house: OpenHouse) -> click.Command:
    @click.command("reset-password")
    @click.argument("user")
    @click.option("--mail", "by_mail", is_flag=True, help="Mail a link instead of typing a password here.")
    def command(user: str, by_mail: bool) -> None:
        """Give somebody a new password; they are signed out everywhere.

        It is asked for, or read from NEW_PASSWORD.
        """
        with open_house() as house, _told():
            with house.db.read() as session:
                view = _find(session, user)
            if by_mail:
                resetting.ask(house, area="admin", username=view.username, ip="")
                click.echo("A link is on its way. It works once, for 15 minutes.")
                return
            given = os.environ.get(PASSWORD, "")
            password = given or click.prompt("New password", hide_input=True, confirmation_prompt=True)
            _set(house, view, password)
            click.echo(f"{view.username} has a new password and is signed out everywhere.")

    return command


def _set(house: House, view: StaffView, password: str) -> None:
    if sentence := check_password_rules(password, view.username, view.email):
        raise InvalidFields({"password": sentence})
    password_hash, now = hash_password(password), house.clock.now()
    with house.db.transaction() as session:
        set_password(session, view.user_id, password_hash, now)
        audit.record(
            session, actor="system", action="user.set_password", target=f"user:{view.user_id}", now=now
        )


def _reset_factor(open_house: OpenHouse) -> click.Command:
    @click.command("reset-factor")
    @click.argument("user")
    def command(user: str) -> None:
        """Take away the second factors and recovery codes of somebody who lost theirs: staff or a client."""
        with open_house() as house:
            with house.db.transaction() as session:
                user_id, now = _user_id(session, user), house.clock.now()
                is_staff = belongs(session, user_id, "admin")
                reset = staffing.reset_factor if is_staff else staffing.reset_factor_of_client
                reset(house, session, at_the_shell(), user_id, now=now)
            click.echo(f"{user} has no second factor any more and is signed out everywhere.")

    return command


def _end_sessions(open_house: OpenHouse) -> click.Command:
    @click.command("end-sessions")
    @click.argument("user")
    def command(user: str) -> None:
        """Sign somebody out everywhere."""
        with open_house() as house:
            with house.db.transaction() as session:
                view = _find(session, user)
                now = house.clock.now()
                count = staffing.end_sessions(session, at_the_shell(), view.user_id, now=now)
            click.echo(f"{view.username} is signed out of {count} sessions.")

    return command


def _disable(open_house: OpenHouse) -> click.Command:
    @click.command("disable")
    @click.argument("user")
    def command(user: str) -> None:
        """Shut somebody out with their next request."""
        with open_house() as house:
            with house.db.transaction() as session:
                view = _find(session, user)
                staffing.disable(session, at_the_shell(), view.user_id, now=house.clock.now())
            click.echo(f"{view.username} is disabled.")

    return command


def _enable(open_house: OpenHouse) -> click.Command:
    @click.command("enable")
    @click.argument("user")
    def command(user: str) -> None:
        """Let somebody in again."""
        with open_house() as house:
            with house.db.transaction() as session:
                view = _find(session, user)
                staffing.enable(session, at_the_shell(), view.user_id, now=house.clock.now())
            click.echo(f"{view.username} is enabled.")

    return command


def _find(session: Session, user: str) -> StaffView:
    """Raises NotFound."""
    return staffing.staff(session, _user_id(session, user))


def _user_id(session: Session, user: str) -> UUID:
    """Raises NotFound."""
    user_id = find_user(session, user)
    if user_id is None:
        raise NotFound(f"Nobody is called {user!r}.")
    return user_id


def _role_id(session: Session, name: str) -> UUID:
    """Raises NotFound, naming the roles there are."""
    known = {one.name: one.id for one in roles.list_roles(session)}
    if name not in known:
        raise NotFound(f"There is no role {name!r}. There are: {', '.join(known)}.")
    return known[name]


def _verify(open_house: OpenHouse) -> click.Command:
    @click.command("verify")
    @click.option(
        "--end", "noted", metavar="NUMBER:HASH", help="An end noted earlier: it must stand there still."
    )
    def command(noted: str | None) -> None:
        """Walk the whole chain; exit 1 and name the place when an entry was changed, removed or cut off, or
        the seals are not ours."""
        with open_house() as house, house.db.read() as session:
            found, end = list(audit.verify(session)), audit.end(session)
            if noted and not audit.stands(session, *_place(noted)):
                found.append(Problem(sequence=_place(noted)[0], reason="it is not what was noted"))
        for problem in found:
            click.echo(f"entry {problem.sequence}: {problem.reason}")
        click.echo("The audit log holds." if not found else f"Entries that do not hold: {len(found)}.")
        if end is not None and not found:
            click.echo(f"Its end: {end.sequence}:{end.hash}")
        sys.exit(1 if found else 0)

    return command


def _place(noted: str) -> tuple[int, str]:
    number, _, digest = noted.partition(":")
    if not (number.isascii() and number.isdigit() and digest):
        raise click.BadParameter(f"{noted!r} is not NUMBER:HASH, as verify prints it.")
    return int(number), digest


def _seal(open_house: OpenHouse) -> click.Command:
    @click.command("seal")
    @click.option(
        "--despite", default="", metavar="REASON", help="Seal what does not hold, and say why: kept."
    )
    def command(despite: str) -> None:
        """Seal the end with the present key: once after an upgrade, and after secret_key was changed. Refused
        while something does not hold."""
        with open_house() as house:
            with house.db.read() as session:
                found = [one for one in audit.verify(session) if one.reason not in audit_seal.TO_BE_SEALED]
            for problem in found:
                click.echo(f"entry {problem.sequence}: {problem.reason}", err=True)
            if found and not despite.strip():
                raise click.ClickException(
                    "Find out why first; then --despite says why it is sealed all the same."
                )
            with house.db.transaction() as session:
                audit.record(
                    session, actor="system", action="audit.seal", target="audit", now=house.clock.now(),
                    after={"problems": len(found), "reason": despite.strip()},
                )  # fmt: skip
            with house.db.transaction() as session:
                audit.seal_end(session, house.keys)
            click.echo("The audit log is sealed.")

    return command


def _show(open_house: OpenHouse) -> click.Command:
    @click.command("show")
    @click.option("--who", default="", help="Part of a name or user name, or 'system'.")
    @click.option("--action", default="", help="As in client.edit, or its first part.")
    @click.option("--target", default="", help="As in client:0190f3a2-...")
    @click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day, UTC.")
    @click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
    def command(who: str, action: str, target: str, since: object, limit: int) -> None:
        """Entries, newest first."""
        with open_house() as house, house.db.read() as session:
            narrowed = AuditFilter(
                target=target, action=action, since=_utc(since),
                actors=queries.actors(session, who) if who else None,
            )  # fmt: skip
            rows = list_audit(session, Window(size=limit), narrowed=narrowed).items
            names = queries.called(session, (row.actor for row in rows))
            for row in rows:
                click.echo(_line(row, names.get(row.actor, "")))

    return command


def _utc(day: object) -> datetime | None:
    return day.replace(tzinfo=UTC) if isinstance(day, datetime) else None


def _line(row: AuditRow, called: str) -> str:
    """``called`` is the actor by name, "" where nobody knows it."""
    names = dict.fromkeys((*row.before, *row.after))
    noted = [f"{name}: {row.before.get(name)!r} -> {row.after.get(name)!r}" for name in names]
    head = f"{row.sequence}  {row.at:%Y-%m-%d %H:%M:%S}Z  {row.actor}" + (f" ({called})" if called else "")
    where = " ".join(part for part in (row.ip, row.request_id) if part)
    acting = f" for {row.acting_for}" if row.acting_for else ""
    return f"{head}{acting}  {row.action}  {row.target}" + (f"  [{where}]" if where else "") + "".join(
        f"\n    {one}" for one in noted
    )  # fmt: skip
