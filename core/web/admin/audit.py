"""The audit log with the check of its chain, and the events that nobody took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.identity import queries as identity
from core.kernel import audit, queries
from core.kernel.queries import AuditFilter, AuditRow
from core.web import shown
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house
from core.work import outbox_task

LONGEST_TARGET = 100
FILTERS = ("target", "who", "action", "since", "until")


@blueprint.get("/audit", endpoint="audit")
@needs("audit.view")
def show_audit() -> Response:
    """``check=1`` walks the whole chain; the rest narrows: ``target`` (one thing), ``who``, ``action``,
    ``since`` and ``until`` (days, both included)."""
    asked = {name: _asked(name) for name in FILTERS}
    with house().db.read() as session:
        narrowed = AuditFilter(
            target=asked["target"], action=asked["action"],
            actors=identity.actors(session, asked["who"]) if asked["who"] else None,
            since=_day(asked["since"]), until=_day(asked["until"], days=1),
        )  # fmt: skip
        found = queries.list_audit(session, page.asked_window(int), narrowed=narrowed)
        problems = list(audit.verify(session)) if request.args.get("check") else None
        names = identity.names(session, _people(found.items))
    return page.draw(
        "audit.html", section="audit", page=found, pager=page.pager(found), problems=problems, asked=asked,
        changes=lambda row: list(changes(row)), actor_name=lambda actor: actor_name(actor, names),
    )  # fmt: skip


def _asked(name: str) -> str:
    return request.args.get(name, "").replace("\x00", "").strip()[:LONGEST_TARGET]


def _day(text: str, days: int = 0) -> datetime | None:
    """The beginning of a day in the brand's zone; None for what is no day."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return datetime.combine(day, time(), shown.zone())
    except (ValueError, OverflowError):
        return None


def _people(rows: tuple[AuditRow, ...]) -> set[UUID]:
    actors = (actor for row in rows for actor in (row.actor, row.acting_for))
    return {found for actor in actors if (found := _user_id(actor)) is not None}


def _user_id(actor: str) -> UUID | None:
    try:
        return UUID(actor.partition(":")[2])
    except ValueError:
        return None


def actor_name(actor: str, names: Mapping[UUID, str]) -> str:
    """``Marta Lindqvist``; the system by its own name, a person who is gone by what they were."""
    found = _user_id(actor)
    return names.get(found, actor) if found else actor.capitalize()


def changes(row: AuditRow) -> Iterator[tuple[str, object, object]]:
    """(name, before, after) of everything that changed or was noted."""
    for name in dict.fromkeys((*row.before, *row.after)):
        old, new = row.before.get(name), row.after.get(name)
        if old != new:
            yield name.replace("_", " "), old, new


@blueprint.get("/deliveries", endpoint="deliveries")
@needs("audit.view")
def list_deliveries() -> Response:
    return _draw_deliveries()


def _draw_deliveries(status: int = 200, trouble: str = "") -> Response:
    with house().db.read() as session:
        found = queries.list_dead_deliveries(session, page.asked_window())
    return page.draw(
        "deliveries.html", status, section="audit", page=found, pager=page.pager(found), trouble=trouble
    )


@blueprint.post("/deliveries/<uuid:delivery_id>/offer", endpoint="delivery_offer")
@needs("events.offer")
def offer_again(delivery_id: UUID) -> Response:
    """One more try, once what was wrong is mended."""

    def do() -> Response:
        outbox_task.offer_again(house(), delivery_id, access.actor())
        return notices.go(url_for("admin.deliveries"), "The event is offered again in a moment.", "info")

    return page.attempted(do, lambda status, text, _form: _draw_deliveries(status, text))
