"""Where an account goes and what it is called: settled and committed before the first call."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.problems import NotFound
from core.kernel.work import House
from core.plugin_api.provisioner import AccountRef, UsernameRules
from core.provisioning.models import Pool, RemoteAccount, Server
from core.provisioning.rules import choose_server, marker_of, usernames
from core.provisioning.values import ServerView, Wish

PASSWORD_LENGTH = 20
PASSWORD_ALPHABET = string.ascii_letters + string.digits + "-_.+"


class NoName(LookupError):
    """No candidate for the account's name is free on the server."""


def reserve_server(session: Session, wish: Wish) -> UUID | None:
    """Take a slot on a server for this wish by conditional update; None when every one is full."""
    strategy = "spread"
    statement = select(Server).where(Server.plugin == wish.plugin)
    if wish.pool_id:
        statement = statement.where(Server.pool_id == wish.pool_id)
        pool = session.get(Pool, wish.pool_id)
        strategy = pool.strategy if pool else strategy
    servers = [server_view(row) for row in session.execute(statement).scalars()]
    for server in choose_server(servers, strategy):
        taken = changed(
            session,
            update(Server)
            .where(Server.id == server.id, Server.state == "ok")
            .where(Server.capacity.is_(None) | (Server.reserved < Server.capacity))
            .values(reserved=Server.reserved + 1),
        )
        if taken:
            return server.id
    return None


def release_server(session: Session, server_id: UUID) -> None:
    """Give a slot back. A server that called itself full has room again."""
    changed(
        session,
        update(Server)
        .where(Server.id == server_id, Server.reserved > 0)
        .values(reserved=Server.reserved - 1, state=case((Server.state == "full", "ok"), else_=Server.state)),
    )


def mark_full(session: Session, server_id: UUID) -> None:
    """The server says that it takes no more: nothing is placed there until a slot is given back."""
    changed(session, update(Server).where(Server.id == server_id, Server.state == "ok").values(state="full"))


def fix_identity(session: Session, house: House, wish: Wish, server_id: UUID, names: Iterable[str]) -> UUID:
    """Write the account's identity once; a second call for the service finds the first's.

    ``names`` are candidates, best first. Raises NoName when all are taken on that server.
    """
    known = session.execute(select(RemoteAccount.id).where(RemoteAccount.service_id == wish.service_id))
    if (account_id := known.scalar()) is not None:
        return account_id
    for username in names:
        account = _account(house, wish, server_id, username)
        try:
            with session.begin_nested():
                session.add(account)
                session.flush()
            return account.id
        except IntegrityError:
            continue  # another of our services has this name on that server
    raise NoName("Every name for this service is another's on this server.")


def _account(house: House, wish: Wish, server_id: UUID, username: str) -> RemoteAccount:
    account_id = new_id()
    password = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))
    return RemoteAccount(
        id=account_id,
        service_id=wish.service_id,
        server_id=server_id,
        username=username,
        domain=wish.domain,
        marker=marker_of(wish.service_id),
        password_encrypted=house.keys.encrypt(password.encode(), _aad(account_id)),
        state="absent",
    )


def _aad(account_id: UUID) -> str:
    return f"remote_account/password/{account_id}"


def rename(session: Session, service_id: UUID, rules: UsernameRules) -> bool:
    """Take the next candidate after a stranger had the name; False when there is none left."""
    row = session.execute(select(RemoteAccount).where(RemoteAccount.service_id == service_id)).scalar_one()
    names = list(usernames(row.domain, service_id, rules))
    later = names[names.index(row.username) + 1 :] if row.username in names else names
    return _settle(session, row, row.server_id, later)


def move_account(session: Session, service_id: UUID, server_id: UUID, rules: UsernameRules) -> bool:
    """Put an account that was never built on another server, under the first name that is free there."""
    row = session.execute(select(RemoteAccount).where(RemoteAccount.service_id == service_id)).scalar_one()
    names = [row.username, *usernames(row.domain, service_id, rules)]
    return _settle(session, row, server_id, names)


def _settle(session: Session, row: RemoteAccount, server_id: UUID, names: Iterable[str]) -> bool:
    for name in names:
        try:
            with session.begin_nested():
                row.server_id, row.username = server_id, name
                session.flush()
            return True
        except IntegrityError:
            session.refresh(row)
    return False


def ref_of(session: Session, service_id: UUID) -> AccountRef:
    """The identity as plugins get it. Raises NotFound before one was fixed."""
    row = session.execute(
        select(RemoteAccount).where(RemoteAccount.service_id == service_id)
    ).scalar_one_or_none()
    if row is None:
        raise NotFound("This service has no account yet.")
    return AccountRef(
        service_id=service_id,
        marker=row.marker,
        username=row.username,
        domain=row.domain or None,
        remote_id=row.remote_id,
    )


def password_of(session: Session, house: House, service_id: UUID) -> str:
    """The first password of the account, as sent to the panel and to the client."""
    row = session.execute(select(RemoteAccount).where(RemoteAccount.service_id == service_id)).scalar_one()
    return house.keys.decrypt(row.password_encrypted, _aad(row.id)).decode()


def access_of(session: Session, service_id: UUID) -> Mapping[str, str]:
    """What the client needs to find the account: user name and the panel's facts. No password."""
    return accesses(session, [service_id]).get(service_id, {})


def accesses(session: Session, service_ids: Collection[UUID]) -> dict[UUID, Mapping[str, str]]:
    """The same for many services, in one question. Those without a running account are left out."""
    rows = session.execute(
        select(RemoteAccount).where(
            RemoteAccount.service_id.in_(service_ids), RemoteAccount.state == "active"
        )
    ).scalars()
    return {
        row.service_id: {"Username": row.username} | {str(k): str(v) for k, v in row.facts.items()}
        for row in rows
    }


def server_view(row: Server) -> ServerView:
    return ServerView(
        id=row.id,
        name=row.name,
        pool_id=row.pool_id,
        plugin=row.plugin,
        capacity=row.capacity,
        reserved=row.reserved,
        weight=row.weight,
        state=row.state,
    )


def add_server(
    session: Session,
    house: House,
    *,
    name: str,
    plugin: str,
    settings_json: str,
    pool_id: UUID | None = None,
    capacity: int | None = None,
) -> UUID:
    """Write a server; its settings are sealed. The name is unique (IntegrityError)."""
    server_id = new_id()
    sealed = house.keys.encrypt(settings_json.encode(), f"server/settings/{server_id}")
    session.add(
        Server(
            id=server_id,
            name=name,
            plugin=plugin,
            settings_encrypted=sealed,
            pool_id=pool_id,
            capacity=capacity,
        )
    )
    session.flush()
    return server_id


def server_settings(session: Session, house: House, server_id: UUID) -> tuple[str, str]:
    """(plugin's spec id, settings as JSON)."""
    row = session.get_one(Server, server_id)
    opened = house.keys.decrypt(row.settings_encrypted, f"server/settings/{server_id}")
    return row.plugin, opened.decode()


def open_settings(session: Session, house: House, server_id: UUID) -> dict[str, Any]:
    """A server's settings as the plugin's model takes them."""
    settings: dict[str, Any] = json.loads(server_settings(session, house, server_id)[1])
    return settings


def change_settings(session: Session, house: House, server_id: UUID, settings_json: str) -> None:
    """Seal other settings into a server. Calls that are under way keep the ones they began with."""
    sealed = house.keys.encrypt(settings_json.encode(), f"server/settings/{server_id}")
    changed(session, update(Server).where(Server.id == server_id).values(settings_encrypted=sealed))


def add_pool(session: Session, name: str, strategy: str = "spread") -> UUID:
    pool = Pool(id=new_id(), name=name, strategy=strategy)
    session.add(pool)
    session.flush()
    return pool.id
