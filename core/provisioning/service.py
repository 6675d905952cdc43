"""Use cases of provisioning: plan a change, run it as a durable task, take what came back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.problems import NotFound
from core.kernel.work import publish
from core.plugin_api.errors import PluginError
from core.plugin_api.provisioner import ProvisionCode, ProvisionOutcome
from core.plugin_api.values import Status
from core.plugin_host.house import PluginHouse
from core.provisioning import calls, jobs, placement
from core.provisioning.models import Job, RemoteAccount, Server
from core.provisioning.placement import NoName
from core.provisioning.rules import JobState, next_question, next_try, usernames
from core.provisioning.values import JobView, Wish
from core.services import service as services

STATUS_AFTER = {"create": "active", "suspend": "suspended", "terminate": "terminated"}
SOON = timedelta(seconds=1)
MISSING = "Its plugin is not enabled."


def plan_create(session: Session, house: PluginHouse, wish: Wish) -> UUID:
    """Commit the job that builds a service, with place and name where there is room already.

    The same service again is the same job. Where there is no room, no free name or no plugin, the job
    says so when it runs, and staff see it.
    """
    try:
        server_id = _place(session, house, wish)
    except NoName:
        server_id = None
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
        raise NotFound(_("This service has no account yet."))
    return jobs.plan(
        session, house, service_id=service_id, server_id=account.server_id, action=action,
        idempotency_key=f"{action}:{service_id}:{cause}", request={"reason": cause},
    )  # fmt: skip


def _is_enabled(house: PluginHouse, plugin: str) -> bool:
    return plugin in house.plugins.provisioners or plugin in house.plugins.registrars


def _place(session: Session, house: PluginHouse, wish: Wish) -> UUID | None:
    """A server with a slot taken and the account's name fixed there; None when there is no room, or
    nobody who could say what names are like there. Raises NoName."""
    known = session.execute(
        select(RemoteAccount.server_id).where(RemoteAccount.service_id == wish.service_id)
    ).scalar()
    if known is not None or not _is_enabled(house, wish.plugin):
        return known
    server_id = placement.reserve_server(session, wish)
    if server_id is None:
        return None
    try:
        placement.fix_identity(session, house, wish, server_id, _names(house, wish))
    except NoName:
        placement.release_server(session, server_id)
        raise
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
        job = job and _made_ready(session, house, job)
    if job is None:
        return
    try:
        errand = calls.prepare(house, job)
        task = calls.staff_task(house, errand)
    except (PluginError, LookupError, NotFound, ValueError) as error:
        note = f"It could not be sent: {error}"
        _retry(house, job, ProvisionOutcome(status=Status.NOT_SENT, staff_note=note))
        return
    if task is not None:
        _hand_to_staff(house, job, task)
    else:
        _take(house, errand, *calls.perform_and_listen(house, errand))


def _made_ready(session: Session, house: PluginHouse, job: JobView) -> JobView | None:
    """The claimed job with a place to go to; None when nothing is to be called now."""
    status = services.find(session, job.service_id).status
    if job.action == "create" and status != "pending":
        _call_off(session, house, job, f"The service is {status}: nothing is built for it any more.")
        return None
    if job.server_id is None:
        return _place_late(session, house, job)
    plugin = session.execute(select(Server.plugin).where(Server.id == job.server_id)).scalar_one()
    if not _is_enabled(house, plugin):
        _wait_for_plugin(session, house, job)
        return None
    return job


def _place_late(session: Session, house: PluginHouse, job: JobView) -> JobView | None:
    wish = _wish_of(job)
    if not _is_enabled(house, wish.plugin):
        _wait_for_plugin(session, house, job)
        return None
    try:
        server_id = _place(session, house, wish)
    except NoName as error:
        fail(session, house, job, _not_sent(str(error)), code=ProvisionCode.NAME_TAKEN.value)
        return None
    if server_id is None:
        _plan_retry(session, house, job, _not_sent("No server has room."), code="no_server")
        return None
    changed(session, update(Job).where(Job.id == job.id).values(server_id=server_id))
    return jobs.find(session, job.id)


def _not_sent(note: str) -> ProvisionOutcome:
    return ProvisionOutcome(status=Status.NOT_SENT, staff_note=note)


def _wait_for_plugin(session: Session, house: PluginHouse, job: JobView) -> None:
    _plan_retry(session, house, job, _not_sent(MISSING), code="plugin_missing")


def _call_off(session: Session, house: PluginHouse, job: JobView, note: str) -> None:
    jobs.move(session, job, JobState.CANCELLED, house.clock.now(), staff_note=note, note=note)


def _hand_to_staff(house: PluginHouse, job: JobView, task: str) -> None:
    with house.db.transaction() as session:
        now = house.clock.now()
        if jobs.move(session, job, JobState.NEEDS_STAFF, now, staff_note=task, note=task):
            publish(house, session, "job.needs_staff", {"job_id": job.id, "service_id": job.service_id})


def _take(house: PluginHouse, errand: calls.Errand, outcome: ProvisionOutcome, raw: str) -> None:
    job = errand.job
    if outcome.status is Status.SUCCEEDED:
        house.db.run(lambda session: succeed(session, house, job, outcome))
    elif outcome.status is Status.PENDING and calls.needs_staff(errand):
        _hand_to_staff(house, job, outcome.staff_note)
    elif outcome.status is Status.PENDING:
        _poll_later(house, job, outcome)
    elif outcome.status is Status.DECLINED:
        _declined(house, job, outcome, raw)
    else:
        _retry(house, job, outcome, raw)


def succeed(session: Session, house: PluginHouse, job: JobView, outcome: ProvisionOutcome) -> bool:
    """It is done: account, job, service and event together. False when the fence has moved on."""
    now = house.clock.now()
    note = outcome.staff_note or ("done" if outcome.changed else "it stood there already")
    done = {"in_doubt": False, "operation": None, "error_code": "", "staff_note": outcome.staff_note}
    if not jobs.move(session, job, JobState.DONE, now, note=note, **done):
        return False
    _note_account(session, house, job, outcome)
    status = STATUS_AFTER.get(job.action)
    if status is None:
        services.resume(session, house, job.service_id)
        return True
    moved = services.move(session, house, job.service_id, status)
    if moved and job.action == "terminate" and job.server_id:
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
            session, job, JobState.WAITING, now, operation=outcome.operation, in_doubt=False, error_code="",
            next_try_at=now + outcome.poll_after, note=outcome.staff_note or "The panel is building it.",
        )  # fmt: skip


def _declined(house: PluginHouse, job: JobView, outcome: ProvisionOutcome, raw: str) -> None:
    with house.db.transaction() as session:
        if not jobs.is_held(session, job):
            return
        is_new = job.action == "create"
        if is_new and outcome.code is ProvisionCode.NAME_TAKEN and _rename(session, house, job):
            _soon(session, house, job, "The name belongs to somebody else; the next one is tried.")
        elif is_new and outcome.code is ProvisionCode.LIMIT_REACHED and _move_on(session, house, job):
            _soon(session, house, job, "The server is full; another one is tried.")
        else:
            fail(session, house, job, outcome, raw=raw)


def _rename(session: Session, house: PluginHouse, job: JobView) -> bool:
    entry = house.plugins.provisioners.get(str(job.request.get("plugin", "")))
    return entry is not None and placement.rename(session, job.service_id, entry.spec.usernames)


def _move_on(session: Session, house: PluginHouse, job: JobView) -> bool:
    """The panel itself says that it is full: nothing was built there, so another may be used."""
    entry = house.plugins.provisioners.get(str(job.request.get("plugin", "")))
    if entry is None or job.server_id is None:
        return False  # a registrar means something else by its limits
    placement.mark_full(session, job.server_id)
    other = placement.reserve_server(session, _wish_of(job))
    if other is None:
        return False
    if not placement.move_account(session, job.service_id, other, entry.spec.usernames):
        placement.release_server(session, other)
        return False
    placement.release_server(session, job.server_id)
    placement.mark_full(session, job.server_id)
    changed(session, update(Job).where(Job.id == job.id).values(server_id=other))
    return True


def _soon(session: Session, house: PluginHouse, job: JobView, note: str) -> None:
    now = house.clock.now()
    jobs.move(session, job, JobState.WAITING, now, next_try_at=now + SOON, in_doubt=False, note=note)


def _retry(house: PluginHouse, job: JobView, outcome: ProvisionOutcome, raw: str = "") -> None:
    with house.db.transaction() as session:
        _plan_retry(session, house, job, outcome, code=outcome.status.value, raw=raw)


def _plan_retry(
    session: Session, house: PluginHouse, job: JobView, outcome: ProvisionOutcome, *, code: str, raw: str = ""
) -> None:
    """Wait and try again; after the last try a person looks. A doubt stays one until it is settled."""
    now = house.clock.now()
    doubt = outcome.status is Status.UNKNOWN or job.in_doubt
    later = next_question(job.created_at, now) if job.operation else next_try(job.attempts, now)
    if later is None:
        fail(session, house, job, outcome, code=code, in_doubt=doubt, raw=raw)
        return
    jobs.move(
        session, job, JobState.WAITING, now, next_try_at=later, in_doubt=doubt, error_code=code,
        staff_note=outcome.staff_note[:500], note=outcome.staff_note, raw=raw,
    )  # fmt: skip


def fail(
    session: Session,
    house: PluginHouse,
    job: JobView,
    outcome: ProvisionOutcome,
    *,
    code: str = "",
    in_doubt: bool = False,
    raw: str = "",
) -> None:
    """Stop trying and tell staff. Nothing is lost: the job can be retried or done by hand."""
    code = outcome.code.value if outcome.code else code
    failed = jobs.move(
        session, job, JobState.FAILED, house.clock.now(), error_code=code, in_doubt=in_doubt,
        staff_note=outcome.staff_note[:500], note=outcome.staff_note, raw=raw,
    )  # fmt: skip
    if failed:
        publish(house, session, "job.failed", {"job_id": job.id, "service_id": job.service_id})


def run_due(house: PluginHouse) -> None:
    """The schedule: start every job whose time has come. Harmless in several processes at once."""
    with house.db.read() as session:
        found = jobs.due(session, house.clock.now())
    for job_id in found:
        with house.db.transaction() as session:
            jobs.again_when_due(session, house, job_id)
