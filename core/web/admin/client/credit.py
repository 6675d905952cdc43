"""The credit of one client: its movements, giving, using and paying out."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.billing import of_client
from core.billing import queries as billing
from core.billing.of_client import CreditRow
from core.kernel.money import Money
from core.kernel.problems import InvalidFields, NotFound
from core.payments import credit
from core.web import shown
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import house, visitor_ip
from core.web.forms import Form

ORIGINS = (("goodwill", "Goodwill: no money came in"), ("received", "Money received without an invoice"))


@blueprint.get("/clients/<uuid:client_id>/credit", endpoint="client_credit")
@needs("invoices.view")
def show_credit(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw(client_id)


def _draw(client_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None) -> Response:
    client = frame.read(client_id)
    with house().db.read() as session:
        found = of_client.credit_movements(session, client_id, page.asked_window())
        due = [row for row in billing.due_from(session, [client_id]) if row.owed]
    return frame.draw(
        "credit.html", client, tab="credit", status=status, page=found, pager=page.pager(found), due=due,
        trouble=trouble, form=form or Form(), movement=movement, origins=ORIGINS,
        due_choices=[(str(row.id), f"{row.label}, {shown.money(row.owed)} open") for row in due],
    )  # fmt: skip


def movement(row: CreditRow) -> tuple[str, str]:
    """(what it was, the words beside it) of one movement, from the cause of its ledger entry."""
    kind, _, rest = row.source.partition(":")
    what = rest.partition(":")[2].partition(":")[0]
    if kind == "credit":
        named = {
            "added": "Added",
            "used": "Used on an invoice",
            "paid_out": "Paid out",
            "moved": "Moved",
            "taken_off": "Taken off an invoice",
        }
        return named.get(what, "Changed"), row.note
    if kind == "attempt":
        return ("Paid more than was owed" if row.amount.minor > 0 else "Payment came back"), row.note
    return "Changed", row.note


def _act(client_id: UUID, do: Callable[[], Money], done: str) -> Response:
    """``done`` is the sentence for what was done, with the amount to be put in."""

    def run() -> Response:
        amount = do()
        url = url_for("admin.client_credit", client_id=client_id)
        return notices.go(url, done.format(amount=shown.money(amount)))

    return page.attempted(run, lambda status, text, form: _draw(client_id, status, text, form))


@blueprint.post("/clients/<uuid:client_id>/credit/add", endpoint="credit_add")
@needs("credit.edit", proven=True)
def add(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _act(
        client_id,
        lambda: credit.add(
            house(), client_id, amount_text=_typed("amount"), reason=_typed("reason"),
            origin=_typed("origin"), actor=access.actor(), ip=visitor_ip(),
        ),
        "Credit of {amount} is added.",
    )  # fmt: skip


@blueprint.post("/clients/<uuid:client_id>/credit/use", endpoint="credit_use")
@needs("credit.edit", proven=True)
def use(client_id: UUID) -> Response:
    """Lay credit on one of this client's open invoices. Raises NotFound."""
    return _act(
        client_id,
        lambda: credit.use(
            house(), _own_invoice(client_id), amount_text=_typed("amount"), actor=access.actor(),
            ip=visitor_ip(),
        ),
        "{amount} of credit is laid on the invoice.",
    )  # fmt: skip


def _own_invoice(client_id: UUID) -> UUID:
    """The invoice that was chosen. Raises InvalidFields; one of another client's is none (A41)."""
    try:
        invoice_id = UUID(_typed("invoice"))
        with house().db.read() as session:
            found = billing.invoice_page(session, invoice_id)
        if found is None or found.invoice.client_id != client_id:
            raise NotFound
    except (ValueError, NotFound):
        raise InvalidFields({"invoice": "Choose one of the open invoices."}) from None
    return invoice_id


@blueprint.post("/clients/<uuid:client_id>/credit/pay-out", endpoint="credit_pay_out")
@needs("credit.edit", proven=True)
def pay_out(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _act(
        client_id,
        lambda: credit.pay_out(
            house(), client_id, amount_text=_typed("amount"), reference=_typed("reference"),
            actor=access.actor(), ip=visitor_ip(),
        ),
        "{amount} is noted as paid out.",
    )  # fmt: skip


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()
