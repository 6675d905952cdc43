"""A client's account: the first guided step, changing it, and its status with the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.clients import accounts, registers, statuses
from core.clients.accounts import Account
from core.clients.custom import FieldView
from core.kernel.problems import InvalidFields
from core.plugin_api.register import Verdict
from core.records import closing
from core.records.closing import NotOver
from core.tax.zones import taxed_now
from core.web import forms
from core.web.admin import access, editing, notices, page, people, times
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import ending, frame
from core.web.admin.client.frame import country_name
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.contact_form import countries
from core.web.current import brand, house, visitor_ip
from core.web.forms import Form

LABELS: dict[str, str] = {
    "company_name": "Company name", "theme": "Default theme", "client_group": "Client group",
    "status": "Current status", "billing_country": "Billing country", "reason": "Reason for a new status",
    "billing_day": "Monthly billing day", "billing_day_own": "Own billing day", "is_taxable": "Is taxable",
    "tax_id": "Tax ID number",
}  # fmt: skip


@blueprint.route("/clients/new", endpoint="client_new", methods=["GET", "POST"])
@needs("clients.edit")
def add_account() -> Response:
    """Step 1. Saved it leads to the primary contact, or with ``then=close`` to the client's page."""
    if request.method == "GET":
        defaults = {"billing_country": brand().country, "is_taxable": "1", "theme": brand().slug}
        return _draw_new(Again(status=200, form=Form(values=defaults)))
    return editing.attempted(_add, _draw_new, labels=_labels())


def _add() -> Response:
    values = forms.values()
    with house().db.transaction() as session:
        client_id = accounts.add(
            session, house(), values, zones=taxed_now(house()), actor=access.actor(), ip=visitor_ip()
        )
    after = "admin.client" if values.get("then") == "close" else "admin.contact_new"
    return notices.go(url_for(after, client_id=client_id), "The account is saved.")


def _labels() -> dict[str, str]:
    """Those of the form with those of the custom fields, in the order of the page."""
    with house().db.read() as session:
        return labels_with(LABELS, accounts.choices(session).fields)


def labels_with(labels: Mapping[str, str], fields: tuple[FieldView, ...]) -> dict[str, str]:
    return {**labels, **{one.name: one.label for one in fields}}


def _draw_new(again: Again) -> Response:
    with house().db.read() as session:
        choices, taxed = accounts.choices(session), taxed_now(house())(session, brand().id)
    form = again.form
    if not form.value("status"):
        active = next((str(one.id) for one in choices.statuses if one.kind == statuses.BILLABLE), "")
        form = Form(values={**form.values, "status": active}, errors=form.errors)
    return page.draw(
        "client/new.html", again.status, section="clients", form=form, choices=choices,
        labels=labels_with(LABELS, choices.fields), countries=countries(), zones=_names(taxed),
        title=forms.page_title("Add Client Account", form.errors), trouble=again.trouble,
    )  # fmt: skip


def _names(codes: frozenset[str]) -> list[str]:
    return sorted(country_name(code) for code in codes)


@blueprint.route("/clients/<uuid:client_id>/edit", endpoint="client_edit", methods=["GET", "POST"])
@needs("clients.edit")
def edit_account(client_id: UUID) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        found = accounts.account(session, client_id)
    if request.method == "GET":
        return _draw_edit(found, Again(status=200, form=Form(values=found.form())))
    return editing.attempted(
        lambda: _change(found), lambda again: _draw_edit(found, again),
        labels={name: words for name, words in _labels().items() if name != "theme"},  # stands fixed there
        shown=_shown(), trail=Trail(target=f"client:{client_id}"),
    )  # fmt: skip


def _change(found: Account) -> Response:
    values = forms.values()
    try:
        with house().db.transaction() as session:
            accounts.change(
                session, house(), found.id, values, version=editing.version(values), zones=taxed_now(house()),
                closing=closing.check, actor=access.actor(), ip=visitor_ip(),
            )  # fmt: skip
    except NotOver as problem:
        raise InvalidFields({"status": str(problem)}) from None
    return notices.go(url_for("admin.client", client_id=found.id), "The account is saved.")


def _shown() -> dict[str, Callable[[str], str]]:
    """Words for what the form holds as codes and ids."""
    with house().db.read() as session:
        choices = accounts.choices(session)
    named = {str(one.id): one.label for one in (*choices.statuses, *choices.groups)}
    return {
        "status": lambda value: named.get(value, value),
        "client_group": lambda value: named.get(value, value),
        "billing_country": country_name,
        "is_taxable": lambda value: "Yes" if value else "No",
        "billing_day": lambda value: "An own day" if value else "As the system has it",
    }


def _draw_edit(found: Account, again: Again) -> Response:
    with house().db.read() as session:
        choices, taxed = accounts.choices(session), taxed_now(house())(session, found.brand.id)
    client = frame.read(found.id)
    return page.draw(
        "client/edit.html", again.status, section="clients", client=client, account=found, form=again.form,
        choices=choices, labels=labels_with(LABELS, choices.fields), countries=countries(),
        zones=_names(taxed), differences=again.differences, trouble=again.trouble, number=number_words(found),
        asks_register=_asks_register(found),
        title=forms.page_title(f"Edit {client.client.name}", again.form.errors),
    )  # fmt: skip


def _asks_register(found: Account) -> bool:
    return bool(found.tax_id and registers.register_for(house(), found.billing_country))


def number_words(found: Account) -> str:
    """What is known of a client's tax number, for the help below its field."""
    answer = found.tax_id_answer or {}
    if not found.tax_id:
        return ""
    verdict, asked = answer.get("verdict", ""), answer.get("asked_at", "")
    when = times.moment(datetime.fromisoformat(asked)) if asked else ""
    known = " ".join(filter(None, (answer.get("name"), answer.get("address"))))
    proof = answer.get("consultation_number")
    said = {
        "valid": f"Well formed. Registered, said the register on {when}{f': {known}' if known else ''}.",
        "invalid": f"Well formed, but NOT registered, said the register on {when}.",
        "unknown": f"Well formed. The register could not tell on {when}: {answer.get('note', '')}",
    }.get(verdict, "Well formed. No register was asked yet.")
    return f"{said} Consultation number {proof}." if proof else said


@blueprint.post("/clients/<uuid:client_id>/tax-id/check", endpoint="client_tax_check")
@needs("clients.edit")
def check_tax_id(client_id: UUID) -> Response:
    """Ask the register about the number as it is saved. Raises NotFound, Conflict."""
    answer = registers.check(house(), client_id, actor=access.actor(), ip=visitor_ip())
    text, tone = {
        Verdict.VALID: ("The register knows this number.", "success"),
        Verdict.INVALID: ("The register does not know this number.", "warning"),
        Verdict.UNKNOWN: (f"The register could not tell. {answer.note}", "warning"),
    }[answer.verdict]
    return notices.go(url_for("admin.client_edit", client_id=client_id), text, tone)


@blueprint.route("/clients/<uuid:client_id>/status", endpoint="client_status", methods=["GET", "POST"])
@needs("clients.edit")
def status(client_id: UUID) -> Response:
    """Another status. One that closes the client leads to the page of closing while something is open.

    Raises NotFound.
    """
    with house().db.read() as session:
        found = accounts.account(session, client_id)
    if request.method == "GET":
        return _draw_status(found, Again(status=200, form=Form(values={"status": str(found.status_id)})))
    return editing.attempted(
        lambda: _change_status(client_id), lambda again: _draw_status(found, again), labels=LABELS
    )


def _change_status(client_id: UUID) -> Response:
    values = forms.values()
    try:
        with house().db.transaction() as session:
            wanted = statuses.find(session, values.get("status", ""))
            moved = statuses.change_status(
                session, house(), client_id, wanted, closing=closing.check, reason=values.get("reason", ""),
                actor=access.actor(), ip=visitor_ip(),
            )  # fmt: skip
    except NotOver as problem:
        typed = Form(values={**values, "asked": "close"})
        return ending.draw_close(client_id, 409, str(problem), typed)
    text = "The status is changed." if moved else "The client has that status already."
    return notices.go(page.back_to(url_for("admin.client_status", client_id=client_id)), text)


def _draw_status(found: Account, again: Again) -> Response:
    with house().db.read() as session:
        choices, way = accounts.choices(session), statuses.history(session, found.id)
        actor_name = people.named(session, (step.actor for step in way))
    return frame.draw(
        "status.html", frame.read(found.id), tab="overview", status=again.status, form=again.form, way=way,
        labels=LABELS, statuses=[(str(one.id), one.label) for one in choices.statuses],
        trouble=again.trouble, actor_name=actor_name,
    )  # fmt: skip
