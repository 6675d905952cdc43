"""Use cases of provisioning: plan a change, run it as a durable task, take what came back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel.db import changed
from core.kernel.problems import NotFound
from core.kernel.work import publish
from core.plugin_api.provisioner import ProvisionCode, ProvisionOutcome
from core.plugin_api.values import Status
from core.plugin_host.house import PluginHouse
from core.provisioning import calls, jobs, placement
from core.provisioning.models import Job, RemoteAccount, Server
from core.provisioning.rules import JobState, next_try, usernames
from core.provisioning.values import JobView, Wish
from core.services import service as services

STATUS_AFTER = {"create": "active", "suspend": "suspended", "terminate": "terminated"}
SOON = timedelta(seconds=1)


def plan_create(session: Session, house: PluginHouse, wish: Wish) -> UUID:
    """Commit the job that builds a service, with place and name where there is room already.

    The same service again is the same job.
    """
    server_id = _place(session, house, wish)
    request = dict(wish.request) | {
        "plugin": wish.plugin,
        "pool_id": str(wish.pool_id) if wish.pool_id else None,
        "domain": wish.domain,
        "options": dict(wish.options),
    }
    return jobs.plan(
        session, house, service_id=wish.service_id, server_id=server_id, action="create",
        idempotency_key=f"create:{wish.service_id}", request=request,
    )  # fmt: skip


def plan_change(session: Session, house: PluginHouse, service_id: UUID, action: str, *, cause: str) -> UUID:
    """Commit "suspend", "resume" or "terminate". ``cause`` makes the key: one cause, one job."""
    account = session.execute(
        select(RemoteAccount).where(RemoteAccount.service_id == service_id)
    ).scalar_one_or_none()
    if account is None:
        raise NotFound("This service has no account yet.")
    return jobs.plan(
        session, house, service_id=service_id, server_id=account.server_id, action=action,
        idempotency_key=f"{action}:{service_id}:{cause}", request={"reason": cause},
    )  # fmt: skip


def _place(session: Session, house: PluginHouse, wish: Wish) -> UUID | None:
    known = session.execute(
        select(RemoteAccount.server_id).where(RemoteAccount.service_id == wish.service_id)
    ).scalar()
    if known is not None:
        return known
    server_id = placement.reserve_server(session, wish)
    if server_id is not None:
        placement.fix_identity(session, house, wish, server_id, _names(house, wish))
    return server_id


def _names(house: PluginHouse, wish: Wish) -> Iterator[str]:
    entry = house.plugins.provisioners.get(wish.plugin)
    if entry is None:
        return iter((wish.domain,))  # at a registrar the name itself is the identity
    return usernames(wish.domain, wish.service_id, entry.spec.usernames)


def _wish_of(job: JobView) -> Wish:
    pool = job.request.get("pool_id")
    return Wish(
        service_id=job.service_id,
        plugin=str(job.request["plugin"]),
        pool_id=UUID(pool) if pool else None,
        domain=str(job.request.get("domain", "")),
        options=job.request.get("options") or {},
    )


def run(house: PluginHouse, job_id: UUID) -> None:
    """The task "job": claim, call outside any transaction, take what came back."""
    with house.db.transaction() as session:
        job = jobs.claim(session, job_id, house.clock.now())
        if job is None:
            return
        if job.server_id is None:
            job = _place_late(session, house, job)
    if job is None:
        return
    if _plugin_of(house, job) is None:
        _retry(house, job, ProvisionOutcome(status=Status.NOT_SENT, staff_note="its plugin is not enabled"))
        return
    errand = calls.prepare(house, job)
    task = calls.staff_task(house, errand)
    if task is not None:
        _hand_to_staff(house, job, task)
        return
    _take(house, job, calls.perform(house, errand))


def _plugin_of(house: PluginHouse, job: JobView) -> str | None:
    with house.db.read() as session:
        plugin = session.execute(select(Server.plugin).where(Server.id == job.server_id)).scalar_one()
    return plugin if plugin in house.plugins.provisioners or plugin in house.plugins.registrars else None


def _place_late(session: Session, house: PluginHouse, job: JobView) -> JobView | None:
    server_id = _place(session, house, _wish_of(job))
    if server_id is None:
        outcome = ProvisionOutcome(status=Status.NOT_SENT, staff_note="No server has room.")
        _plan_retry(session, house, job, outcome, code="no_server")
        return None
    changed(session, update(Job).where(Job.id == job.id).values(server_id=server_id))
    return jobs.find(session, job.id)


def _hand_to_staff(house: PluginHouse, job: JobView, task: str) -> None:
    with house.db.transaction() as session:
        jobs.move(session, job, JobState.NEEDS_STAFF, house.clock.now(), staff_note=task, note=task)


def _take(house: PluginHouse, job: JobView, outcome: ProvisionOutcome) -> None:
    if outcome.status is Status.SUCCEEDED:
        with house.db.transaction() as session:
            succeed(session, house, job, outcome)
    elif outcome.status is Status.PENDING:
        _poll_later(house, job, outcome)
    elif outcome.status is Status.DECLINED:
        _declined(house, job, outcome)
    else:
        _retry(house, job, outcome)


def succeed(session: Session, house: PluginHouse, job: JobView, outcome: ProvisionOutcome) -> bool:
    """It is done: account, job, service and event together. False when the fence has moved on."""
    now = house.clock.now()
    note = outcome.staff_note or ("done" if outcome.changed else "it stood there already")
    if not jobs.move(
        session, job, JobState.DONE, now, in_doubt=False, operation=None, error_code="", note=note
    ):
        return False
    _note_account(session, house, job, outcome)
    status = STATUS_AFTER.get(job.action)
    if status:
        services.move(session, house, job.service_id, status)
    else:
        services.resume(session, house, job.service_id)
    if job.action == "terminate" and job.server_id:
        placement.release_server(session, job.server_id)
    return True


def _note_account(session: Session, house: PluginHouse, job: JobView, outcome: ProvisionOutcome) -> None:
    values: dict[str, Any] = {
        "state": calls.WANTED[job.action].value,
        "inspected_at": house.clock.now(),
    }
    if outcome.remote_id:
        values["remote_id"] = outcome.remote_id
    if outcome.facts:
        values["facts"] = dict(outcome.facts)
    changed(session, update(RemoteAccount).where(RemoteAccount.service_id == job.service_id).values(**values))


def _poll_later(house: PluginHouse, job: JobView, outcome: ProvisionOutcome) -> None:
    now = house.clock.now()
    with house.db.transaction() as session:
        jobs.move(
            session, job, JobState.WAITING, now, operation=outcome.operation, in_doubt=False,
            next_try_at=now + outcome.poll_after, note=outcome.staff_note or "The panel is building it.",
        )  # fmt: skip


def _declined(house: PluginHouse, job: JobView, outcome: ProvisionOutcome) -> None:
    with house.db.transaction() as session:
        is_new = job.action == "create"
        if is_new and outcome.code is ProvisionCode.NAME_TAKEN and _rename(session, house, job):
            _soon(session, house, job, "The name belongs to somebody else; the next one is tried.")
        elif is_new and outcome.code is ProvisionCode.LIMIT_REACHED and _move_on(session, house, job):
            _soon(session, house, job, "The server is full; another one is tried.")
        else:
            fail(session, house, job, outcome)


def _rename(session: Session, house: PluginHouse, job: JobView) -> bool:
    entry = house.plugins.provisioners.get(str(job.request.get("plugin", "")))
    return entry is not None and placement.rename(session, job.service_id, entry.spec.usernames)


def _move_on(session: Session, house: PluginHouse, job: JobView) -> bool:
    """The server itself says that it is full: nothing was built there, so another may be used."""
    assert job.server_id is not None
    changed(session, update(Server).where(Server.id == job.server_id).values(state="full"))
    other = placement.reserve_server(session, _wish_of(job))
    if other is None:
        return False
    placement.release_server(session, job.server_id)
    changed(
        session,
        update(RemoteAccount).where(RemoteAccount.service_id == job.service_id).values(server_id=other),
    )
    changed(session, update(Job).where(Job.id == job.id).values(server_id=other))
    return True


def _soon(session: Session, house: PluginHouse, job: JobView, note: str) -> None:
    now = house.clock.now()
    jobs.move(session, job, JobState.WAITING, now, next_try_at=now + SOON, in_doubt=False, note=note)


def _retry(house: PluginHouse, job: JobView, outcome: ProvisionOutcome) -> None:
    with house.db.transaction() as session:
        _plan_retry(session, house, job, outcome, code=outcome.status.value)


def _plan_retry(
    session: Session, house: PluginHouse, job: JobView, outcome: ProvisionOutcome, *, code: str
) -> None:
    """Wait and try again; after the last try a person looks. A doubt stays one until it is settled."""
    now = house.clock.now()
    doubt = outcome.status is Status.UNKNOWN or job.in_doubt
    later = next_try(job.attempts, now)
    if later is None:
        fail(session, house, job, outcome, code=code, in_doubt=doubt)
        return
    jobs.move(
        session, job, JobState.WAITING, now, next_try_at=later, in_doubt=doubt, error_code=code,
        staff_note=outcome.staff_note[:500], note=outcome.staff_note,
    )  # fmt: skip


def fail(
    session: Session,
    house: PluginHouse,
    job: JobView,
    outcome: ProvisionOutcome,
    *,
    code: str = "",
    in_doubt: bool = False,
) -> None:
    """Stop trying and tell staff. Nothing is lost: the job can be retried or done by hand."""
    code = outcome.code.value if outcome.code else code
    failed = jobs.move(
        session, job, JobState.FAILED, house.clock.now(), error_code=code, in_doubt=in_doubt,
        staff_note=outcome.staff_note[:500], note=outcome.staff_note,
    )  # fmt: skip
    if failed:
        publish(house, session, "job.failed", {"job_id": job.id, "service_id": job.service_id})


def run_due(house: PluginHouse) -> None:
    """The schedule: start every job whose time has come. Harmless in several processes at once."""
    with house.db.read() as session:
        found = jobs.due(session, house.clock.now())
    for job_id in found:
        with house.db.transaction() as session:
            jobs.again(session, house, job_id, states=(JobState.WAITING, JobState.RUNNING))
