"""Notes of staff on a client: written, changed by who wrote them, pinned, deleted. Clients see none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.clients.models import Client, ClientNote
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.lines import is_readable
from core.kernel.paging import AnyRow, Page, Window, fetch_page
from core.kernel.problems import InvalidFields, NotFound, Refused
from core.kernel.work import House

LONGEST = 10_000
COUNTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """``author`` is an actor as in the audit log. Instants are UTC."""

    id: UUID
    client_id: UUID
    author: str
    author_name: str
    text: str
    is_pinned: bool
    created_at: datetime
    changed_at: datetime | None


def write(
    session: Session, house: House, client_id: UUID, text: str, *, actor: str, actor_name: str,
    is_pinned: bool = False, ip: str = "",
) -> UUID:  # fmt: skip
    """Write a note. A repeat writes another one. Raises InvalidFields (note), NotFound."""
    text = _checked(text)
    if session.get(Client, client_id) is None:
        raise NotFound(_("There is no such client."))
    row = ClientNote(
        id=new_id(), client_id=client_id, author=actor, author_name=actor_name, text=text,
        is_pinned=is_pinned, created_at=house.clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _tell(session, house, actor, ip, "note.write", row, after={"note": text})
    return row.id


def change(session: Session, house: House, note_id: UUID, text: str, *, actor: str, ip: str = "") -> bool:
    """Change one's own note; False when it says that already. Raises InvalidFields, NotFound, Refused."""
    text, row = _checked(text), _own(session, note_id, actor)
    if row.text == text:
        return False
    _tell(session, house, actor, ip, "note.edit", row, before={"note": row.text}, after={"note": text})
    row.text, row.changed_at = text, house.clock.now()
    session.flush()
    return True


def pin(session: Session, house: House, note_id: UUID, *, is_pinned: bool, actor: str, ip: str = "") -> bool:
    """Keep a note on top, or no longer; anybody who may write notes may. False when it is so already."""
    row = _find(session, note_id)
    moved = update(ClientNote).where(ClientNote.id == note_id, ClientNote.is_pinned != is_pinned)
    if not changed(session, moved.values(is_pinned=is_pinned)):
        return False
    action = "note.pin" if is_pinned else "note.unpin"
    _tell(session, house, actor, ip, action, row, after={"pinned": is_pinned})
    return True


def remove(session: Session, house: House, note_id: UUID, *, actor: str, ip: str = "") -> None:
    """Delete one's own note; the audit log keeps what it said. Raises NotFound, Refused."""
    row = _own(session, note_id, actor)
    _tell(session, house, actor, ip, "note.delete", row, before={"note": row.text})
    changed(session, delete(ClientNote).where(ClientNote.id == note_id))


def find(session: Session, note_id: UUID) -> Note:
    """Raises NotFound."""
    return _note(_find(session, note_id))


def list_notes(session: Session, client_id: UUID, window: Window) -> Page[Note]:
    """A client's notes, newest first, without those that are pinned."""
    statement = select(*ClientNote.__table__.columns).where(
        ClientNote.client_id == client_id, ClientNote.is_pinned.is_(False)
    )
    return fetch_page(session, statement, ClientNote.id, window, _note)


def pinned(session: Session, client_id: UUID, limit: int = 50) -> tuple[Note, ...]:
    """What is kept on top, newest first."""
    statement = select(ClientNote).where(ClientNote.client_id == client_id, ClientNote.is_pinned)
    rows = session.scalars(statement.order_by(ClientNote.id.desc()).limit(limit))
    return tuple(_note(row) for row in rows)


def newest(session: Session, client_id: UUID, limit: int = 20) -> tuple[Note, ...]:
    """The newest of all, pinned or not."""
    statement = select(ClientNote).where(ClientNote.client_id == client_id)
    rows = session.scalars(statement.order_by(ClientNote.id.desc()).limit(limit))
    return tuple(_note(row) for row in rows)


def count(session: Session, client_id: UUID) -> int:
    few = select(ClientNote.id).where(ClientNote.client_id == client_id).limit(COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(few)) or 0


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise InvalidFields({"note": _("Write something first.")})
    if len(text) > LONGEST:
        raise InvalidFields({"note": _("A note holds {count} letters at most.").format(count=LONGEST)})
    if not is_readable(text, also="\n\t"):
        raise InvalidFields({"note": _("There is a character in it that cannot be printed.")})
    return text


def _find(session: Session, note_id: UUID) -> ClientNote:
    row = session.get(ClientNote, note_id)
    if row is None:
        raise NotFound(_("There is no such note."))
    return row


def _own(session: Session, note_id: UUID, actor: str) -> ClientNote:
    row = _find(session, note_id)
    if row.author != actor:
        raise Refused(
            _("Only {name} can change this note. Write one of your own.").format(name=row.author_name)
        )
    return row


def _note(row: ClientNote | AnyRow) -> Note:
    return Note(
        id=row.id, client_id=row.client_id, author=row.author, author_name=row.author_name, text=row.text,
        is_pinned=row.is_pinned, created_at=row.created_at, changed_at=row.changed_at,
    )  # fmt: skip


def _tell(
    session: Session, house: House, actor: str, ip: str, action: str, row: ClientNote,
    before: dict[str, object] | None = None, after: dict[str, object] | None = None,
) -> None:  # fmt: skip
    audit.record(
        session, actor=actor, action=action, target=f"client:{row.client_id}", ip=ip,
        now=house.clock.now(), before=before, after=after,
    )  # fmt: skip
