"""Payments: every try to move money, what is doubtful, and giving money back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.kernel.problems import NotFound
from core.orders import queries as orders
from core.payments import queries as payments
from core.payments import staff
from core.payments.queries import AttemptPage
from core.web.admin import access, notices, page, paying, timeline, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.orders import draw_order, teller
from core.web.current import house
from core.web.forms import Form

STATES = ("succeeded", "pending", "unknown", "declined", "not_sent", "returned")


def _tabs() -> list[tuple[str, str, bool]]:
    tabs = page.state_tabs("payments", "state", STATES, words.ATTEMPT, marked=False)
    return [*tabs, ("Without an invoice", url_for("admin.unmatched"), True)]


@blueprint.get("/payments/unmatched", endpoint="unmatched")
@needs("payments.view")
def list_unmatched() -> Response:
    return draw_unmatched()


def draw_unmatched(status: int = 200, trouble: str = "", form: Form | None = None) -> Response:
    with house().db.read() as session:
        found = payments.list_unmatched(session, page.asked_window())
    return page.draw(
        "unmatched.html", status, section="payments", page=found, pager=page.pager(found),
        by_state=_tabs(), unmatched_words=words.UNMATCHED, trouble=trouble, form=form or Form(),
    )  # fmt: skip


@blueprint.get("/payments/<uuid:attempt_id>", endpoint="payment")
@needs("payments.view")
def show_payment(attempt_id: UUID) -> Response:
    return draw_payment(attempt_id)


def draw_payment(
    attempt_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None
) -> Response:
    """Raises NotFound."""
    found = _find(attempt_id)
    attempt = found.attempt
    return page.draw(
        "payment.html", status, section="payments", page=found, attempt=attempt,
        steps=timeline.payment_tries(found), told=timeline.payment_trouble(attempt, teller()),
        trouble=trouble, form=form or Form(),
        zone_name=page.zone_name(), can_look_up=paying.can_look_up(attempt),
        refundable=attempt if paying.can_refund(attempt) else None,
    )  # fmt: skip


def _find(attempt_id: UUID) -> AttemptPage:
    with house().db.read() as session:
        found = payments.attempt_page(session, attempt_id)
    if found is None:
        raise NotFound("There is no such payment.")
    return found


@blueprint.post("/payments/<uuid:attempt_id>/look-up", endpoint="payment_look_up")
@needs("payments.lookup")
def look_up(attempt_id: UUID) -> Response:
    """Ask the provider at once what became of it."""

    def do() -> Response:
        staff.look_up_now(house(), attempt_id, access.actor())
        text = "The gateway is being asked. Its answer shows up here in a moment."
        order_id, own = _asked_from(attempt_id), url_for("admin.payment", attempt_id=attempt_id)
        return notices.go(url_for("admin.order", order_id=order_id) if order_id else own, text, "info")

    return _run(attempt_id, do)


@blueprint.post("/payments/<uuid:attempt_id>/refund", endpoint="refund")
@needs("payments.refund", proven=True)
def refund(attempt_id: UUID) -> Response:
    """Give money back at the gateway."""

    def do() -> Response:
        refund_id = staff.refund(house(), attempt_id, request.form.get("amount", ""), access.actor())
        text = "The gateway is asked to give the money back. Its answer shows up here in a moment."
        return notices.go(url_for("admin.payment", attempt_id=refund_id), text, "info")

    return _run(attempt_id, do)


def _run(attempt_id: UUID, do: Callable[[], Response]) -> Response:
    """What is wrong is shown on the page where the button stood."""
    order_id = _asked_from(attempt_id)
    if order_id:
        return page.attempted(do, lambda status, text, form: draw_order(order_id, status, text, form))
    return page.attempted(do, lambda status, text, form: draw_payment(attempt_id, status, text, form))


def _asked_from(attempt_id: UUID) -> UUID | None:
    """The order on whose page the button stood; None when it stood on the payment's own."""
    if request.form.get("back") != "order" or not access.may("orders.view"):
        return None
    with house().db.read() as session:
        return orders.order_of_invoice(session, _find(attempt_id).attempt.invoice_id)
