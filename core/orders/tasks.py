"""The tasks of Processing Order, told from what the tables hold: nothing is kept twice. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from core.billing.values import InvoiceHead
from core.kernel.i18n import gettext as _
from core.orders.models import Order
from core.orders.values import TaskState, TaskView
from core.payments.rules import State, decline_words
from core.payments.values import BY_HAND, AttemptView
from core.payments.words import method_words
from core.provisioning.values import JobView
from core.services.values import ServiceView

_CHARGE_STATES = {
    State.CREATED: TaskState.RUNNING,
    State.SENT: TaskState.RUNNING,
    State.PENDING: TaskState.WAITING,
    State.SUCCEEDED: TaskState.DONE,
    State.DECLINED: TaskState.FAILED,
    State.NOT_SENT: TaskState.FAILED,
    State.UNKNOWN: TaskState.UNKNOWN,
    State.RETURNED: TaskState.FAILED,
    State.REFUNDED: TaskState.DONE,
}
_JOB_STATES = {
    "ready": TaskState.RUNNING,
    "running": TaskState.RUNNING,
    "waiting": TaskState.RUNNING,
    "needs_staff": TaskState.WAITING,
    "done": TaskState.DONE,
    "failed": TaskState.WAITING,  # we are on it: for the buyer nothing has failed
    "cancelled": TaskState.FAILED,
}


def tasks_of(
    order: Order,
    invoice: InvoiceHead,
    charges: Sequence[AttemptView],
    services: Sequence[ServiceView],
    jobs: Sequence[JobView],
    names: Collection[UUID] = (),
) -> tuple[TaskView, ...]:
    """In the order in which they happen. The mail task is added by who knows the mails.

    ``names``: those of the services that are domain names, which are registered and not set up.
    """
    client = TaskView(
        key="client",
        title=_("Creating your account") if order.new_client else _("Finding your account"),
        detail=_("Order {label} is safe with us").format(label=order.label),
        state=TaskState.DONE,
        at=order.placed_at,
    )
    packages = TaskView(
        key="services",
        title=_("Attaching your packages"),
        detail=", ".join(one.label for one in services),
        state=TaskState.DONE,
        at=order.placed_at,
    )
    built = [_built(service, jobs, invoice, is_name=service.id in names) for service in services]
    return (client, packages, _charged(invoice, charges), *built)


def _charged(invoice: InvoiceHead, charges: Sequence[AttemptView]) -> TaskView:
    if not charges:
        is_paid = invoice.status == "paid"
        detail = _("Nothing to pay") if is_paid else _("We wait for your payment to arrive")
        state = TaskState.DONE if is_paid else TaskState.WAITING
        return TaskView(key="charge", title=_("Taking your payment"), detail=detail, state=state)
    last = charges[-1]
    title = _("Taking your payment") if last.method == BY_HAND else _("Charging your payment method")
    state = TaskState.DONE if invoice.status == "paid" else _CHARGE_STATES[State(last.state)]
    return TaskView(key="charge", title=title, detail=_words(last), state=state, at=last.settled_at)


def _words(attempt: AttemptView) -> str:
    method = method_words(attempt.method)
    words = {
        State.SUCCEEDED: method
        if attempt.method == BY_HAND
        else _("Paid with {method}").format(method=method),
        State.PENDING: _("Waiting for the confirmation") if attempt.approve_url or attempt.action
        else _("The money is on its way"),
        State.DECLINED: decline_words(attempt.code),
        State.NOT_SENT: _("The payment could not be sent. Nothing was charged."),
        State.UNKNOWN: _("The provider did not answer. We ask what became of it; you are not charged twice."),
        State.RETURNED: _("The bank sent the payment back"),
    }  # fmt: skip
    return words.get(State(attempt.state), method)


def _built(service: ServiceView, jobs: Sequence[JobView], invoice: InvoiceHead, *, is_name: bool) -> TaskView:
    title = _title(service, is_name=is_name)
    mine = [job for job in jobs if job.service_id == service.id and job.action == "create"]
    if service.status in ("active", "suspended"):
        at = mine[-1].finished_at if mine else None
        ready = _("Ready") if is_name else service.domain or _("Ready")
        return replace(_task(service, title, ready, TaskState.DONE), at=at)
    if not mine:
        waiting = _("Starts when the payment has arrived") if invoice.status != "paid" else _("Starts now")
        state = TaskState.TODO if invoice.status != "paid" else TaskState.RUNNING
        return _task(service, title, waiting, state)
    state = _JOB_STATES[mine[-1].state]
    slow = _("This takes a little longer. We are on it and write to you when it is ready.")
    detail = slow if state is TaskState.WAITING or mine[-1].attempts > 1 else service.domain
    return _task(service, title, detail, state)


def _title(service: ServiceView, *, is_name: bool) -> str:
    if is_name and service.domain:
        return _("Registering {domain}").format(domain=service.domain)
    return _("Setting up {label}").format(label=service.label)


def _task(service: ServiceView, title: str, detail: str, state: TaskState) -> TaskView:
    return TaskView(key=f"provision:{service.id}", title=title, detail=detail, state=state)
