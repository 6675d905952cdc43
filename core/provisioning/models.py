"""Tables of provisioning: where accounts live, what is to be changed there, what was found there."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, key

RUNNING = text("state = 'running'")


class Pool(Base):
    __tablename__ = "pool"

    id: Mapped[UUID] = key()
    name: Mapped[str] = mapped_column(unique=True)
    strategy: Mapped[str] = mapped_column(default="spread")  # fill, spread


class Server(Base):
    """A configured panel or registrar account. ``settings_encrypted`` is the plugin's own model."""

    __tablename__ = "server"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("capacity IS NULL OR reserved <= capacity", name="reserved_within_capacity"),
    )

    id: Mapped[UUID] = key()
    name: Mapped[str] = mapped_column(unique=True)  # "cedar-07"
    pool_id: Mapped[UUID | None] = mapped_column(ForeignKey("pool.id"), index=True)
    plugin: Mapped[str]  # spec id
    settings_encrypted: Mapped[str]
    capacity: Mapped[int | None]
    reserved: Mapped[int] = mapped_column(default=0)
    weight: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(default="ok")  # ok, full, cordoned, down
    state_note: Mapped[str] = mapped_column(default="")
    checked_at: Mapped[datetime | None]


class RemoteAccount(Base):
    """The identity of a service on a server, fixed before the first call to it."""

    __tablename__ = "remote_account"
    __table_args__ = (UniqueConstraint("server_id", "username"),)

    id: Mapped[UUID] = key()
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), unique=True)
    server_id: Mapped[UUID] = mapped_column(ForeignKey("server.id"))
    username: Mapped[str]
    domain: Mapped[str] = mapped_column(default="")
    marker: Mapped[str]
    password_encrypted: Mapped[str] = mapped_column(default="")
    remote_id: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="absent")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    inspected_at: Mapped[datetime | None]


class Job(Base):
    """One intended change on a panel or registrar, committed before the call."""

    __tablename__ = "job"
    __table_args__ = (
        Index("uq_job_running", "service_id", unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING),
        Index("ix_job_due", "state", "next_try_at"),
        Index("ix_job_state", "state", "id"),
    )

    id: Mapped[UUID] = key()
    number: Mapped[int] = mapped_column(unique=True)
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"), index=True)
    server_id: Mapped[UUID | None] = mapped_column(ForeignKey("server.id"))
    action: Mapped[str]  # create, suspend, resume, terminate
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="ready")
    attempts: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0)  # deliberate repeats: names the durable run
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what to ask for; fixed at intent
    operation: Mapped[str | None]  # what to poll
    in_doubt: Mapped[bool] = mapped_column(default=False)  # a call's outcome is unknown: inspect first
    next_try_at: Mapped[datetime | None]
    error_code: Mapped[str] = mapped_column(default="")
    staff_note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class JobStep(Base):
    """The story of a job: each try and what the panel said, secrets masked. Append-only."""

    __tablename__ = "job_step"

    id: Mapped[UUID] = key()
    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id"), index=True)
    at: Mapped[datetime]
    state: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    raw: Mapped[str] = mapped_column(default="")


class Drift(Base):
    """A difference between what is billed and what stands on a server. Nothing is mended unasked."""

    __tablename__ = "drift"
    __table_args__ = (UniqueConstraint("server_id", "kind", "subject"),)

    id: Mapped[UUID] = key()
    server_id: Mapped[UUID] = mapped_column(ForeignKey("server.id"))
    kind: Mapped[str]  # missing, stray, state
    subject: Mapped[str]  # user name or domain
    theirs: Mapped[str] = mapped_column(default="")
    ours: Mapped[str] = mapped_column(default="")
    decision: Mapped[str] = mapped_column(default="open")
    found_at: Mapped[datetime]
