"""Whether anybody works: for those who only want to know, like the web's readiness."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.work.models import Worker

FRESH = timedelta(seconds=60)  # twelve beats; the janitor gives a worker up sooner


def somebody_works(session: Session, now: datetime, within: timedelta = FRESH) -> bool:
    """Whether a worker that has not stopped has beaten within the given time before ``now``."""
    living = exists().where(Worker.stopped_at.is_(None), Worker.seen_at > now - within)
    return bool(session.scalar(select(living)))
