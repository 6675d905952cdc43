"""From the sandbox registrar's words to ours."""

from __future__ import annotations

from core.plugin_api.answers import Answer
from core.plugin_api.errors import NoAnswer
from core.plugin_api.provisioner import ProvisionCode
from core.plugin_api.registrar import Availability, RegisteredDomain, RegistrarOutcome
from core.plugin_api.values import Status

CODES = {
    "taken": ProvisionCode.NAME_TAKEN,
    "no_such_domain": ProvisionCode.NOT_FOUND,
    "unsupported_ending": ProvisionCode.NOT_SUPPORTED,
    "too_long": ProvisionCode.LIMIT_REACHED,
    "stale_expiry": ProvisionCode.INVALID_INPUT,
    "invalid_field": ProvisionCode.INVALID_INPUT,
}


def domain(record: Answer) -> RegisteredDomain:
    """One name in our account. Raises NoAnswer when the record makes no sense."""
    return RegisteredDomain(
        domain=record.text("domain"),
        expires_on=record.day("expires_on"),
        nameservers=record.texts("nameservers"),
        marker=record.optional_text("marker"),
    )


def availability(record: Answer) -> Availability:
    if record.flag("available"):
        return Availability.AVAILABLE
    reasons = {"taken": Availability.TAKEN, "unsupported": Availability.UNSUPPORTED}
    return reasons.get(record.text("reason"), Availability.UNKNOWN)


def done(found: RegisteredDomain, asked: str, *, changed: bool) -> RegistrarOutcome:
    """SUCCEEDED with the registry's own date. Raises NoAnswer when it is about another name."""
    if found.domain.lower() != asked:
        raise NoAnswer("the registrar answered about another name")
    return RegistrarOutcome(status=Status.SUCCEEDED, changed=changed, expires_on=found.expires_on)


def refused(provider_code: str) -> RegistrarOutcome:
    return RegistrarOutcome(
        status=Status.DECLINED,
        code=CODES.get(provider_code, ProvisionCode.REFUSED),
        changed=False,
        staff_note=f"the registrar said {provider_code}",
    )
