"""Orders: the list, and one order's story with the buttons where something stands still."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.kernel.problems import NotFound
from core.mail import queries as mail
from core.orders import queries as orders
from core.orders import service as order_service
from core.orders.queries import OrderLineRow
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.provisioning.queries import JobPage
from core.web import shown
from core.web.admin import access, notices, page, paying, timeline, times, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house
from core.web.forms import Form


@blueprint.get("/orders/<uuid:order_id>", endpoint="order")
@needs("orders.view")
def show_order(order_id: UUID) -> Response:
    return draw_order(order_id)


def draw_order(order_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        found = orders.order_page(session, order_id)
        if found is None:
            raise NotFound("There is no such order.")
        services = [line.service_id for line in found.lines]
        attempts = payments.attempts_of_invoice(session, found.order.invoice_id)
        jobs = provisioning.jobs_of_services(session, services)
        mails = mail.mails_of_order(session, order_id)
        bill = billing.invoice_page(session, found.order.invoice_id)
        all_servers = {one.id: one for one in provisioning.servers(session)}
    used = dict.fromkeys(one.job.server_id for one in jobs if one.job.server_id)
    steps = timeline.story(found, attempts, jobs, mails, teller())
    return page.draw(
        "order.html", status, section="orders", page=found, steps=steps, bill=bill,
        invoice=bill.invoice if bill else None, headline=timeline.headline(found, steps), trouble=trouble,
        servers=[all_servers[one] for one in used if one in all_servers and access.may("servers.view")],
        form=form or Form(), line_words=lambda line: line_words(line, jobs), zone_name=page.zone_name(),
        can_cancel=found.order.state == "placed" and access.may("orders.cancel"),
        **paying.choices(bill.invoice if bill else None, [one.attempt for one in attempts]),
    )  # fmt: skip


def line_words(line: OrderLineRow, jobs: Sequence[JobPage]) -> words.Word:
    """What has become of one line: a failed job says more than the service that still waits for it."""
    failed = any(one.job.service_id == line.service_id and one.job.state == "failed" for one in jobs)
    return words.Word("Failed", "danger") if failed else words.service(line.service_status)


def teller() -> timeline.Teller:
    plugins = house().plugins
    return timeline.Teller(
        money=shown.money,
        clock=times.soon,
        gateway_name=page.gateway_name,
        registrars=frozenset(plugins.registrars),
        by_hand=frozenset(name for name, _ in paying.ways_by_hand()),
    )


@blueprint.post("/orders/<uuid:order_id>/cancel", endpoint="order_cancel")
@needs("orders.cancel")
def cancel_order(order_id: UUID) -> Response:
    def do() -> Response:
        order_service.cancel(house(), order_id, access.actor(), page.remark("reason"))
        return notices.go(url_for("admin.order", order_id=order_id), "The order is cancelled.")

    return page.attempted(do, lambda status, text, form: draw_order(order_id, status, text, form))
