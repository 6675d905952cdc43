"""From a claimed job to one plugin call and back: the only place here that reaches a panel.

Called outside any transaction. After every doubt the panel is asked what stands there (``inspect``)
before anything is done again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.plugin_api.context import SecretStr
from core.plugin_api.provisioner import (
    AccountRef,
    CreateRequest,
    NeedsStaff,
    Polls,
    Provisioner,
    ProvisionOutcome,
    RemoteAccount,
    RemoteState,
)
from core.plugin_api.registrar import (
    RegisteredDomain,
    RegisterRequest,
    Registrar,
    RegistrarOutcome,
    WhoisContact,
)
from core.plugin_api.values import Status
from core.plugin_host.calls import ask, call_provisioner
from core.plugin_host.house import PluginHouse
from core.provisioning.placement import password_of, ref_of, server_settings
from core.provisioning.values import JobView

WANTED = {
    "create": RemoteState.ACTIVE,
    "resume": RemoteState.ACTIVE,
    "suspend": RemoteState.SUSPENDED,
    "terminate": RemoteState.ABSENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Everything one call needs, read from the database beforehand."""

    job: JobView
    ref: AccountRef
    plugin: str
    settings: str
    password: str


def prepare(house: PluginHouse, job: JobView) -> Errand:
    """Read what the call needs. Raises NotFound before the identity is fixed."""
    assert job.server_id is not None
    with house.db.read() as session:
        plugin, settings = server_settings(session, house, job.server_id)
        return Errand(
            job=job,
            ref=ref_of(session, job.service_id),
            plugin=plugin,
            settings=settings,
            password=password_of(session, house, job.service_id),
        )


def perform(house: PluginHouse, errand: Errand) -> ProvisionOutcome:
    """Do it, or find that it is done. Every exception of a plugin becomes an outcome."""
    act = _registrar_act if errand.plugin in house.plugins.registrars else _panel_act
    outcome = call_provisioner(lambda: act(house, errand), db=house.db, secrets=(errand.password,))
    doubtful = outcome.status is Status.UNKNOWN
    unproven = errand.job.action == "create" and outcome.status is Status.SUCCEEDED and outcome.changed
    if doubtful or unproven:
        return _verify(house, errand, outcome)
    return outcome


def _verify(house: PluginHouse, errand: Errand, outcome: ProvisionOutcome) -> ProvisionOutcome:
    """Ask the panel whether it is so. Its word of what stands there beats its word of what it did."""
    checked = call_provisioner(lambda: _found(inspect(house, errand), errand), db=house.db)
    if checked.status is Status.SUCCEEDED:
        facts = dict(outcome.facts)
        return ProvisionOutcome(
            status=Status.SUCCEEDED, state=checked.state, remote_id=checked.remote_id or outcome.remote_id,
            facts=facts, staff_note=outcome.staff_note,
        )  # fmt: skip
    if outcome.status is Status.SUCCEEDED and checked.status is Status.NOT_SENT:
        note = "The panel said yes, but the account is not there."
        return ProvisionOutcome(status=Status.UNKNOWN, staff_note=checked.staff_note or note)
    if checked.status is Status.DECLINED:
        return checked
    note = f"{outcome.staff_note} Looked up: {checked.staff_note or 'no answer'}".strip()
    return ProvisionOutcome(status=Status.UNKNOWN, staff_note=note)


def _found(account: RemoteAccount | None, errand: Errand) -> ProvisionOutcome:
    """SUCCEEDED when it stands as wanted, NOT_SENT when it surely does not stand there."""
    wanted = WANTED[errand.job.action]
    if account is None:
        if wanted is RemoteState.ABSENT:
            return ProvisionOutcome(status=Status.SUCCEEDED, state=RemoteState.ABSENT, changed=False)
        return ProvisionOutcome(status=Status.NOT_SENT, state=RemoteState.ABSENT, staff_note="not there")
    if account.state is wanted and is_ours(account, errand.ref):
        return ProvisionOutcome(
            status=Status.SUCCEEDED, state=wanted, changed=False, remote_id=account.remote_id
        )
    return ProvisionOutcome(
        status=Status.UNKNOWN, state=account.state, staff_note=f"there, {account.state}, not as wanted"
    )


def is_ours(account: RemoteAccount, ref: AccountRef) -> bool:
    """Ours by its marker; where a panel keeps none, by user name and domain together."""
    if account.marker is not None:
        return account.marker == ref.marker
    return account.username == ref.username and account.domain == ref.domain


def inspect(house: PluginHouse, errand: Errand) -> RemoteAccount | None:
    """What stands there now, from panels and registrars alike. May raise PluginError."""
    if errand.plugin in house.plugins.registrars:
        assert errand.ref.domain is not None
        return _as_account(registrar(house, errand).inspect(errand.ref.domain))
    return provisioner(house, errand).inspect(errand.ref)


def _as_account(domain: RegisteredDomain | None) -> RemoteAccount | None:
    if domain is None:
        return None
    return RemoteAccount(
        username=domain.domain, domain=domain.domain, state=RemoteState.ACTIVE, marker=domain.marker
    )


def provisioner(house: PluginHouse, errand: Errand) -> Provisioner[Any]:
    return house.plugins.build_provisioner(errand.plugin, json.loads(errand.settings))


def registrar(house: PluginHouse, errand: Errand) -> Registrar[Any]:
    return house.plugins.build_registrar(errand.plugin, json.loads(errand.settings))


def _panel_act(house: PluginHouse, errand: Errand) -> ProvisionOutcome:
    panel, job = provisioner(house, errand), errand.job
    if job.operation and isinstance(panel, Polls):
        return panel.poll(errand.ref, job.operation)
    if job.in_doubt:
        found = _found(panel.inspect(errand.ref), errand)
        if found.status is Status.SUCCEEDED:
            return found
    acts: dict[str, Callable[[], ProvisionOutcome]] = {
        "create": lambda: panel.create(create_request(house, errand)),
        "suspend": lambda: panel.suspend(errand.ref, str(job.request.get("reason", ""))),
        "resume": lambda: panel.resume(errand.ref),
        "terminate": lambda: panel.terminate(errand.ref),
    }
    return acts[job.action]()


def create_request(house: PluginHouse, errand: Errand) -> CreateRequest:
    entry = house.plugins.provisioners[errand.plugin]
    request = errand.job.request
    return CreateRequest(
        ref=errand.ref,
        idempotency_key=errand.job.idempotency_key,
        password=SecretStr(errand.password),
        contact_email=str(request.get("contact_email", "")),
        contact_name=str(request.get("contact_name", "")),
        options=entry.spec.options.model_validate_json(json.dumps(request.get("options") or {})),
    )


def staff_task(house: PluginHouse, errand: Errand) -> str | None:
    """What a person has to do, for provisioners whose work is done by people."""
    entry = house.plugins.provisioners.get(errand.plugin)
    if entry is None or not entry.spec.can(NeedsStaff):
        return None
    panel = provisioner(house, errand)
    assert isinstance(panel, NeedsStaff)
    return ask(lambda: panel.task(create_request(house, errand)), str, db=house.db, plugin=panel)


def _registrar_act(house: PluginHouse, errand: Errand) -> ProvisionOutcome:
    desk, job, domain = registrar(house, errand), errand.job, errand.ref.domain
    assert domain is not None
    if job.in_doubt:
        found = _found(_as_account(desk.inspect(domain)), errand)
        if found.status is Status.SUCCEEDED:
            return found
    if job.action != "create":
        return ProvisionOutcome(status=Status.SUCCEEDED, state=WANTED[job.action], changed=False)
    request = RegisterRequest(
        service_id=job.service_id,
        idempotency_key=job.idempotency_key,
        domain=domain,
        years=int(job.request.get("years", 1)),
        contact=WhoisContact(**job.request["whois"]),
        nameservers=tuple(job.request.get("nameservers", ())),
    )
    return _as_outcome(desk.register(request))


def _as_outcome(outcome: RegistrarOutcome) -> ProvisionOutcome:
    facts = dict(outcome.facts)
    if outcome.expires_on:
        facts["Expires"] = outcome.expires_on.isoformat()
    state = RemoteState.ACTIVE if outcome.status is Status.SUCCEEDED else RemoteState.UNKNOWN
    return ProvisionOutcome(
        status=outcome.status, state=state, changed=outcome.changed, code=outcome.code,
        operation=outcome.operation, poll_after=outcome.poll_after, staff_note=outcome.staff_note,
        facts=facts,
    )  # fmt: skip
