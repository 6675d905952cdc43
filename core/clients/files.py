"""Files kept with a client: under random names in the data folder, never where the web serves from.

The bytes are written and synced before the row is committed, and removed after the row is: a crash in
between leaves a file that nobody names, never a row without its file.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.clients import standing
from core.clients.models import ClientFile
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id, new_token
from core.kernel.lines import is_readable
from core.kernel.paging import AnyRow, Page, Window, fetch_page
from core.kernel.problems import InvalidFields, NotFound
from core.kernel.work import House

FOLDER = "files"
LARGEST = 10 * 1024 * 1024  # bytes of one file
LARGEST_OF_CLIENT = 100 * 1024 * 1024
MOST_OF_CLIENT = 500
LONGEST_NAME = 150
COUNTED = 1000
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"
# How files of a kind begin. What runs or draws itself in a browser is not among them: it is kept as
# bytes of no kind, whatever it calls itself.
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_MARKUP = re.compile(rb"<\s*(!doctype|html|svg|script|\?xml|body|head|iframe|[a-z]+:svg)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """``name`` as it was called where it came from, without a path. ``size`` in bytes."""

    id: UUID
    client_id: UUID
    name: str
    media_type: str
    size: int
    digest: str
    author: str
    author_name: str
    created_at: datetime


def media_type(data: bytes) -> str:
    """What the bytes are, by themselves: never by the name or by what was claimed (A86)."""
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return PLAIN if _is_text(data) else UNKNOWN


def _is_text(data: bytes) -> bool:
    if b"\0" in data or _MARKUP.search(data[:4096]):
        return False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return is_readable(text[:10_000], also="\r\n\t\f")


def clean_name(name: str) -> str:
    """The name alone, printable and short: no path, no trick with the direction of writing."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(
        letter for letter in unicodedata.normalize("NFC", last)
        if letter.isprintable() and unicodedata.category(letter) != "Cf" and letter not in '<>:"|?*'
    )  # fmt: skip
    kept = " ".join(kept.split()).strip(". ")
    if len(kept) > LONGEST_NAME:
        stem, dot, ending = kept.rpartition(".")
        keep = LONGEST_NAME - len(ending) - 1
        kept = f"{stem[:keep]}.{ending}" if dot and 0 < len(ending) <= 10 else kept[:LONGEST_NAME]
    return kept or "file"


def add(
    house: House, data_folder: Path, client_id: UUID, *, name: str, data: bytes, actor: str,
    actor_name: str, ip: str = "",
) -> UUID:  # fmt: skip
    """Keep a file. A repeat keeps it once more. Raises InvalidFields (file), NotFound."""
    if not data:
        raise InvalidFields({"file": _("Choose a file that is not empty.")})
    if len(data) > LARGEST:
        raise InvalidFields({"file": _("A file has 10 megabytes at most.")})
    stored_as = new_token()
    row = ClientFile(
        id=new_id(), client_id=client_id, name=clean_name(name), media_type=media_type(data),
        size=len(data), digest=hashlib.sha256(data).hexdigest(), stored_as=stored_as, author=actor,
        author_name=actor_name, created_at=house.clock.now(),
    )  # fmt: skip
    path = _path(data_folder, stored_as)
    _write(path, data)
    try:
        with house.db.transaction() as session:
            _insert(session, house, row, actor, ip)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return row.id


def _insert(session: Session, house: House, row: ClientFile, actor: str, ip: str) -> None:
    standing.hold(session, row.client_id)  # in line, so that the quota holds for many at once
    kept, size = _sums(session, row.client_id)
    if kept >= MOST_OF_CLIENT or size + row.size > LARGEST_OF_CLIENT:
        raise InvalidFields({"file": _("This client's files are full. Remove some of them first.")})
    session.add(row)
    session.flush()
    facts = {"file": row.name, "size": row.size, "type": row.media_type, "sha256": row.digest}
    _tell(session, house, actor, ip, "file.add", row.client_id, after=facts)


def _sums(session: Session, client_id: UUID) -> tuple[int, int]:
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(ClientFile.size), 0)).where(
            ClientFile.client_id == client_id
        )
    ).one()
    return int(row[0]), int(row[1])


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _path(data_folder: Path, stored_as: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,}", stored_as):
        raise ValueError("a stored name is one that we made")
    return data_folder / FOLDER / stored_as[:2].lower() / stored_as


def remove(house: House, data_folder: Path, file_id: UUID, *, actor: str, ip: str = "") -> KeptFile:
    """Delete a file for good. Raises NotFound; so does the second of two at once."""
    with house.db.transaction() as session:
        row = _find(session, file_id)
        stored_as, gone = row.stored_as, _view(row)
        if not changed(session, delete(ClientFile).where(ClientFile.id == file_id)):
            raise NotFound(_("There is no such file."))
        facts = {"file": gone.name, "sha256": gone.digest}
        _tell(session, house, actor, ip, "file.delete", gone.client_id, before=facts)
    _path(data_folder, stored_as).unlink(missing_ok=True)
    return gone


def read(session: Session, data_folder: Path, file_id: UUID) -> tuple[KeptFile, Path]:
    """A file and where its bytes lie. Raises NotFound, too when the bytes are gone."""
    row = _find(session, file_id)
    path = _path(data_folder, row.stored_as)
    if not path.is_file():
        raise NotFound(_("The file is not in the data folder any more. Restore it from a backup."))
    return _view(row), path


def find(session: Session, file_id: UUID) -> KeptFile:
    """Raises NotFound."""
    return _view(_find(session, file_id))


def list_files(session: Session, client_id: UUID, window: Window) -> Page[KeptFile]:
    """A client's files, newest first."""
    statement = select(*ClientFile.__table__.columns).where(ClientFile.client_id == client_id)
    return fetch_page(session, statement, ClientFile.id, window, _view)


def used(session: Session, client_id: UUID) -> tuple[int, int]:
    """How many files a client has, and their bytes together."""
    return _sums(session, client_id)


def forget_all(session: Session, client_id: UUID) -> tuple[str, ...]:
    """Delete the rows of all of a client's files; give ``unlink`` what it returns after the commit."""
    names = tuple(session.scalars(select(ClientFile.stored_as).where(ClientFile.client_id == client_id)))
    session.execute(
        delete(ClientFile)
        .where(ClientFile.client_id == client_id)
        .execution_options(synchronize_session=False)
    )
    return names


def unlink(data_folder: Path, stored: tuple[str, ...]) -> None:
    """Remove the bytes of files whose rows are gone."""
    for one in stored:
        _path(data_folder, one).unlink(missing_ok=True)


def _find(session: Session, file_id: UUID) -> ClientFile:
    row = session.get(ClientFile, file_id)
    if row is None:
        raise NotFound(_("There is no such file."))
    return row


def _view(row: ClientFile | AnyRow) -> KeptFile:
    return KeptFile(
        id=row.id, client_id=row.client_id, name=row.name, media_type=row.media_type, size=row.size,
        digest=row.digest, author=row.author, author_name=row.author_name, created_at=row.created_at,
    )  # fmt: skip


def _tell(
    session: Session, house: House, actor: str, ip: str, action: str, client_id: UUID,
    before: Mapping[str, object] | None = None, after: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    audit.record(
        session, actor=actor, action=action, target=f"client:{client_id}", ip=ip, now=house.clock.now(),
        before=before, after=after,
    )  # fmt: skip
