"""What staff ask of provisioning: retry, look, done by hand, give up, compare, check."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.plugin_api.context import HealthReport
from core.plugin_api.errors import PluginError
from core.plugin_api.provisioner import Lists, ProvisionOutcome, RemoteState
from core.plugin_api.provisioner import RemoteAccount as Found
from core.plugin_api.values import Status
from core.plugin_host.calls import ask, ask_all
from core.plugin_host.house import PluginHouse
from core.provisioning import calls, jobs, placement
from core.provisioning.models import Drift, Job, RemoteAccount, Server
from core.provisioning.rules import JobState
from core.provisioning.service import succeed
from core.provisioning.values import JobView
from core.services import service as services

STOPPED = (JobState.FAILED, JobState.WAITING, JobState.NEEDS_STAFF)
OVER = mark("This job is running or over already.")


def retry(house: PluginHouse, job_id: UUID, actor: str) -> None:
    """Try again now. What may have happened is looked up first. Raises Conflict."""
    with house.db.transaction() as session:
        if not jobs.again(session, house, job_id, states=STOPPED):
            raise Conflict(_(OVER))
        _audit(session, house, actor, "job.retry", job_id)


def look_up(house: PluginHouse, job_id: UUID, actor: str) -> str:
    """Ask the panel what stands there; nothing is changed there. Returns a sentence for staff.

    Where surely nothing stands, a stopped job is no longer in doubt and may be given up.
    """
    with house.db.read() as session:
        job = jobs.find(session, job_id)
    if job.server_id is None:
        return "The job has no server yet: nothing was sent anywhere."
    sentence, is_absent = _look(house, job)
    with house.db.transaction() as session:
        if is_absent:
            _clear_doubt(session, job)
        jobs.tell(session, job_id, JobState(job.state), house.clock.now(), f"Looked up: {sentence}")
        _audit(session, house, actor, "job.look_up", job_id)
    return sentence


def _look(house: PluginHouse, job: JobView) -> tuple[str, bool]:
    """(what to tell staff, whether surely nothing stands there)."""
    try:
        errand = calls.prepare(house, job)
        found = ask(lambda: calls.inspect(errand), Found, type(None), db=house.db, plugin=errand.desk)
    except PluginError as error:
        return f"{job.server_name} does not answer ({error.code}).", False
    except (LookupError, NotFound, ValueError) as error:
        return f"{job.server_name} can not be asked: {error}", False
    return _describe(job.server_name, found, errand), found is None


def _clear_doubt(session: Session, job: JobView) -> None:
    changed(
        session,
        update(Job)
        .where(Job.id == job.id, Job.state.in_(STOPPED), Job.attempts == job.attempts)
        .values(in_doubt=False),
    )


def _describe(server: str, found: Found | None, errand: calls.Errand) -> str:
    name = errand.ref.domain or errand.ref.username
    if found is None:
        return f"Nothing stands on {server} for {name}. Trying again can not create it twice."
    whose = "ours" if calls.is_ours(found, errand.ref) else "not ours"
    return f"{found.username} stands on {server}: {found.state}, {whose}."


def resolve(house: PluginHouse, job_id: UUID, note: str, actor: str) -> None:
    """Staff did it by hand: the job is done and the service goes on. Raises InvalidFields, Conflict."""
    if not note.strip():
        raise InvalidFields({"note": _("Say in a few words what you did, so that others can follow.")})
    with house.db.transaction() as session:
        job = _take_over(session, house, job_id)
        done = ProvisionOutcome(
            status=Status.SUCCEEDED, state=calls.WANTED[job.action], staff_note=f"By hand: {note.strip()}"
        )
        succeed(session, house, job, done)
        _audit(session, house, actor, "job.resolve", job_id, note)


def cancel(house: PluginHouse, job_id: UUID, note: str, actor: str) -> None:
    """Give the change up. A slot taken for a new account is given back. Raises Conflict."""
    with house.db.transaction() as session:
        job = _take_over(session, house, job_id)
        if job.action == "create" and job.in_doubt:
            raise Conflict(_("It is not known whether the account was made. Look it up first."))
        jobs.move(session, job, JobState.CANCELLED, house.clock.now(), staff_note=note[:500], note=note)
        if job.action == "create":
            _give_up_service(session, house, job)
        _audit(session, house, actor, "job.cancel", job_id, note)


def _give_up_service(session: Session, house: PluginHouse, job: JobView) -> None:
    """What is never built is no service: it is cancelled, and its slot is free."""
    if services.move(session, house, job.service_id, "cancelled") and job.server_id:
        placement.release_server(session, job.server_id)


def _take_over(session: Session, house: PluginHouse, job_id: UUID) -> JobView:
    """Claim a stopped job for a person, so that no worker starts it meanwhile."""
    claim = (
        update(Job)
        .where(Job.id == job_id, Job.state.in_(STOPPED))
        .values(state=JobState.RUNNING, attempts=Job.attempts + 1, started_at=house.clock.now())
    )
    try:
        with session.begin_nested():
            taken = changed(session, claim)
    except IntegrityError as error:
        raise Conflict(_("Another job of this service is running. Wait until it is over.")) from error
    if not taken:
        raise Conflict(_(OVER))
    return jobs.find(session, job_id)


def _audit(
    session: Session, house: PluginHouse, actor: str, action: str, job_id: UUID, note: str = ""
) -> None:
    audit.record(
        session, actor=actor, action=action, target=f"job:{job_id}", now=house.clock.now(),
        after={"note": note} if note else None,
    )  # fmt: skip


def check_server(house: PluginHouse, server_id: UUID) -> HealthReport:
    """Test the connection and remember the answer."""
    try:
        desk = _desk(house, server_id)
        report = ask(desk.check, HealthReport, db=house.db, plugin=desk)
    except PluginError as error:
        report = HealthReport(ok=False, detail=f"{error.code}: {error}")
    except (LookupError, ValueError) as error:
        report = HealthReport(ok=False, detail=str(error))
    with house.db.transaction() as session:
        server = session.get_one(Server, server_id)
        server.checked_at = house.clock.now()
        server.state_note = report.detail[:500]
        if server.state in ("ok", "down"):
            server.state = "ok" if report.ok else "down"
    return report


def compare(house: PluginHouse, server_id: UUID) -> int:
    """List what differs between our books and the server; returns how many. Nothing is mended.

    Raises PluginError when the server gives no usable list, Conflict when it can not be asked at all.
    """
    with house.db.read() as session:
        rows = session.execute(
            select(RemoteAccount).where(RemoteAccount.server_id == server_id, RemoteAccount.state != "absent")
        ).scalars()
        ours = {row.username: (row.state, row.marker, row.domain) for row in rows}
    theirs = {found.username: found for found in _listed(house, server_id)}
    drifts = list(_differences(ours, theirs))
    with house.db.transaction() as session:
        session.execute(delete(Drift).where(Drift.server_id == server_id, Drift.decision == "open"))
        for kind, subject, our, their in drifts:
            _note(session, house, server_id, kind, subject, our, their)
    return len(drifts)


def _desk(house: PluginHouse, server_id: UUID) -> calls.Desk:
    """The server's plugin, built. Raises PluginError, LookupError and ValueError, see ``calls.build``."""
    with house.db.read() as session:
        plugin, settings = placement.server_settings(session, house, server_id)
    return calls.build(house, plugin, settings)


def _listed(house: PluginHouse, server_id: UUID) -> tuple[Found, ...]:
    try:
        panel = _desk(house, server_id)
        if not isinstance(panel, Lists):
            raise Conflict(_("This panel can not list its accounts."))
        return ask_all(panel.accounts, Found, db=house.db, plugin=panel)
    except (LookupError, ValueError) as error:
        raise Conflict(_("The server can not be asked: {error}").format(error=error)) from error


def _differences(
    ours: dict[str, tuple[str, str, str]], theirs: dict[str, Found]
) -> list[tuple[str, str, str, str]]:
    found: list[tuple[str, str, str, str]] = []
    for username, (state, marker, domain) in sorted(ours.items()):
        other = theirs.get(username) or theirs.get(domain)
        if other is None:
            found.append(("missing", username, state, RemoteState.ABSENT))
        elif other.marker not in (None, marker):
            found.append(("stranger", username, marker, other.marker or ""))
        elif other.state.value != state:
            found.append(("state", username, state, other.state.value))
    known = set(ours) | {domain for _, _, domain in ours.values()}
    for username, other in sorted(theirs.items()):
        if username not in known:
            found.append(("stray", username, "", other.state.value))
    return found


def _note(
    session: Session, house: PluginHouse, server_id: UUID, kind: str, subject: str, our: str, their: str
) -> None:
    known = session.execute(
        select(Drift.id).where(Drift.server_id == server_id, Drift.kind == kind, Drift.subject == subject)
    ).first()
    if known:
        return
    session.execute(
        insert(Drift).values(
            id=new_id(),
            server_id=server_id,
            kind=kind,
            subject=subject,
            theirs=their,
            ours=our,
            decision="open",
            found_at=house.clock.now(),
        )
    )
