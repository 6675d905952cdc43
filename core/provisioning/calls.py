"""From a claimed job to one plugin call and back: the only place here that reaches a panel.

Called outside any transaction. After every doubt the panel is asked what stands there (``inspect``)
before anything is done again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from core.plugin_api.context import PluginConfig, SecretStr
from core.plugin_api.errors import Misconfigured
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
from core.plugin_host.http import overheard
from core.plugin_host.redaction import Redactor, secrets_of
from core.provisioning.placement import password_of, ref_of, server_settings
from core.provisioning.rules import sentence
from core.provisioning.values import JobView

WANTED = {
    "create": RemoteState.ACTIVE,
    "resume": RemoteState.ACTIVE,
    "suspend": RemoteState.SUSPENDED,
    "terminate": RemoteState.ABSENT,
}
Desk = Provisioner[Any] | Registrar[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Everything one call needs, read from the database beforehand."""

    job: JobView
    ref: AccountRef
    plugin: str
    desk: Desk
    password: str


def prepare(house: PluginHouse, job: JobView) -> Errand:
    """Read what the call needs and build the plugin for its server.

    Raises NotFound before the identity is fixed, PluginError for wrong settings, ValueError for
    settings that do not open.
    """
    assert job.server_id is not None
    with house.db.read() as session:
        plugin, settings = server_settings(session, house, job.server_id)
        ref = ref_of(session, job.service_id)
        password = password_of(session, house, job.service_id)
    return Errand(job=job, ref=ref, plugin=plugin, desk=build(house, plugin, settings), password=password)


def build(house: PluginHouse, plugin: str, settings: str) -> Desk:
    """The panel or registrar of one server. Raises PluginError, and ValueError for damaged settings."""
    if plugin in house.plugins.registrars:
        return house.plugins.build_registrar(plugin, json.loads(settings))
    return house.plugins.build_provisioner(plugin, json.loads(settings))


def perform(house: PluginHouse, errand: Errand) -> ProvisionOutcome:
    """Do it, or find that it is done. Every exception of a plugin becomes an outcome."""
    outcome = _guarded(house, errand, lambda: _act(house, errand))
    doubtful = outcome.status is Status.UNKNOWN
    unproven = errand.job.action == "create" and outcome.status is Status.SUCCEEDED and outcome.changed
    if doubtful or unproven:
        return _verify(house, errand, outcome)
    return outcome


def perform_and_listen(house: PluginHouse, errand: Errand) -> tuple[ProvisionOutcome, str]:
    """The same, with what the panel answered, secrets masked: for staff, where it was no plain yes."""
    with overheard() as heard:
        outcome = perform(house, errand)
    if outcome.status in (Status.SUCCEEDED, Status.PENDING):
        return outcome, ""
    masked = Redactor((*secrets_of(errand.desk), errand.password)).text("\n\n".join(heard))
    return outcome, masked


def _guarded(house: PluginHouse, errand: Errand, call: Callable[[], ProvisionOutcome]) -> ProvisionOutcome:
    return call_provisioner(call, db=house.db, plugin=errand.desk, secrets=(errand.password,))


def _act(house: PluginHouse, errand: Errand) -> ProvisionOutcome:
    desk, job = errand.desk, errand.job
    if job.operation and isinstance(desk, Polls):
        return desk.poll(errand.ref, job.operation)
    if job.in_doubt:
        standing = _standing(errand)
        if standing.status is Status.SUCCEEDED:
            return standing if standing.facts else _with_facts(house, errand, standing)
    if isinstance(desk, Registrar):
        return _registrar_act(desk, errand)
    acts: dict[str, Callable[[], ProvisionOutcome]] = {
        "create": lambda: desk.create(create_request(house, errand)),
        "suspend": lambda: desk.suspend(errand.ref, str(job.request.get("reason", ""))),
        "resume": lambda: desk.resume(errand.ref),
        "terminate": lambda: desk.terminate(errand.ref),
    }
    return acts[job.action]()


def _verify(house: PluginHouse, errand: Errand, outcome: ProvisionOutcome) -> ProvisionOutcome:
    """Ask the panel whether it is so. Its word of what stands there beats its word of what it did."""
    checked = _guarded(house, errand, lambda: _standing(errand))
    if checked.status is Status.SUCCEEDED:
        proven = replace(
            checked, remote_id=checked.remote_id or outcome.remote_id, changed=True,
            facts=dict(checked.facts) | dict(outcome.facts), staff_note=outcome.staff_note,
        )  # fmt: skip
        return proven if outcome.status is Status.SUCCEEDED else _with_facts(house, errand, proven)
    if outcome.status is Status.SUCCEEDED and checked.status is Status.NOT_SENT:
        note = "The panel said yes, but the account is not there."
        return ProvisionOutcome(status=Status.UNKNOWN, staff_note=note)
    if checked.status is Status.DECLINED:
        return checked
    note = f"{sentence(outcome.staff_note)} Looked up: {checked.staff_note or 'no answer'}".strip()
    return ProvisionOutcome(status=Status.UNKNOWN, staff_note=note)


def _with_facts(house: PluginHouse, errand: Errand, proven: ProvisionOutcome) -> ProvisionOutcome:
    """What the client is told of the server comes with the answer that was lost: ours stands there, so
    that asking once more changes nothing (contract of ``create``) and says it again."""
    desk = errand.desk
    if errand.job.action != "create" or isinstance(desk, Registrar):
        return proven
    told = _guarded(house, errand, lambda: desk.create(create_request(house, errand)))
    return replace(proven, facts=told.facts) if told.status is Status.SUCCEEDED else proven


def _standing(errand: Errand) -> ProvisionOutcome:
    """What stands there, held against what is wanted. May raise PluginError."""
    if not isinstance(errand.desk, Registrar):
        return _found(errand.desk.inspect(errand.ref), errand)
    assert errand.ref.domain is not None
    domain = errand.desk.inspect(errand.ref.domain)
    outcome = _found(_as_account(domain), errand)
    return replace(outcome, facts={"Expires": domain.expires_on.isoformat()}) if domain else outcome


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


def inspect(errand: Errand) -> RemoteAccount | None:
    """What stands there now, from panels and registrars alike. May raise PluginError."""
    if isinstance(errand.desk, Registrar):
        assert errand.ref.domain is not None
        return _as_account(errand.desk.inspect(errand.ref.domain))
    return errand.desk.inspect(errand.ref)


def _as_account(domain: RegisteredDomain | None) -> RemoteAccount | None:
    if domain is None:
        return None
    return RemoteAccount(
        username=domain.domain, domain=domain.domain, state=RemoteState.ACTIVE, marker=domain.marker
    )


def create_request(house: PluginHouse, errand: Errand) -> CreateRequest:
    """Raises Misconfigured when the product's settings are not those of this panel."""
    request = errand.job.request
    return CreateRequest(
        ref=errand.ref,
        idempotency_key=errand.job.idempotency_key,
        password=SecretStr(errand.password),
        contact_email=str(request.get("contact_email", "")),
        contact_name=str(request.get("contact_name", "")),
        options=_options(house, errand),
    )


def _options(house: PluginHouse, errand: Errand) -> PluginConfig:
    model = house.plugins.provisioners[errand.plugin].spec.options
    try:
        return model.model_validate_json(json.dumps(errand.job.request.get("options") or {}))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise Misconfigured(f"the product's settings for {errand.plugin}: {key}: {first['msg']}") from None


def needs_staff(errand: Errand) -> bool:
    """Whether people do the work there."""
    return isinstance(errand.desk, NeedsStaff)


def staff_task(house: PluginHouse, errand: Errand) -> str | None:
    """What a person has to do to create it, where people do that. Raises PluginError."""
    desk = errand.desk
    if errand.job.action != "create" or not isinstance(desk, NeedsStaff):
        return None
    request = create_request(house, errand)
    return ask(lambda: desk.task(request), str, db=house.db, plugin=desk, secrets=(errand.password,))


def _registrar_act(desk: Registrar[Any], errand: Errand) -> ProvisionOutcome:
    job, domain = errand.job, errand.ref.domain
    assert domain is not None
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
