"""The portal's pages: the overview, services, invoices. Each shows the signed-in person's own and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.billing import queries as billing
from core.billing.queries import InvoicePage
from core.clients import queries as clients
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.paging import Page, Window, window
from core.kernel.problems import NotFound, Refused
from core.orders import status as orders
from core.payments import queries as payments
from core.provisioning import placement, secrets
from core.provisioning import queries as provisioning
from core.services import queries as services
from core.services.queries import OwnService
from core.web.current import brand, house, now
from core.web.portal import access, words
from core.web.render import render
from core.web.shop import documents

SHOWN = 5  # of each kind on the overview
PER_PAGE = 20


def home() -> Response:
    """What is due first, then the newest services and invoices."""
    ids = access.person().client_ids
    with house().db.read() as session:
        due = billing.due_from(session, ids)
        own = services.services_of(session, ids, Window(size=SHOWN))
        invoices = billing.issued_to(session, ids, Window(size=SHOWN))
        counts = services.count_by_status(session, ids)
        clients_ = [page for one in ids if (page := clients.client_page(session, one)) is not None]
    return _draw(
        "home.html", section="home", due=due, services=own, jobs=_jobs(own.items), invoices=invoices,
        standing=words.in_numbers(counts), pay_urls=_pay_urls(due[:1]),
        credits=[one.credit for one in clients_ if one.credit],
        accounts=[] if access.is_staff() else [
            account for one in clients_ for account in one.billing_accounts if account.keep
        ],
    )  # fmt: skip


def list_services() -> Response:
    with house().db.read() as session:
        own = services.services_of(session, access.person().client_ids, _window())
    jobs = _jobs(own.items)
    return _draw("services.html", section="services", services=own, jobs=jobs, pager=_pager(own))


def list_invoices() -> Response:
    with house().db.read() as session:
        own = billing.issued_to(session, access.person().client_ids, _window())
    return _draw("invoices.html", section="invoices", invoices=own, pager=_pager(own))


def service(service_id: UUID) -> Response:
    """One service: how to reach it, and what is done or being done to it. Raises NotFound."""
    return _service(service_id)


def show_password(service_id: UUID) -> Response:
    """The same page with the first password on it: asked for with a form, never kept by a browser.

    Raises NotFound, and Refused for staff who act in the client's account.
    """
    identity = access.person().identity
    if identity.acting_for:
        raise Refused(_("Only the client sees this password."))
    with house().db.transaction() as session:
        page = services.service_page(session, service_id)
        access.own(page.service.client_id if page else None)
        password = secrets.show_password(session, house(), service_id, identity.actor)
    return _service(service_id, password)


def _service(service_id: UUID, password: str = "") -> Response:
    with house().db.read() as session:
        page = services.service_page(session, service_id)
        access.own(page.service.client_id if page else None)
        assert page is not None
        locked = not password and bool(secrets.with_password(session, house(), [service_id]))
        jobs = provisioning.jobs_of_services(session, [service_id])
        facts = placement.access_of(session, service_id)
    registers = page.kind == "domain"
    stories = [words.story(one.job, registers=registers) for one in reversed(jobs)]
    return _draw(
        "service.html", section="services", page=page, service=page.service, facts=tuple(facts.items()),
        stories=stories, expecting=words.expecting(jobs), password=password, locked=locked,
    )  # fmt: skip


def invoice(invoice_id: UUID) -> Response:
    """One invoice as it was issued, and how to pay what is open. Raises NotFound."""
    page = _invoice(invoice_id)
    with house().db.read() as session:
        attempts = [one.attempt for one in payments.attempts_of_invoice(session, invoice_id)]
    token = orders.token_of(house(), page.invoice.order_id) if page.invoice.order_id else ""
    return _draw(
        "invoice.html", section="invoices", page=page, invoice=page.invoice,
        payments=[one for one in attempts if one.kind == "charge" and one.state == "succeeded"],
        order=orders.view_order(house(), token) if token else None, order_token=token,
        pay_url=_pay_urls([page.invoice]).get(invoice_id, ""),
    )  # fmt: skip


def print_invoice(invoice_id: UUID) -> Response:
    """The invoice on paper. Raises NotFound."""
    return documents.printable(_on_paper(_invoice(invoice_id)))


def invoice_pdf(invoice_id: UUID) -> Response:
    """The same as PDF; where no PDF can be made, the printable page. Raises NotFound."""
    page = _invoice(invoice_id)
    instead = url_for("portal.print_invoice", invoice_id=invoice_id)
    return documents.as_pdf(_on_paper(page), page.invoice.label, instead)


def _on_paper(page: InvoicePage) -> str:
    if page.invoice.order_id is None:
        return documents.draw(page, order_label="", method="")
    view = orders.view_order(house(), orders.token_of(house(), page.invoice.order_id))
    return documents.draw(page, order_label=view.label, method=view.method_name)


def _invoice(invoice_id: UUID) -> InvoicePage:
    """Raises NotFound, for a draft too: it is not issued yet."""
    with house().db.read() as session:
        page = billing.invoice_page(session, invoice_id)
    access.own(page.invoice.client_id if page else None)
    if page is None or page.invoice.status == "draft":
        raise NotFound(_("There is no such page in your account."))
    return page


def _pay_urls(rows: Sequence[billing.InvoiceRow]) -> dict[UUID, str]:
    """Where open invoices of orders are paid, by invoice."""
    return {
        row.id: url_for("shop.pay", token=orders.token_of(house(), row.order_id))
        for row in rows
        if row.order_id and row.status == "unpaid" and row.owed
    }


def _jobs(own: Sequence[OwnService]) -> Mapping[UUID, list[provisioning.JobPage]]:
    """The jobs of those services that are not ready yet."""
    pending = [one.service.id for one in own if one.service.status == "pending"]
    found: dict[UUID, list[provisioning.JobPage]] = {one: [] for one in pending}
    with house().db.read() as session:
        for page in provisioning.jobs_of_services(session, pending):
            found[page.job.service_id].append(page)
    return found


def _window() -> Window:
    return window(request.args.get("after"), request.args.get("before"), PER_PAGE)


def _pager(page: Page[Any]) -> Mapping[str, str | None]:
    """Addresses of the neighbouring pages."""
    here = str(request.endpoint)
    return {
        "newer": url_for(here, before=page.newer) if page.newer is not None else None,
        "older": url_for(here, after=page.older) if page.older is not None else None,
    }


def _draw(template: str, /, *, section: str, **context: Any) -> Response:
    """A page of the portal; ``section`` marks its line of the menu."""
    return render(
        f"portal/{template}", section=section, me=access.person(), words=words, cycle=words.cycle,
        today=_today(), **context,
    )  # fmt: skip


def _today() -> date:
    """The brand's own day."""
    return local_date(now(), brand().timezone)
