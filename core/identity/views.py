"""How each user wants their lists: filters they saved, and columns they chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from core.identity.models import ListView
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.lines import is_line
from core.kernel.problems import InvalidFields

MOST = 20  # saved filters of one list
LONGEST_LABEL = 40
LONGEST_QUERY = 1000
CHOSEN = ""  # the label of the row that holds the columns


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A filter under a name: ``query`` as it stands in an address, without cursors."""

    id: UUID
    label: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWishes:
    """A user's own filters of a list, in the order they were saved, and their columns, () where they chose
    none."""

    saved: tuple[SavedView, ...]
    columns: tuple[str, ...]


_WISHES = (
    select(ListView.id, ListView.label, ListView.query, ListView.columns)
    .where(ListView.user_id == bindparam("user_id"), ListView.list == bindparam("name"))
    .order_by(ListView.id)
)


def wishes(session: Session, user_id: UUID, name: str) -> ListWishes:
    """How a user wants a list: one statement for all of it."""
    rows = session.execute(_WISHES, {"user_id": user_id, "name": name}).all()
    return ListWishes(
        saved=tuple(
            SavedView(id=row.id, label=row.label, query=row.query) for row in rows if row.label != CHOSEN
        ),
        columns=next((tuple(row.columns) for row in rows if row.label == CHOSEN), ()),
    )


def save(session: Session, user_id: UUID, name: str, label: str, query: str, now: datetime) -> None:
    """Keep a filter; one of the same name is replaced. Raises InvalidFields (label)."""
    label = " ".join(label.split())
    if not is_line(label, LONGEST_LABEL):
        raise InvalidFields({"label": _("Give the filter a name of up to 40 characters.")})
    if not query or len(query) > LONGEST_QUERY:
        raise InvalidFields({"label": _("Choose a filter first: this is the whole list.")})
    row = _row(session, user_id, name, label)
    if row is not None:
        row.query = query
        return
    count = session.scalar(
        select(func.count()).select_from(ListView).where(ListView.user_id == user_id, ListView.list == name)
    )
    if (count or 0) > MOST:
        raise InvalidFields({"label": _("Twenty filters are saved already. Delete one first.")})
    session.add(
        ListView(id=new_id(), user_id=user_id, list=name, label=label, query=query, created_at=now)
    )  # fmt: skip
    session.flush()


def forget(session: Session, user_id: UUID, view_id: UUID) -> bool:
    """Delete a user's own filter; False when there is none of theirs with this id."""
    mine = (ListView.id == view_id) & (ListView.user_id == user_id) & (ListView.label != CHOSEN)
    known = session.scalar(select(ListView.id).where(mine))
    session.execute(delete(ListView).where(mine))
    return known is not None


def choose_columns(
    session: Session, user_id: UUID, name: str, chosen: Sequence[str], now: datetime
) -> None:  # fmt: skip
    """Show these columns from now on; none: the usual ones. The caller knows which there are."""
    row = _row(session, user_id, name, CHOSEN)
    if row is None:
        row = ListView(id=new_id(), user_id=user_id, list=name, label=CHOSEN, query="", created_at=now)
        session.add(row)
    row.columns = list(chosen)
    session.flush()


def _row(session: Session, user_id: UUID, name: str, label: str) -> ListView | None:
    return session.scalar(
        select(ListView).where(
            ListView.user_id == user_id, ListView.list == name, ListView.label == label
        )
    )  # fmt: skip
