"""Tables of work: which processes are alive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base


class Worker(Base):
    """A worker's heartbeat. ``executor_id`` is unique per process and stable over restarts."""

    __tablename__ = "worker"

    executor_id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
