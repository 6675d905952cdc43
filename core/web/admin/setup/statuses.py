"""The statuses of clients: labels, what they stand for, their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.clients import status_labels
from core.clients.statuses import BEHAVIOURS
from core.web import forms
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house, visitor_ip
from core.web.forms import Form

LABELS = {"label": "Label", "behaviour": "Stands for"}


@blueprint.get("/statuses", endpoint="statuses")
@needs("settings.view")
def list_statuses() -> Response:
    return _list()


def _list(
    status: int = 200, trouble: str = "", form: Form | None = None, wrong: UUID | None = None
) -> Response:
    """``wrong`` is the status whose form came back; None: the form that adds one."""
    form = form or Form()
    with house().db.read() as session:
        found = status_labels.labels(session)
    return page.draw(
        "setup/statuses.html", status, section="statuses", statuses=found, behaviours=BEHAVIOURS,
        trouble=trouble, form=form, wrong=wrong, labels=LABELS, names=dict(BEHAVIOURS),
        title=forms.page_title("Statuses", form.errors),
    )  # fmt: skip


@blueprint.post("/statuses", endpoint="status_add")
@needs("settings.edit")
def add_status() -> Response:
    return _changed(
        lambda session: status_labels.add(session, house(), *_typed(), actor=access.actor(), ip=visitor_ip()),
        "The status is added.",
    )


@blueprint.post("/statuses/<uuid:status_id>", endpoint="status_edit")
@needs("settings.edit")
def change_status(status_id: UUID) -> Response:
    return _changed(
        lambda session: status_labels.change(
            session, house(), status_id, *_typed(), actor=access.actor(), ip=visitor_ip()
        ),
        "The status is saved.",
        status_id,
    )


def _typed() -> tuple[str, str]:
    return request.form.get("label", ""), request.form.get("behaviour", "")


@blueprint.post("/statuses/<uuid:status_id>/move", endpoint="status_move")
@needs("settings.edit")
def move_status(status_id: UUID) -> Response:
    up = request.form.get("to") == "up"
    return _changed(lambda session: status_labels.reorder(session, status_id, up=up), "The order is saved.")


@blueprint.post("/statuses/<uuid:status_id>/delete", endpoint="status_delete")
@needs("settings.edit")
def delete_status(status_id: UUID) -> Response:
    return _changed(
        lambda session: status_labels.remove(
            session, house(), status_id, actor=access.actor(), ip=visitor_ip()
        ),
        "The status is deleted.",
    )


def _changed(do: Callable[[Any], object], said: str, wrong: UUID | None = None) -> Response:
    def run() -> Response:
        with house().db.transaction() as session:
            do(session)
        return notices.go(url_for("admin.statuses"), said)

    return page.attempted(run, lambda status, text, form: _list(status, text, form, wrong))
