"""A client's ways to pay: what is kept, adding one, the default, what pays for what, taking one away.

Not for staff inside the account of a client: they see no payment data there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.clients import billing_accounts
from core.clients import queries as clients
from core.clients import service as accounts_of
from core.clients.values import BillingAccountView
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.kernel.paging import Page, Window
from core.kernel.problems import Conflict, InvalidFields, NotFound, Refused
from core.payments import accounts, detaching
from core.payments.accounts import METHOD, Choice
from core.services import paying
from core.services.paying import Payer
from core.web import choices, forms, shown
from core.web import methods as ways
from core.web.current import brand, house, now, visitor_ip
from core.web.forms import Form
from core.web.portal import access
from core.web.render import render

MOST = 100  # services of one client on the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """The ways to pay of one client that the person acts for."""

    client_id: UUID
    name: str
    accounts: tuple[BillingAccountView, ...]
    services: Page[Payer]
    payers: list[tuple[str, str]]


def show() -> Response:
    return _list(200)


def _list(status: int, trouble: str = "") -> Response:
    ids = _themselves().client_ids
    done = request.args.get("done", "") if request.method == "GET" else ""
    return _draw(
        "ways.html", status, purses=[_purse(one) for one in ids], trouble=trouble, done=done,
        label_of=_label, pictures=choices.PICTURES, default=accounts.DEFAULT,
    )  # fmt: skip


def _purse(client_id: UUID) -> Purse:
    services = accounts.payers(house(), client_id, Window(size=MOST))
    with house().db.read() as session:
        found = billing_accounts.of_client(session, client_id)
        page = clients.client_page(session, client_id)
    kept = tuple(one for one in found if one.keep)
    return Purse(
        client_id=client_id, name=page.client.name if page else "", accounts=kept, services=services,
        payers=choices.payers(kept, _gateway_name),
    )  # fmt: skip


def _label(account: BillingAccountView) -> str:
    return choices.label(account, _gateway_name)


def _gateway_name(gateway: str) -> str:
    entry = house().plugins.gateways.get(gateway)
    return entry.spec.name if entry else gateway


def add() -> Response:
    """The same form as at checkout, without an order. Raises NotFound for a client of somebody else."""
    client_id = _asked_client()
    if request.method == "GET":
        return _form(client_id, Form(values={"is_default": "1"}))
    with house().db.read() as session:
        client = accounts_of.client_by_id(session, client_id)
    specs = ways.offered(client.brand_id, client.currency)
    try:
        accounts.add(
            house(), client_id, ways.posted_values(specs, METHOD), actor=_actor(), ip=visitor_ip(),
            locale=str(shown.locale()),
        )  # fmt: skip
    except InvalidFields as problem:
        return _form(client_id, ways.again(problem.messages, specs, METHOD), 422)
    except Conflict as problem:
        return _list(409, str(problem))
    return _done("added")


def _form(client_id: UUID, form: Form, status: int = 200) -> Response:
    methods = accounts.ways(house(), client_id)
    ways.allow(methods)
    wanted = ways.chosen(methods, form.value(METHOD))
    labels = ways.labels(methods, wanted, METHOD)
    form = replace(form, errors=forms.in_order(form.errors, labels))
    return _draw(
        "way-new.html", status, client_id=client_id, methods=methods, chosen=wanted, form=form,
        labels=labels, ids=ways.ids(methods, wanted, METHOD), element_id=ways.element_id, choice=METHOD,
        vendor_scripts=ways.vendor_scripts(methods),
        title=forms.page_title(_("Add a way to pay"), form.errors),
    )  # fmt: skip


def make_default(account_id: UUID) -> Response:
    account = _own(account_id)

    def do() -> None:
        accounts.make_default(house(), account.client_id, account_id, actor=_actor(), ip=visitor_ip())

    return _tried(do, "default")


def choose() -> Response:
    """Which of them pays for which service."""
    client_id = _asked_client()

    def do() -> None:
        accounts.choose(house(), client_id, choices.posted(Choice), actor=_actor(), ip=visitor_ip())

    return _tried(do, "chosen")


def remove(account_id: UUID) -> Response:
    """Ask once, saying what it means; then take it away. Raises NotFound."""
    account = _own(account_id)
    if request.method == "GET" and not account.removed:
        with house().db.read() as session:
            why_not, chosen_by = detaching.why_not(session, account), paying.paid_by(session, account_id)
        return _draw(
            "way-remove.html", account=account, label=_label(account), why_not=why_not,
            chosen_by=chosen_by, asked=detaching.is_asked(house(), account),
        )  # fmt: skip

    def do() -> None:
        if not account.removed:
            detaching.remove(house(), account.client_id, account_id, actor=_actor(), ip=visitor_ip())

    return _tried(do, "removed")


def _tried(do: Callable[[], None], done: str) -> Response:
    try:
        do()
    except Conflict as problem:
        return _list(409, str(problem))
    return _done(done)


def _done(what: str) -> Response:
    return redirect(url_for("portal.ways", done=what), 303)


def _themselves() -> access.Person:
    """The person behind this request, when it is the client. Raises Refused for staff inside the account."""
    if access.is_staff():
        raise Refused(_("How a client pays is not shown to staff inside the client's account."))
    return access.person()


def _actor() -> str:
    return _themselves().identity.actor


def _own(account_id: UUID) -> BillingAccountView:
    """Raises NotFound for what is another client's: the same answer as for what does not exist."""
    ids = _themselves().client_ids
    with house().db.read() as session:
        account = billing_accounts.view(session, account_id)
    if account.client_id not in ids:
        raise NotFound(_("There is no such billing account."))
    return account


def _asked_client() -> UUID:
    """The client a form is about: the one that is named, or the person's first. Raises NotFound."""
    ids = _themselves().client_ids
    named = request.values.get("client", "")
    found = next((one for one in ids if str(one) == named), None) if named else next(iter(ids), None)
    if found is None:
        raise NotFound(_("There is no such page in your account."))
    return found


def _draw(template: str, status: int = 200, /, **context: Any) -> Response:
    today = local_date(now(), brand().timezone)
    return render(
        f"portal/{template}", status, section="ways", me=access.person(), today=today, **context
    )  # fmt: skip
