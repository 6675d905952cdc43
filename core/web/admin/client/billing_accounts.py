"""How a client pays: the third guided step, the list, the default, what pays for what, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.clients import billing_accounts
from core.clients import service as clients
from core.clients.values import BillingAccountView, ClientView
from core.kernel.problems import Conflict, InvalidFields
from core.payments import accounts, detaching
from core.payments.accounts import METHOD, Choice
from core.services import paying
from core.web import choices, forms, shown
from core.web import methods as ways
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.admin.words import Word
from core.web.current import house, visitor_ip
from core.web.forms import Form

TITLE = "Add Billing Account"
DETACHING = {
    "waits": Word("Being detached", "info"),
    "stuck": Word("Needs a person", "warning"),
    "done": Word("Detached"),
}
_IN_CLIENT = "/clients/<uuid:client_id>/billing-accounts"
_ONE = f"{_IN_CLIENT}/<uuid:account_id>"


@blueprint.get(_IN_CLIENT, endpoint="client_billing_accounts")
@needs("clients.view")
def list_accounts(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _list(client_id)


def _list(client_id: UUID, status: int = 200, trouble: str = "") -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        usable = billing_accounts.of_client(session, client_id)
        removed = billing_accounts.removed_of_client(session, client_id)
    services = accounts.payers(house(), client_id, page.asked_window())
    return frame.draw(
        "billing-accounts.html", client, tab="billing_accounts", status=status, trouble=trouble,
        accounts=usable, removed=removed, services=services,
        pager=page.pager(services) if request.method == "GET" else None,
        payers=choices.payers(usable, page.gateway_name), detaching=DETACHING, label_of=_label,
        pictures=choices.PICTURES, default=accounts.DEFAULT,
    )  # fmt: skip


def _label(account: BillingAccountView) -> str:
    return choices.label(account, page.gateway_name)


@blueprint.route(f"{_IN_CLIENT}/new", endpoint="billing_account_new", methods=["GET", "POST"])
@needs("billing_accounts.edit")
def add_account(client_id: UUID) -> Response:
    """Step 3 while the client has no billing account yet, else another one. Raises NotFound."""
    with house().db.read() as session:
        client = clients.client_by_id(session, client_id)
        guided = not billing_accounts.has_any(session, client_id)
    if request.method == "GET":
        return _form(client, guided, Form(values={"is_default": "1"}))
    specs = ways.offered(client.brand_id, client.currency)
    try:
        accounts.add(
            house(), client_id, ways.posted_values(specs, METHOD), actor=access.actor(), ip=visitor_ip(),
            locale=str(shown.locale()), counted_as=access.actor(),
        )  # fmt: skip
    except InvalidFields as problem:
        return _form(client, guided, ways.again(problem.messages, specs, METHOD), 422)
    except Conflict as problem:
        return _form(client, guided, ways.again({}, specs, METHOD), 409, str(problem))
    return notices.go(_after(client_id, guided), "The billing account is saved.")


def _after(client_id: UUID, guided: bool) -> str:
    """The client's page ends the guided steps; else the list tells what there is now."""
    return url_for("admin.client" if guided else "admin.client_billing_accounts", client_id=client_id)


def _form(client: ClientView, guided: bool, form: Form, status: int = 200, trouble: str = "") -> Response:
    methods = accounts.ways(house(), client.id)
    ways.allow(methods)
    wanted = ways.chosen(methods, form.value(METHOD))
    labels = ways.labels(methods, wanted, METHOD)
    form = replace(form, errors=forms.in_order(form.errors, labels))
    return page.draw(
        "client/billing-account-new.html", status, section="clients", client=frame.read(client.id),
        guided=guided, methods=methods, chosen=wanted, form=form, labels=labels, trouble=trouble,
        ids=ways.ids(methods, wanted, METHOD), element_id=ways.element_id, choice=METHOD,
        vendor_scripts=ways.vendor_scripts(methods), heading=TITLE,
        title=forms.page_title(TITLE, form.errors),
    )  # fmt: skip


@blueprint.post(f"{_ONE}/default", endpoint="billing_account_default")
@needs("billing_accounts.edit")
def make_default(client_id: UUID, account_id: UUID) -> Response:
    def do() -> str:
        accounts.make_default(house(), client_id, account_id, actor=access.actor(), ip=visitor_ip())
        return "This one pays from now on, where a service names no other."

    return _done(client_id, do)


@blueprint.post(f"{_IN_CLIENT}/services", endpoint="billing_account_services")
@needs("billing_accounts.edit")
def choose(client_id: UUID) -> Response:
    """Which account pays for which service: one drop-down for each on the page."""

    def do() -> str:
        posted = choices.posted(Choice)
        count = accounts.choose(house(), client_id, posted, actor=access.actor(), ip=visitor_ip())
        return f"Changed for {count} service{'' if count == 1 else 's'}." if count else "Nothing was changed."

    return _done(client_id, do)


def _done(client_id: UUID, do: Callable[[], str]) -> Response:
    try:
        text = do()
    except Conflict as problem:
        return _list(client_id, 409, str(problem))
    return notices.go(url_for("admin.client_billing_accounts", client_id=client_id), text)


@blueprint.route(f"{_ONE}/remove", endpoint="billing_account_remove", methods=["GET", "POST"])
@needs("billing_accounts.edit")
def remove(client_id: UUID, account_id: UUID) -> Response:
    """Ask once, saying what it means; then take it away. Raises NotFound."""
    client = frame.read(client_id)
    with house().db.read() as session:
        account = accounts.own(session, client_id, account_id)
        why_not = detaching.why_not(session, account)
        chosen_by = paying.paid_by(session, account_id)
    if account.removed:
        there = url_for("admin.client_billing_accounts", client_id=client_id)
        return notices.go(there, f"{_label(account)} was removed already.", "info")
    if request.method == "GET":
        return page.draw(
            "client/billing-account-remove.html", section="clients", client=client, account=account,
            label=_label(account), why_not=why_not, chosen_by=chosen_by,
            gateway=page.gateway_name(account.gateway), asked=detaching.is_asked(house(), account),
        )  # fmt: skip

    def do() -> str:
        detaching.remove(house(), client_id, account_id, actor=access.actor(), ip=visitor_ip())
        return f"{_label(account)} is removed: nothing is charged to it any more."

    return _done(client_id, do)


@blueprint.post(f"{_ONE}/detach", endpoint="billing_account_detach")
@needs("billing_accounts.edit")
def detach_again(client_id: UUID, account_id: UUID) -> Response:
    def do() -> str:
        detaching.ask_now(house(), client_id, account_id, actor=access.actor(), ip=visitor_ip())
        return "The gateway is asked once more. Look again in a moment."

    return _done(client_id, do)


@blueprint.post(f"{_ONE}/settle", endpoint="billing_account_settle")
@needs("billing_accounts.edit")
def settle(client_id: UUID, account_id: UUID) -> Response:
    note = request.form.get("note", "")

    def do() -> str:
        try:
            detaching.settle_by_hand(
                house(), client_id, account_id, note, actor=access.actor(), ip=visitor_ip()
            )
        except InvalidFields as problem:
            raise Conflict(" ".join(problem.messages.values())) from problem
        return "Noted, and what we had of it is wiped."

    return _done(client_id, do)
