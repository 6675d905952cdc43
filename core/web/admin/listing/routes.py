"""The routes that each list has: itself, its file, its columns, saved filters, and many rows at once."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from core.identity import views
from core.kernel.problems import InvalidFields, NotFound
from core.web import forms
from core.web.admin import access, notices
from core.web.admin.listing import asking, bulk, drawing, exporting
from core.web.admin.listing.spec import Listing
from core.web.current import house, now


def register(blueprint: Blueprint, listing: Listing) -> None:
    """Hang a list on the admin. Endpoints: its name, and with ``_csv``, ``_columns``, ``_views``,
    ``_view_delete`` and ``_bulk`` behind it."""
    needs = access.needs(listing.permission)

    @needs
    def show() -> Response:
        return drawing.show(listing)

    @access.needs("lists.export", proven=True)
    def export() -> Response:
        return exporting.export(listing)

    @needs
    def columns() -> Response:
        return _columns(listing)

    @needs
    def save_view() -> Response:
        return _save_view(listing)

    @needs
    def delete_view(view_id: UUID) -> Response:
        return _delete_view(listing, view_id)

    @access.needs("lists.bulk")
    def many() -> Response:
        return bulk.bulk(listing)

    name, url = listing.name, listing.url
    blueprint.add_url_rule(url, name, show)
    blueprint.add_url_rule(f"{url}.csv", f"{name}_csv", export)
    blueprint.add_url_rule(f"/lists{url}/columns", f"{name}_columns", columns, methods=["POST"])
    blueprint.add_url_rule(f"/lists{url}/views", f"{name}_views", save_view, methods=["POST"])
    blueprint.add_url_rule(
        f"/lists{url}/views/<uuid:view_id>/delete", f"{name}_view_delete", delete_view, methods=["POST"]
    )
    blueprint.add_url_rule(f"/lists{url}/bulk", f"{name}_bulk", many, methods=["POST"])


def _columns(listing: Listing) -> Response:
    """Show the ticked columns; none ticked, or the button for it: the usual ones."""
    wanted = request.form.getlist("columns") if "usual" not in request.form else []
    known = [one.key for one in listing.drawn[1:] if one.key in wanted]
    with house().db.transaction() as session:
        views.choose_columns(session, access.person().user_id, listing.name, known, now())
    return notices.go(_back(listing), "The list shows the columns you chose.")


def _save_view(listing: Listing) -> Response:
    query = _query(listing)
    try:
        with house().db.transaction() as session:
            label = request.form.get("label", "")
            views.save(session, access.person().user_id, listing.name, label, query, now())
    except InvalidFields as problem:
        return drawing.show(listing, 422, forms.posted(problem.messages), query)
    return notices.go(_back(listing), "The filter is saved. It stands above the list.")


def _delete_view(listing: Listing, view_id: UUID) -> Response:
    """Raises NotFound for another person's, or one that is gone."""
    with house().db.transaction() as session:
        if not views.forget(session, access.person().user_id, view_id):
            raise NotFound("There is no such filter of yours.")
    return notices.go(drawing.at(listing), "The filter is deleted.")


def _query(listing: Listing) -> str:
    with house().db.read() as session:
        choices = asking.choices(session, listing)
    return asking.query(listing, asking.asked(listing, choices, asking.parsed(request.form.get("query", ""))))


def _back(listing: Listing) -> str:
    query = _query(listing)
    return f"{drawing.at(listing)}?{query}" if query else drawing.at(listing)
