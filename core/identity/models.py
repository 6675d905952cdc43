"""Tables of identity: who signs in, from where, and what staff may do."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key

list_of_names = list[str]  # inside ListView the name "list" is a column


class User(Base):
    """A person who signs in. ``username_folded`` and ``email_folded`` are what must be unique."""

    __tablename__ = "user"

    id: Mapped[UUID] = key()
    username: Mapped[str]
    username_folded: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    email_folded: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    locale: Mapped[str] = mapped_column(default="en")
    status: Mapped[str] = mapped_column(default="active")  # active, disabled
    created_at: Mapped[datetime]
    password_changed_at: Mapped[datetime | None]


class SignInSession(Base):
    __tablename__ = "session"

    id: Mapped[UUID] = key()
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    area: Mapped[str]  # admin, portal, reseller
    ip: Mapped[str] = mapped_column(default="")
    agent: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    factor_at: Mapped[datetime | None]  # the second factor was shown
    proven_at: Mapped[datetime | None]  # the person has proven again who they are: money and secrets
    acting_staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))  # staff inside a client's


class SecondFactor(Base):
    """Something a user has: an authenticator app (totp) or a passkey. Counts once ``confirmed_at`` is set."""

    __tablename__ = "second_factor"

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    kind: Mapped[str]  # totp, passkey
    label: Mapped[str]
    secret_encrypted: Mapped[str] = mapped_column(default="")  # totp
    last_used_step: Mapped[int] = mapped_column(default=0)  # a code counts once
    credential_id: Mapped[str | None] = mapped_column(unique=True)  # passkey, base64url
    public_key: Mapped[str] = mapped_column(default="")  # base64url
    sign_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """For the day the second factor is lost. Each works once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]


class OneTimeToken(Base):
    """A link in a mail, or a challenge: works once and not for long. Only its hash is kept."""

    __tablename__ = "one_time_token"

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)  # None: not said yet
    purpose: Mapped[str]  # reset, invite, passkey
    token_hash: Mapped[str] = mapped_column(unique=True)
    ip: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class KnownDevice(Base):
    """A browser that a user has signed in with: another one is told of by mail."""

    __tablename__ = "known_device"
    __table_args__ = (UniqueConstraint("user_id", "device_hash"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    device_hash: Mapped[str]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class Role(Base):
    __tablename__ = "role"

    id: Mapped[UUID] = key()
    name: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)


class RolePermission(Base):
    __tablename__ = "role_permission"
    __table_args__ = (UniqueConstraint("role_id", "permission"),)

    id: Mapped[UUID] = key()
    role_id: Mapped[UUID] = mapped_column(ForeignKey("role.id"))
    permission: Mapped[str]


class Staff(Base):
    """A user who works for the host."""

    __tablename__ = "staff"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True)
    role_id: Mapped[UUID] = mapped_column(ForeignKey("role.id"))
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)


class ListView(Base):
    """How a user wants a list to look: a filter they saved, or (without a label) the columns they chose."""

    __tablename__ = "list_view"
    __table_args__ = (UniqueConstraint("user_id", "list", "label"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    list: Mapped[str]  # clients, invoices
    label: Mapped[str] = mapped_column(default="")
    query: Mapped[str] = mapped_column(default="")  # as in the address: "status=Active&group=..."
    columns: Mapped[list_of_names] = mapped_column(default=list)
    created_at: Mapped[datetime]


class Membership(Base):
    """Which clients a user may act for."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "client_id"),)

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    permissions: Mapped[list[str]] = mapped_column(default=list)


class Throttle(Base):
    """A token bucket: how often something may be tried. One row per (scope, subject)."""

    __tablename__ = "throttle"

    bucket: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime]
    used: Mapped[int]
