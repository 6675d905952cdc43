"""What the admin reads of jobs and servers. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from core.clients.models import Client, Contact
from core.clients.queries import NAME_COLUMNS, PRIMARY, display_name
from core.kernel import counting
from core.kernel.found import ids_of, made_between
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page, narrowest, number_in
from core.provisioning.models import Drift, Job, JobStep, Pool, RemoteAccount, Server
from core.services.models import Service

STATES = ("failed", "needs_staff", "running", "waiting", "ready", "done", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One intended change on a panel or registrar. Instants are UTC."""

    id: UUID
    number: int
    action: str
    state: str
    attempts: int
    in_doubt: bool
    error_code: str
    staff_note: str
    service_id: UUID
    service_label: str
    service_number: int
    domain: str
    client_id: UUID
    client_name: str
    server_id: UUID | None
    server_name: str
    plugin: str
    next_try_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStepRow:
    """One moment of a job. ``raw`` is what the panel said, secrets masked."""

    at: datetime
    state: str
    note: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """One job with its story, oldest step first."""

    job: JobRow
    steps: tuple[JobStepRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """Where a service lives and what was found there last."""

    server_id: UUID
    server_name: str
    plugin: str
    username: str
    domain: str
    remote_id: str
    state: str
    facts: Mapping[str, str]
    inspected_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    id: UUID
    name: str
    plugin: str
    pool: str
    capacity: int | None
    reserved: int
    state: str
    state_note: str
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """A difference between what is billed and what stands on a server."""

    server_name: str
    kind: str
    subject: str
    theirs: str
    ours: str
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Rows that wait for a person: how many, counted up to a bound, and the one that waits longest."""

    count: int
    oldest: JobRow | None = None


def _jobs() -> AnySelect:
    return (
        select(
            Job.id, Job.number, Job.action, Job.state, Job.attempts, Job.in_doubt, Job.error_code,
            Job.staff_note, Job.service_id, Job.server_id, Job.next_try_at, Job.created_at, Job.started_at,
            Job.finished_at, Service.label.label("service_label"), Service.number.label("service_number"),
            Service.domain, Service.client_id, Server.name.label("server_name"), Server.plugin,
            *NAME_COLUMNS,
        )
        .join(Service, Service.id == Job.service_id)
        .join(Client, Client.id == Service.client_id)
        .outerjoin(Contact, PRIMARY)
        .outerjoin(Server, Server.id == Job.server_id)
    )  # fmt: skip


def _job_row(row: AnyRow) -> JobRow:
    return JobRow(
        id=row.id, number=row.number, action=row.action, state=row.state, attempts=row.attempts,
        in_doubt=row.in_doubt, error_code=row.error_code, staff_note=row.staff_note,
        service_id=row.service_id, service_label=row.service_label, service_number=row.service_number,
        domain=row.domain, client_id=row.client_id,
        client_name=display_name(row.company_name, row.first_name, row.last_name),
        server_id=row.server_id, server_name=row.server_name or "", plugin=row.plugin or "",
        next_try_at=row.next_try_at, created_at=row.created_at, started_at=row.started_at,
        finished_at=row.finished_at,
    )  # fmt: skip


def list_jobs(
    session: Session, window: Window, *, q: str = "", state: str = "",
    client_id: UUID | None = None, server_id: UUID | None = None,
    since: datetime | None = None, until: datetime | None = None,
) -> Page[JobRow]:  # fmt: skip
    """Jobs, newest first. ``q`` is a number, a server, or what services or clients are found by."""
    equal = ((Job.state, state), (Service.client_id, client_id), (Job.server_id, server_id))
    statement = _jobs().where(
        *made_between(Job.id, since, until), *(column == value for column, value in equal if value)
    )
    if q:
        statement = narrowest(session, statement, _conditions(session, q))
    return fetch_page(session, statement, Job.id, window, _job_row)


def _conditions(session: Session, q: str) -> list[ColumnElement[bool]]:
    """The first that anything meets counts."""
    number = number_in(q, "J")
    exact = [Job.number == number] if number is not None else []
    servers = session.scalars(
        select(Server.id).where(func.lower(Server.name).contains(q.lower(), autoescape=True))
    )
    return [
        *exact,
        Job.service_id.in_(ids_of(session, q, "service")),
        Job.server_id.in_(servers.all()),
        Service.client_id.in_(ids_of(session, q, "client")),
    ]


def job_page(session: Session, job_id: UUID) -> JobPage | None:
    """One job, or None when there is none."""
    found = _pages(session, Job.id == job_id)
    return found[0] if found else None


def jobs_of_services(session: Session, service_ids: Iterable[UUID]) -> tuple[JobPage, ...]:
    """Every job of some services, oldest first, each with its story."""
    return _pages(session, Job.service_id.in_(list(service_ids)))


def _pages(session: Session, condition: ColumnElement[bool]) -> tuple[JobPage, ...]:
    rows = session.execute(_jobs().where(condition).order_by(Job.id).limit(200)).all()
    steps = _steps(session, [row.id for row in rows])
    return tuple(JobPage(job=_job_row(row), steps=steps.get(row.id, ())) for row in rows)


def _steps(session: Session, job_ids: Sequence[UUID]) -> dict[UUID, tuple[JobStepRow, ...]]:
    statement = select(JobStep).where(JobStep.job_id.in_(job_ids)).order_by(JobStep.id)
    steps: dict[UUID, tuple[JobStepRow, ...]] = {}
    for step in session.scalars(statement):
        row = JobStepRow(at=step.at, state=step.state, note=step.note, raw=step.raw)
        steps[step.job_id] = (*steps.get(step.job_id, ()), row)
    return steps


def waiting(session: Session, state: str, limit: int = 100) -> Waiting:
    """Jobs in one state. ``count`` stops at ``limit``."""
    condition = Job.state == state
    oldest = session.execute(_jobs().where(condition).order_by(Job.id).limit(1)).one_or_none()
    count = session.scalar(select(waiting_count(state, limit)))
    return Waiting(count=count or 0, oldest=_job_row(oldest) if oldest else None)


def waiting_count(state: str, limit: int = 100) -> ScalarSelect[int]:
    """How many jobs are in one state, counted up to ``limit``: a column of a statement."""
    return counting.up_to(limit, select(Job.id).where(Job.state == state))


def accounts(session: Session, service_ids: Iterable[UUID]) -> dict[UUID, AccountRow]:
    """The remote account of each service that has one."""
    statement = (
        select(RemoteAccount, Server.name, Server.plugin)
        .join(Server, Server.id == RemoteAccount.server_id)
        .where(RemoteAccount.service_id.in_(list(service_ids)))
    )
    return {
        account.service_id: AccountRow(
            server_id=account.server_id, server_name=name, plugin=plugin, username=account.username,
            domain=account.domain, remote_id=account.remote_id or "", state=account.state,
            facts={key: str(value) for key, value in account.facts.items()},
            inspected_at=account.inspected_at,
        )
        for account, name, plugin in session.execute(statement)
    }  # fmt: skip


def servers(session: Session) -> tuple[ServerRow, ...]:
    """All servers by name. A host has tens of them, not thousands."""
    return _servers(session, select(Server, Pool.name).outerjoin(Pool, Pool.id == Server.pool_id))


def server(session: Session, server_id: UUID) -> ServerRow | None:
    """One server, or None when there is none."""
    statement = select(Server, Pool.name).outerjoin(Pool, Pool.id == Server.pool_id)
    found = _servers(session, statement.where(Server.id == server_id))
    return found[0] if found else None


def _servers(session: Session, statement: AnySelect) -> tuple[ServerRow, ...]:
    return tuple(
        ServerRow(
            id=row.Server.id, name=row.Server.name, plugin=row.Server.plugin, pool=row.name or "",
            capacity=row.Server.capacity, reserved=row.Server.reserved, state=row.Server.state,
            state_note=row.Server.state_note, checked_at=row.Server.checked_at,
        )
        for row in session.execute(statement.order_by(Server.name))
    )  # fmt: skip


def open_drift(session: Session, limit: int = 200) -> tuple[DriftRow, ...]:
    """Differences nobody has decided on, newest first."""
    statement = (
        select(Drift, Server.name)
        .join(Server, Server.id == Drift.server_id)
        .where(Drift.decision == "open")
        .order_by(Drift.id.desc())
        .limit(limit)
    )
    return tuple(
        DriftRow(
            server_name=name, kind=drift.kind, subject=drift.subject, theirs=drift.theirs,
            ours=drift.ours, found_at=drift.found_at,
        )
        for drift, name in session.execute(statement)
    )  # fmt: skip
