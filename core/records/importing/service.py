"""Use cases of imports: taking a file in, laying its columns on fields, starting, stopping, forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.brands.values import BrandView
from core.kernel import audit, numbers
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.records.importing import files, guessing, kinds
from core.records.importing.files import KeptFile
from core.records.importing.running import TASK, UNDER_WAY
from core.records.importing.values import DataHouse, Field, Layout, Mapped
from core.records.models import Import, ImportRow

KEPT = timedelta(days=30)  # from the end of an import to the removal of its file
LOST = timedelta(days=1)  # a file that no import names is left over from a crash
QUEUE = "import"


def take(
    house: DataHouse, kind: str, brand: BrandView, file_name: str, source: BinaryIO, *, actor: str,
    encoding: str = "", separator: str = "",
) -> UUID:  # fmt: skip
    """Keep a file and guess its mapping; the import's id. Nothing is read in yet.

    Raises InvalidFields (``kind``, ``file``). Call it outside transactions: the file is read through.
    """
    if kind not in dict(kinds.KINDS):
        raise InvalidFields({"kind": _("Choose what the file holds.")})
    kept = files.take(house.settings.data, source, encoding=encoding, separator=separator)
    try:
        return house.db.run(lambda session: _make(session, house, kind, brand, file_name, kept, actor))
    except BaseException:
        files.remove(house.settings.data, kept.stored_as)
        raise


def _make(
    session: Session,
    house: DataHouse,
    kind: str,
    brand: BrandView,
    file_name: str,
    kept: KeptFile,
    actor: str,
) -> UUID:
    now = house.clock.now()
    fields = kinds.reader(session, house, kind, brand.id, Mapped(), actor).fields
    mapped = Mapped(columns=guessing.guess(fields, kept.layout.head))
    name = "".join(letter for letter in Path(file_name).name if letter.isprintable())[-200:]
    row = Import(
        id=new_id(), number=numbers.take(session, "import")[0], kind=kind, brand_id=brand.id, state="mapping",
        file_name=name or "file.csv", stored_as=kept.stored_as, digest=kept.digest, rows=kept.rows,
        mapping=mapped.stored() | {"layout": kept.layout.stored()}, actor=actor, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        session, actor=actor, action="import.upload", target=f"import:{row.id}", now=now,
        after={"kind": kind, "file": row.file_name, "digest": kept.digest, "rows": kept.rows},
    )  # fmt: skip
    return row.id


def fields_of(session: Session, house: DataHouse, import_id: UUID) -> tuple[Field, ...]:
    """What columns can be laid on. Raises NotFound."""
    row = find(session, import_id)
    return kinds.reader(session, house, row.kind, row.brand_id, Mapped(), row.actor).fields


def find(session: Session, import_id: UUID) -> Import:
    """Raises NotFound."""
    row = session.get(Import, import_id)
    if row is None:
        raise NotFound(_("There is no such import."))
    return row


def save_mapping(
    house: DataHouse, import_id: UUID, form: Mapping[str, str], *, actor: str, here: bool = False
) -> None:
    """Keep the mapping and check every row by it, without writing any. ``form`` is as
    ``guessing.read_mapping`` has it; ``here``: the caller runs it, no worker is asked.

    Raises NotFound, InvalidFields, Conflict while the import is under way or when it has written rows.
    """

    def work(session: Session) -> None:
        row = find(session, import_id)
        if not row.is_dry:
            raise Conflict(_("This file has been read in. Upload it again to read it in otherwise."))
        fields = fields_of(session, house, import_id)
        layout = Layout.restored(row.mapping["layout"])
        mapped = guessing.read_mapping(fields, layout.head, form)
        _start(
            session, house, row, is_dry=True, actor=actor, here=here,
            mapping=mapped.stored() | {"layout": layout.stored()},
        )  # fmt: skip

    house.db.run(work)


def read_in(
    house: DataHouse, import_id: UUID, *, actor: str, again: bool = False, here: bool = False
) -> None:
    """Write the rows of a file that was checked. A second call while it is under way is a Conflict.

    Raises NotFound, Conflict: not checked yet, started already, or the same file was read in before and
    its rows cannot be recognised (``again`` says that this is meant).
    """

    def work(session: Session) -> None:
        row = find(session, import_id)
        if not (row.is_dry and row.state == "done"):
            raise Conflict(_("This import has not been checked, or has been started already."))
        earlier = None if again or _recognises(row) else _same_file(session, row)
        if earlier is not None:
            raise Conflict(
                _("The same file was read in as import {number}, and its rows have no reference to recognise "
                  "them by: they would be there twice.").format(number=earlier)
            )  # fmt: skip
        _start(session, house, row, is_dry=False, actor=actor, here=here, mapping=row.mapping)

    house.db.run(work)


def _recognises(row: Import) -> bool:
    return row.kind != "clients" or "reference" in row.mapping["columns"]


def _same_file(session: Session, row: Import) -> int | None:
    same = select(Import.number).where(
        Import.digest == row.digest, Import.kind == row.kind, Import.brand_id == row.brand_id,
        Import.is_dry.is_(False), Import.made > 0,
    )  # fmt: skip
    return session.scalar(same.order_by(Import.number).limit(1))


def _start(
    session: Session, house: DataHouse, row: Import, *, is_dry: bool, actor: str, here: bool,
    mapping: dict[str, object],
) -> None:  # fmt: skip
    """From the first row. Raises Conflict when another was quicker."""
    turn, now = row.turn + 1, house.clock.now()
    mine = update(Import).where(
        Import.id == row.id, Import.turn == row.turn, Import.state.not_in(UNDER_WAY), Import.stored_as != ""
    )
    values = {
        "state": "queued", "is_dry": is_dry, "mapping": mapping, "turn": turn, "next_line": 1, "made": 0,
        "known": 0, "refused": 0, "sample": [], "note": "", "ended_at": None, "actor": actor,
    }  # fmt: skip
    if not changed(session, mine.values(**values)):
        raise Conflict(_("This import is under way already, or its file has been removed."))
    session.execute(delete(ImportRow).where(ImportRow.import_id == row.id))
    if not is_dry:
        audit.record(session, actor=actor, action="import.start", target=f"import:{row.id}", now=now)
    if not here:
        house.engine.enqueue(session, TASK, row.id, queue=QUEUE, turn=turn)


def stop(house: DataHouse, import_id: UUID, *, actor: str) -> None:
    """Halt it after the chunk that is being written. Rows that are written stay. Raises NotFound, Conflict
    when it is not under way."""

    def work(session: Session) -> None:
        row, now = find(session, import_id), house.clock.now()
        held = update(Import).where(Import.id == import_id, Import.state.in_(UNDER_WAY))
        if not changed(session, held.values(state="stopped", ended_at=now)):
            raise Conflict(_("This import is not under way."))
        after = {"rows": row.next_line - 1}
        audit.record(
            session, actor=actor, action="import.stop", target=f"import:{import_id}", after=after, now=now
        )

    house.db.run(work)


def go_on(house: DataHouse, import_id: UUID, *, actor: str, here: bool = False) -> None:
    """Take up what was stopped or has failed, at the row where it stands; ``here`` also what is under way:
    its process has died, or gives way at its next chunk. Raises NotFound, Conflict."""
    states = ("stopped", "failed", *(UNDER_WAY if here else ()))

    def work(session: Session) -> None:
        row = find(session, import_id)
        turn = row.turn + 1
        held = update(Import).where(
            Import.id == import_id, Import.turn == row.turn, Import.state.in_(states), Import.stored_as != ""
        )
        if not changed(session, held.values(state="queued", turn=turn, note="", ended_at=None, actor=actor)):
            raise Conflict(_("This import is under way already, has ended, or its file has been removed."))
        if not here:
            house.engine.enqueue(session, TASK, import_id, queue=QUEUE, turn=turn)

    house.db.run(work)


def remove_file(house: DataHouse, import_id: UUID, *, actor: str) -> None:
    """Forget the file and what was shown of it; the counts stay. Raises NotFound, Conflict while it is
    under way."""

    def work(session: Session) -> str:
        row = find(session, import_id)
        stored_as = row.stored_as
        held = update(Import).where(Import.id == import_id, Import.state.not_in(UNDER_WAY))
        if not changed(session, held.values(stored_as="", sample=[])):
            raise Conflict(_("This import is under way. Stop it first."))
        audit.record(
            session, actor=actor, action="import.remove_file", target=f"import:{import_id}",
            now=house.clock.now(),
        )  # fmt: skip
        return stored_as

    files.remove(house.settings.data, house.db.run(work))


def sweep(house: DataHouse) -> int:
    """Remove files that nobody needs any more: ended or left alone for KEPT, or in no import at all.

    Returns how many imports gave theirs up. Run it now and then; it bears being run by several at once.
    """
    old = house.clock.now() - KEPT
    with house.db.read() as session:
        statement = select(Import.id, Import.stored_as).where(
            Import.stored_as != "", Import.state.not_in(UNDER_WAY), Import.created_at < old
        )
        found = [
            (row.id, row.stored_as)
            for row in session.execute(statement)
            if (session.get_one(Import, row.id).ended_at or old) <= old
        ]
    for import_id, stored_as in found:
        files.remove(house.settings.data, stored_as)
        house.db.run(lambda session, gone=import_id: _forget_file(session, gone))  # type: ignore[misc]
    _sweep_lost(house)
    return len(found)


def _forget_file(session: Session, import_id: UUID) -> None:
    session.execute(update(Import).where(Import.id == import_id).values(stored_as="", sample=[]))


def _sweep_lost(house: DataHouse) -> None:
    folder = files.folder(house.settings.data)
    before = (house.clock.now() - LOST).timestamp()
    old = [path for path in folder.glob("*.csv") if path.stat().st_mtime < before]
    if not old:
        return
    with house.db.read() as session:
        kept = set(session.scalars(select(Import.stored_as).where(Import.stored_as != "")))
    for path in old:
        if path.name not in kept:
            path.unlink(missing_ok=True)
