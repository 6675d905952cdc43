"""Tables of identity: who signs in, from where, and what staff may do."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key


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


class Role(Base):
    __tablename__ = "role"

    id: Mapped[UUID] = key()
    name: Mapped[str] = mapped_column(unique=True)


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
