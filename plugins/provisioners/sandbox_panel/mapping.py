"""From the sandbox panel's words to ours."""

from __future__ import annotations

from core.plugin_api.answers import Answer
from core.plugin_api.provisioner import ProvisionCode, ProvisionOutcome, RemoteAccount, RemoteState
from core.plugin_api.values import Status

STATES = {"active": RemoteState.ACTIVE, "suspended": RemoteState.SUSPENDED}
CODES = {
    "username_taken": ProvisionCode.NAME_TAKEN,
    "domain_taken": ProvisionCode.NAME_TAKEN,
    "no_such_plan": ProvisionCode.PACKAGE_MISSING,
    "no_such_account": ProvisionCode.NOT_FOUND,
    "invalid_field": ProvisionCode.INVALID_INPUT,
}


def account(record: Answer) -> RemoteAccount:
    """One account as the panel tells it. Raises NoAnswer when the record makes no sense."""
    return RemoteAccount(
        username=record.text("username"),
        domain=record.text("domain"),
        state=STATES.get(record.text("state"), RemoteState.UNKNOWN),
        marker=record.optional_text("marker"),
        remote_id=record.text("id"),
        plan=record.text("plan"),
    )


def done(found: RemoteAccount, *, changed: bool, wanted: RemoteState) -> ProvisionOutcome:
    """SUCCEEDED when the account stands as wanted; what the panel says it did is not enough."""
    reached = found.state is wanted
    return ProvisionOutcome(
        status=Status.SUCCEEDED if reached else Status.UNKNOWN,
        state=found.state,
        changed=changed,
        remote_id=found.remote_id,
        staff_note="" if reached else f"wanted {wanted}, the panel says {found.state}",
    )


def refused(provider_code: str, message: str = "") -> ProvisionOutcome:
    return ProvisionOutcome(
        status=Status.DECLINED,
        code=CODES.get(provider_code, ProvisionCode.REFUSED),
        changed=False,
        staff_note=message or f"the panel said {provider_code}",
    )


def a_strangers() -> ProvisionOutcome:
    """There is an account of this name, and it is not ours: it is not touched."""
    return ProvisionOutcome(
        status=Status.DECLINED,
        code=ProvisionCode.NAME_TAKEN,
        changed=False,
        staff_note="the account on the panel carries another marker: it is not ours",
    )
