"""Groups of clients: the list, and the form of one."""

from __future__ import annotations

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.catalog import queries as catalog
from core.clients import groups
from core.clients.group_rules import COLOURS, DISCOUNTS, TAX_POLICIES
from core.clients.groups import Group
from core.kernel.problems import InvalidFields
from core.web import forms
from core.web.admin import access, editing, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.current import house, visitor_ip
from core.web.forms import Form

LABELS: dict[str, str] = {
    "name": "Name", "colour": "Colour", "description": "Description", "discount_kind": "Discount",
    "discount_value": "How much", "discount_products": "Products", "due_days": "Days to pay",
    "tax_policy": "Tax", "suspends": "Services may be suspended for debts", "is_reseller": "Resellers",
}  # fmt: skip


@blueprint.get("/groups", endpoint="groups")
@needs("settings.view")
def list_groups() -> Response:
    return _list()


def _list(status: int = 200, trouble: str = "") -> Response:
    with house().db.read() as session:
        found = groups.groups(session)
    return page.draw(
        "setup/groups.html", status, section="groups", groups=found, trouble=trouble,
        discounts=dict(DISCOUNTS), policies=dict(TAX_POLICIES),
    )  # fmt: skip


@blueprint.route("/groups/new", endpoint="group_new", methods=["GET", "POST"])
@needs("settings.edit")
def add_group() -> Response:
    if request.method == "GET":
        return _draw(None, Again(status=200, form=Form(values={"suspends": "1"})))
    return editing.attempted(lambda: _save(None), lambda again: _draw(None, again), labels=LABELS)


@blueprint.route("/groups/<uuid:group_id>/edit", endpoint="group_edit", methods=["GET", "POST"])
@needs("settings.edit")
def edit_group(group_id: UUID) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        found = groups.group(session, group_id)
    if request.method == "GET":
        form = Form(values=found.form(), lists={"discount_products": found.product_ids})
        return _draw(found, Again(status=200, form=form))
    return editing.attempted(
        lambda: _save(found), lambda again: _draw(found, again), labels=LABELS, many=("discount_products",),
        trail=Trail(target=f"client_group:{group_id}"),
    )  # fmt: skip


def _save(found: Group | None) -> Response:
    chosen = list(forms.lists().get("discount_products", ()))
    values: dict[str, str | list[str]] = {**forms.values(), "discount_products": chosen}
    with house().db.transaction() as session:
        products = frozenset(str(one.id) for one in catalog.product_names(session))
        groups.save(
            session, house(), found.id if found else None, values, products=products,
            version=editing.version(forms.values()) if found else 0, actor=access.actor(), ip=visitor_ip(),
        )  # fmt: skip
    return notices.go(url_for("admin.groups"), "The group is saved.")


def _draw(found: Group | None, again: Again) -> Response:
    with house().db.read() as session:
        products = catalog.product_names(session)
        others = [one for one in groups.groups(session) if found is None or one.id != found.id]
    title = f"Edit {found.name}" if found else "Add group"
    return page.draw(
        "setup/group.html", again.status, section="groups", group=found, form=again.form, labels=LABELS,
        products=products, colours=COLOURS, discounts=DISCOUNTS, policies=TAX_POLICIES, heading=title,
        differences=again.differences, trouble=again.trouble, others=[(str(o.id), o.name) for o in others],
        title=forms.page_title(title, again.form.errors),
    )  # fmt: skip


@blueprint.post("/groups/<uuid:group_id>/move", endpoint="group_move")
@needs("settings.edit")
def reorder_group(group_id: UUID) -> Response:
    with house().db.transaction() as session:
        groups.reorder(session, group_id, up=request.form.get("to") == "up")
    return notices.go(url_for("admin.groups"), "The order is saved.")


@blueprint.post("/groups/<uuid:group_id>/clients", endpoint="group_move_clients")
@needs("settings.edit")
def move_clients(group_id: UUID) -> Response:
    """Give all its clients another group, or none."""

    def do() -> Response:
        with house().db.transaction() as session:
            count = groups.move_members(
                session, house(), group_id, _other(), actor=access.actor(), ip=visitor_ip()
            )
        return notices.go(url_for("admin.groups"), f"{count} clients have another group now.")

    return page.attempted(do, lambda status, text, form: _list(status, text or form.error("to")))


def _other() -> UUID | None:
    text = request.form.get("to", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidFields({"to": "Choose a group from the list."}) from None


@blueprint.post("/groups/<uuid:group_id>/delete", endpoint="group_delete")
@needs("settings.edit")
def delete_group(group_id: UUID) -> Response:
    def do() -> Response:
        with house().db.transaction() as session:
            groups.delete_group(session, house(), group_id, actor=access.actor(), ip=visitor_ip())
        return notices.go(url_for("admin.groups"), "The group is deleted.")

    return page.attempted(do, lambda status, text, _form: _list(status, text))
