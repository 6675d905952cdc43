"""The invoices of one client: the list, billing what is due now, and invoices over single items."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.billing import items, renewing
from core.billing import queries as billing
from core.billing.items import ItemForm
from core.billing.values import Draft
from core.clients import standing
from core.kernel.money import Money
from core.kernel.problems import Conflict, InvalidFields
from core.web import forms, shown
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.admin.invoices import last_day
from core.web.current import house, visitor_ip
from core.web.forms import Form

ROWS = 3  # empty rows of a new invoice
COLUMNS = ("text", "quantity", "unit_price", "taxable", "gl_code")
LABELS = {"due_days": "Days to pay"} | {
    f"{name}-{at}": f"{label}, item {at}"
    for at in range(1, items.MOST_ITEMS + 1)
    for name, label in (
        ("text", "What for"), ("quantity", "Quantity"), ("unit_price", "Price"), ("taxable", "Tax"),
        ("gl_code", "Account"),
    )
}  # fmt: skip


@blueprint.get("/clients/<uuid:client_id>/invoices", endpoint="client_invoices")
@needs("invoices.view")
def list_invoices(client_id: UUID) -> Response:
    """Raises NotFound."""
    client = frame.read(client_id)
    with house().db.read() as session:
        found = billing.list_invoices(session, page.asked_window(), client_id=client_id)
        owed = billing.owed_by_client(session, [client_id]).get(client_id, ())
    return frame.draw("invoices.html", client, tab="invoices", page=found, pager=page.pager(found), owed=owed)


@blueprint.get("/clients/<uuid:client_id>/invoices/generate", endpoint="invoice_generate")
@needs("invoices.create")
def show_due(client_id: UUID) -> Response:
    """What is due now, as the invoice would be. Raises NotFound."""
    return _draw_due(client_id)


def _draw_due(client_id: UUID, status: int = 200, trouble: str = "") -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        stands = standing.standing(session, client_id)
        try:
            due = renewing.due_of(session, house(), client_id)
        except Conflict as problem:  # nobody to write to
            due, trouble = None, trouble or str(problem)
    return frame.draw(
        "generate.html", client, tab="invoices", status=status, due=due, why_not=stands.why_not,
        trouble=trouble, last_day=last_day, minor=minor_words(client.credit.currency),
    )  # fmt: skip


def minor_words(currency: str) -> Callable[[int], str]:
    """Minor units of this currency as people read money."""
    return lambda minor: shown.money(Money(minor, currency))


@blueprint.post("/clients/<uuid:client_id>/invoices/generate", endpoint="invoice_generate_now")
@needs("invoices.create")
def generate(client_id: UUID) -> Response:
    """Bill what the screen showed; when it is another sum by now, it is shown again."""
    try:
        done = renewing.generate(
            house(), client_id, actor=access.actor(), ip=visitor_ip(), shown_minor=_shown()
        )
    except Conflict as problem:
        return _draw_due(client_id, 409, str(problem))
    if done.invoice is None:
        text = "No invoice: the account was not active in anything that was due. The due dates have moved on."
        return notices.go(url_for("admin.client_invoices", client_id=client_id), text, "info")
    return notices.go(
        url_for("admin.invoice", invoice_id=done.invoice.id), f"Invoice {done.invoice.label} is issued."
    )


def _shown() -> int | None:
    """The total that stood on the page, in minor units; None when the form came without it."""
    text = request.form.get("shown", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@blueprint.get("/clients/<uuid:client_id>/invoices/new", endpoint="invoice_new")
@needs("invoices.create")
def new_invoice(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw_new(client_id, Form())


def _draw_new(
    client_id: UUID, form: Form, *, status: int = 200, trouble: str = "", rows: int = ROWS,
    draft: Draft | None = None,
) -> Response:  # fmt: skip
    client = frame.read(client_id)
    with house().db.read() as session:
        stands = standing.standing(session, client_id)
        choices = items.choices(session)
    return frame.draw(
        "invoice-new.html", client, tab="invoices", status=status, form=form, rows=rows, labels=LABELS,
        draft=draft, why_not=stands.why_not, trouble=trouble, minor=minor_words(client.credit.currency),
        tax_choices=_tax_choices(choices.tax_classes), gl_codes=_accounts(choices),
        title=forms.page_title("New invoice", form.errors), most=items.MOST_ITEMS,
    )  # fmt: skip


def _tax_choices(classes: tuple[str, ...]) -> list[tuple[str, str]]:
    """Taxed as everything is, as one kind of product, or not at all."""
    named = [(one, f"Taxed as {one}") for one in classes]
    return [(items.OTHER_CLASS, "Taxed"), *named, (items.NOT_TAXED, "Not taxed")]


def _accounts(choices: items.Choices) -> list[tuple[str, str]]:
    return [(code, f"{code} {name}") for code, name in choices.gl_codes]


@blueprint.post("/clients/<uuid:client_id>/invoices/new", endpoint="invoice_issue")
@needs("invoices.create")
def issue(client_id: UUID) -> Response:
    """``do`` is "row" (one more row), "check" (what it comes to) or "issue"."""
    rows, asked, form = _typed(), request.form.get("do", "check"), forms.posted()
    if asked == "row":
        return _draw_new(client_id, form, rows=min(len(rows) + 1, items.MOST_ITEMS))
    try:
        if asked == "issue":
            return _issue(client_id, rows)
        with house().db.read() as session:
            draft = items.draft_of(session, house(), client_id, rows, due_days=_days())
    except InvalidFields as problem:
        wrong = forms.posted(forms.in_order(problem.messages, LABELS))
        return _draw_new(client_id, wrong, status=422, rows=len(rows))
    except Conflict as problem:
        return _draw_new(client_id, form, status=409, trouble=str(problem), rows=len(rows))
    return _draw_new(client_id, form, rows=len(rows), draft=draft)


def _issue(client_id: UUID, rows: list[ItemForm]) -> Response:
    invoice = items.issue_items(
        house(), client_id, rows, actor=access.actor(), ip=visitor_ip(), due_days=_days(),
        shown_minor=_shown(),
    )  # fmt: skip
    return notices.go(url_for("admin.invoice", invoice_id=invoice.id), f"Invoice {invoice.label} is issued.")


def _days() -> str:
    return request.form.get("due_days", "")


def _typed() -> list[ItemForm]:
    """The rows of the form, as many as it had."""
    values = forms.values()
    count = next((at for at in range(items.MOST_ITEMS, 0, -1) if f"text-{at}" in values), ROWS)
    return [
        ItemForm(**{name: values.get(f"{name}-{at}", "") for name in COLUMNS})
        for at in range(1, count + 1)
    ]  # fmt: skip
