"""Jobs in the database: planned, claimed, moved. Never calls a panel.

``attempts`` is the fence: it goes up with each claim, and what a worker brings back is taken only while
it still holds. A worker that was frozen and wakes up late changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel import numbers
from core.kernel.db import changed
from core.kernel.ids import new_id
from core.kernel.problems import NotFound
from core.kernel.work import House
from core.provisioning.models import Job, JobStep, Server
from core.provisioning.rules import JobState, sentence
from core.provisioning.values import JobView

FIRST_NUMBER = 80001
TASK = "job"
STRANDED = timedelta(minutes=15)  # longer than any panel call may take
BEHIND = timedelta(seconds=5)  # an earlier job of the service
BEHIND_STAFF = timedelta(minutes=5)
RAW_LIMIT = 4000
OPEN = (JobState.READY, JobState.RUNNING, JobState.WAITING)


def queue_of(server_id: UUID | None) -> str:
    """One queue per server, so that a slow panel holds up nobody else."""
    return f"server:{server_id}" if server_id else "default"


def plan(
    session: Session,
    house: House,
    *,
    service_id: UUID,
    server_id: UUID | None,
    action: str,
    idempotency_key: str,
    request: Mapping[str, Any],
) -> UUID:
    """Commit one intended change and have it run. The same key again is the same job."""
    known = session.execute(select(Job.id).where(Job.idempotency_key == idempotency_key)).scalar()
    if known is not None:
        return known
    job = Job(
        id=new_id(), number=numbers.take(session, "job", first=FIRST_NUMBER)[0], service_id=service_id,
        server_id=server_id, action=action, idempotency_key=idempotency_key, request=dict(request),
        created_at=house.clock.now(),
    )  # fmt: skip
    session.add(job)
    session.flush()
    house.engine.enqueue(session, TASK, job.id, queue=queue_of(server_id))
    return job.id


def claim(session: Session, job_id: UUID, now: datetime) -> JobView | None:
    """ready/waiting -> running, and the number of tries up. None when there is nothing to do now.

    A job found running was left by a dead worker (its run is being taken up): it is claimed again with
    its outcome in doubt. The changes of one service happen in the order in which they were wanted: an
    earlier job that is not over makes this one wait.
    """
    row = session.get(Job, job_id)
    if row is None or row.state not in OPEN:
        return None
    if earlier := _earlier(session, row):
        _wait(session, job_id, now + (BEHIND_STAFF if earlier == JobState.NEEDS_STAFF else BEHIND))
        return None
    left_behind = row.state == JobState.RUNNING
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.state == row.state, Job.attempts == row.attempts)
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            started_at=now,
            next_try_at=None,
            in_doubt=True if left_behind else Job.in_doubt,
        )
    )
    try:
        with session.begin_nested():
            taken = changed(session, statement)
    except IntegrityError:
        _wait(session, job_id, now + BEHIND)
        return None
    return find(session, job_id) if taken else None


def _earlier(session: Session, row: Job) -> str | None:
    """The state of an earlier job of the same service that is not over."""
    statement = select(Job.state).where(
        Job.service_id == row.service_id,
        Job.number < row.number,
        Job.state.in_((*OPEN, JobState.NEEDS_STAFF)),
    )
    return session.execute(statement.order_by(Job.number).limit(1)).scalar()


def _wait(session: Session, job_id: UUID, until: datetime) -> None:
    changed(
        session,
        update(Job)
        .where(Job.id == job_id, Job.state.in_((JobState.READY, JobState.WAITING)))
        .values(state=JobState.WAITING, next_try_at=until),
    )


def move(session: Session, job: JobView, state: JobState, now: datetime, **values: Any) -> bool:
    """Bring back what a try gave. False when the fence has moved on: then nothing may follow."""
    note, raw = sentence(values.pop("note", "")), values.pop("raw", "")
    if "staff_note" in values:
        values["staff_note"] = sentence(values["staff_note"])
    if state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED):
        values["finished_at"] = now
    moved = changed(
        session,
        update(Job)
        .where(Job.id == job.id, Job.state == JobState.RUNNING, Job.attempts == job.attempts)
        .values(state=state, **values),
    )
    if moved:
        tell(session, job.id, state, now, note, raw)
    return moved


def is_held(session: Session, job: JobView) -> bool:
    """Whether the fence still holds. The row is ours until the transaction ends."""
    return changed(
        session,
        update(Job)
        .where(Job.id == job.id, Job.state == JobState.RUNNING, Job.attempts == job.attempts)
        .values(attempts=Job.attempts),
    )


def tell(session: Session, job_id: UUID, state: JobState, now: datetime, note: str, raw: str = "") -> None:
    session.add(
        JobStep(id=new_id(), job_id=job_id, at=now, state=state, note=note[:500], raw=raw[:RAW_LIMIT])
    )
    session.flush()


def again(session: Session, house: House, job_id: UUID, *, states: tuple[JobState, ...]) -> bool:
    """Start a further run of a job that stands in one of ``states``; False when it does not."""
    return _again(session, house, job_id, Job.state.in_(states))


def again_when_due(session: Session, house: House, job_id: UUID) -> bool:
    """The same for a job whose time has come; False when somebody else was quicker."""
    return _again(session, house, job_id, _is_due(house.clock.now()))


def _again(session: Session, house: House, job_id: UUID, condition: ColumnElement[bool]) -> bool:
    session.flush()
    statement = (
        update(Job)
        .where(Job.id == job_id, condition)
        .values(
            state=JobState.READY,
            turn=Job.turn + 1,
            next_try_at=None,
            finished_at=None,
            in_doubt=case((Job.state == JobState.RUNNING, True), else_=Job.in_doubt),
        )
        .returning(Job.turn, Job.server_id)
    )
    row = session.execute(statement, execution_options={"synchronize_session": False}).one_or_none()
    if row is None:
        return False
    session.expire_all()
    house.engine.enqueue(session, TASK, job_id, queue=queue_of(row.server_id), turn=row.turn)
    return True


def due(session: Session, now: datetime, limit: int = 200) -> list[UUID]:
    """Jobs whose time has come, and those left behind while running."""
    statement = select(Job.id).where(_is_due(now)).order_by(Job.next_try_at).limit(limit)
    return list(session.execute(statement).scalars())


def _is_due(now: datetime) -> ColumnElement[bool]:
    is_time = and_(Job.state == JobState.WAITING, Job.next_try_at <= now)
    is_stranded = and_(Job.state == JobState.RUNNING, Job.started_at <= now - STRANDED)
    return or_(is_time, is_stranded)


def find(session: Session, job_id: UUID) -> JobView:
    """Raises NotFound."""
    row = session.get(Job, job_id)
    if row is None:
        raise NotFound("There is no such job.")
    return _view(session, row)


def of_services(session: Session, service_ids: list[UUID]) -> list[JobView]:
    """All jobs of some services, oldest first."""
    rows = session.execute(select(Job).where(Job.service_id.in_(service_ids)).order_by(Job.number)).scalars()
    return [_view(session, row) for row in rows]


def _view(session: Session, row: Job) -> JobView:
    server = session.get(Server, row.server_id) if row.server_id else None
    return JobView(
        id=row.id,
        number=row.number,
        service_id=row.service_id,
        server_id=row.server_id,
        server_name=server.name if server else "",
        action=row.action,
        idempotency_key=row.idempotency_key,
        state=row.state,
        attempts=row.attempts,
        turn=row.turn,
        request=row.request,
        operation=row.operation,
        in_doubt=row.in_doubt,
        next_try_at=row.next_try_at,
        error_code=row.error_code,
        staff_note=row.staff_note,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
