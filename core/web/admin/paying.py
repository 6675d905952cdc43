"""Marking invoices paid and giving money back: the forms stand on several pages, the rules in payments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.billing.queries import InvoiceRow
from core.payments.queries import AttemptRow
from core.plugin_api.gateway import Refunds, TakesManualPayments
from core.web.admin import access
from core.web.current import house

BY_HAND = "manual"  # noted as the way where no gateway for it is enabled
OPEN = ("unpaid", "pending")
MOVING = ("created", "sent", "pending", "unknown")


def ways_by_hand() -> tuple[tuple[str, str], ...]:
    """Gateways whose money staff see themselves, as (id, name)."""
    entries = house().plugins.gateways.items()
    found = tuple((name, one.spec.name) for name, one in entries if one.spec.can(TakesManualPayments))
    return found or ((BY_HAND, "By hand"),)


def choices(invoice: InvoiceRow | None, attempts: Sequence[AttemptRow]) -> dict[str, Any]:
    """What the page may offer: a payment that is under way is waited for, never paid a second time."""
    is_moving = any(one.state in MOVING and one.kind == "charge" for one in attempts)
    is_open = invoice is not None and invoice.kind == "invoice" and invoice.status in OPEN
    return {
        "can_mark_paid": is_open and not is_moving and access.may("payments.record"),
        "ways": ways_by_hand(),
        "refundable": next((one for one in attempts if can_refund(one)), None),
    }


def can_refund(attempt: AttemptRow) -> bool:
    """Whether the screen shows the button: the gateway's class decides, not a flag."""
    entry = house().plugins.gateways.get(attempt.gateway)
    return (
        entry is not None
        and entry.spec.can(Refunds)
        and attempt.kind == "charge"
        and attempt.state == "succeeded"
        and attempt.refundable.minor > 0
        and access.may("payments.refund")
    )


def can_look_up(attempt: AttemptRow) -> bool:
    return attempt.state in ("sent", "pending", "unknown") and access.may("payments.lookup")
