"""The run: rows are checked outside the transaction and written a chunk at a time.

What guards it: the first statement of each chunk's transaction moves ``next_line`` on, and only from where
this run believes it to be, in this turn, while nobody has stopped it. Two workers on one import, or one
that comes back from the dead, find that it has moved and read again. A transaction that is lost takes the
move with it.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import InvalidFields, Problem
from core.records.importing import files, kinds
from core.records.importing.reader import Reader
from core.records.importing.values import DataHouse, Layout, Mapped, Outcome
from core.records.models import Import, ImportRow

TASK = "records.import"
CHUNK = 200  # rows per transaction
SAMPLED = 20  # rows whose outcome is kept to be shown
UNDER_WAY = ("queued", "running")

log = structlog.get_logger(__name__)
Told = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One import as it stood when this run looked."""

    id: UUID
    number: int
    kind: str
    brand_id: UUID
    stored_as: str
    layout: Layout
    mapped: Mapped
    is_dry: bool
    rows: int
    next_line: int
    turn: int
    actor: str


@dataclass(slots=True)
class Seen:
    """The keys of the rows so far, as short digests: some ten bytes a row, not the texts."""

    lines: dict[bytes, int] = field(default_factory=dict)

    def add(self, keys: Sequence[tuple[str, str]], line: int) -> None:
        for key in keys:
            self.lines.setdefault(self._digest(key), line)

    def find(self, keys: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Field -> sentence for each key that an earlier row has."""
        earlier = {name: self.lines.get(self._digest((name, text))) for name, text in keys}
        return {
            name: _("Row {line} of this file has the same.").format(line=line)
            for name, line in earlier.items()
            if line is not None
        }

    @staticmethod
    def _digest(key: tuple[str, str]) -> bytes:
        return hashlib.blake2b("\0".join(key).encode(), digest_size=8).digest()


def run(house: DataHouse, import_id: UUID, *, told: Told = lambda _line: None) -> None:
    """Read a queued import in to its end, or until somebody stops it. Safe to repeat at any moment.

    ``told`` hears how many rows are behind us after each chunk. What nobody foresaw ends it as failed, with
    what was written kept, and is raised; a database that cannot be reached leaves it under way, for the next
    run to go on.
    """
    while (found := _begin(house, import_id)) is not None:
        try:
            if _go_on(house, found, told):
                _finish(house, found)
        except (OSError, UnicodeError, csv.Error) as error:
            log.error("import cannot read its file", number=found.number, error=type(error).__name__)
            _fail(house, found, _("The file cannot be read any more. Upload it again."))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            sentence = _(
                "A fault of ours stopped it at row {line}. Nothing is lost: go on, or show the log to your "
                "administrator."
            )
            _fail(house, found, sentence.format(line=_reached(house, found)))
            raise


def _reached(house: DataHouse, here: Run) -> int:
    with house.db.read() as session:
        return session.get_one(Import, here.id).next_line


def _begin(house: DataHouse, import_id: UUID) -> Run | None:
    """None when there is nothing to do: done, stopped, or not started at all."""

    def work(session: Session) -> Run | None:
        row = session.get(Import, import_id)
        if row is None or row.state not in UNDER_WAY:
            return None
        if row.state == "queued":
            held = update(Import).where(Import.id == import_id, Import.state == "queued")
            changed(session, held.values(state="running"))
        return _run_of(row)

    return house.db.run(work)


def _run_of(row: Import) -> Run:
    return Run(
        id=row.id, number=row.number, kind=row.kind, brand_id=row.brand_id, stored_as=row.stored_as,
        layout=Layout.restored(row.mapping["layout"]), mapped=Mapped.restored(row.mapping), is_dry=row.is_dry,
        rows=row.rows, next_line=row.next_line, turn=row.turn, actor=row.actor,
    )  # fmt: skip


def _go_on(house: DataHouse, here: Run, told: Told) -> bool:
    """From ``next_line`` to the end; False when another has moved it meanwhile or somebody stopped it."""
    path = files.folder(house.settings.data) / here.stored_as
    with house.db.read() as session:
        reader = kinds.reader(session, house, here.kind, here.brand_id, here.mapped, here.actor)
    seen = _seen(here, reader, files.read(path, here.layout))
    rows = islice(files.read(path, here.layout), here.next_line - 1, None)
    line = here.next_line
    while chunk := list(islice(rows, CHUNK)):
        if not _chunk(house, here, reader, seen, line, chunk):
            return False
        line += len(chunk)
        told(line - 1)
    return True


def _seen(here: Run, reader: Reader[Any], rows: Iterator[list[str]]) -> Seen:
    """What a run that goes on knows of the rows before."""
    seen = Seen()
    for line, row in enumerate(islice(rows, here.next_line - 1), start=1):
        seen.add(reader.keys(here.mapped.texts(row)), line)
    return seen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A row after what needs no database: what it is, or what is wrong with it."""

    line: int
    text: str
    keys: tuple[tuple[str, str], ...]
    row: Any = None
    messages: dict[str, str] = field(default_factory=dict)


def _chunk(
    house: DataHouse, here: Run, reader: Reader[Any], seen: Seen, start: int, rows: Sequence[list[str]]
) -> bool:
    checked = [_check(here, reader, line, row) for line, row in enumerate(rows, start=start)]
    judged = _judged(seen, checked)
    if here.is_dry:
        with house.db.read() as session:
            looked = _looked(session, reader, judged)
        return house.db.run(lambda session: _move(session, here, start, len(rows), lambda _s: looked))
    return house.db.run(
        lambda session: _move(session, here, start, len(rows), lambda s: _written(s, reader, judged))
    )


def _check(here: Run, reader: Reader[Any], line: int, row: list[str]) -> _Checked:
    texts = here.mapped.texts(row)
    text, keys = reader.describe(texts), reader.keys(texts)
    width = len(here.layout.head)
    if len(row) > width and any(cell.strip() for cell in row[width:]):
        sentence = _("This row has {count} cells and the head {width}: one separator too many?")
        messages = {"": sentence.format(count=len(row), width=width)}
        return _Checked(line=line, text=text, keys=keys, messages=messages)
    try:
        return _Checked(line=line, text=text, keys=keys, row=reader.check(texts))
    except InvalidFields as problem:
        return _Checked(line=line, text=text, keys=keys, messages=problem.messages)


def _judged(seen: Seen, checked: Sequence[_Checked]) -> list[_Checked]:
    """With what an earlier row of the file has to say, whatever became of that: the first of two counts."""
    judged = []
    for one in checked:
        messages = seen.find(one.keys) | one.messages
        seen.add(one.keys, one.line)
        judged.append(replace(one, messages=messages) if messages else one)
    return judged


def _looked(session: Session, reader: Reader[Any], judged: Sequence[_Checked]) -> list[Outcome]:
    """What would become of each row, by what the database holds now."""
    reader.prefetch(session, [one.row for one in judged if not one.messages])
    return [_look(session, reader, one) for one in judged]


def _look(session: Session, reader: Reader[Any], one: _Checked) -> Outcome:
    if one.messages:
        return _refused(one, one.messages)
    try:
        known = reader.look(session, one.row)
    except Problem as problem:
        return _refused(one, _messages(problem))
    return Outcome(line=one.line, state="known" if known else "made", text=one.text)


def _refused(one: _Checked, messages: Mapping[str, str]) -> Outcome:
    return Outcome(line=one.line, state="refused", text=one.text, messages=messages)


def _written(session: Session, reader: Reader[Any], judged: Sequence[_Checked]) -> list[Outcome]:
    """Write what is new as one list; row by row where something stands against it, to find out which."""
    looked = _looked(session, reader, judged)
    new = [one.row for one, outcome in zip(judged, looked, strict=True) if outcome.state == "made"]
    if not new:
        return looked
    try:
        with session.begin_nested():
            reader.write(session, new)
    except (Problem, IntegrityError):
        pairs = zip(judged, looked, strict=True)
        return [_alone(session, reader, one) if was.state == "made" else was for one, was in pairs]
    return looked


def _alone(session: Session, reader: Reader[Any], one: _Checked) -> Outcome:
    reader.prefetch(session, [one.row])
    looked = _look(session, reader, one)
    if looked.state != "made":
        return looked
    try:
        with session.begin_nested():
            reader.write(session, [one.row])
    except Problem as problem:
        return _refused(one, _messages(problem))
    except IntegrityError:
        return _refused(one, {"": _("Somebody else wrote the same at this moment. Read this row in again.")})
    return looked


def _messages(problem: Problem) -> dict[str, str]:
    return dict(problem.messages) if isinstance(problem, InvalidFields) else {"": str(problem)}


def _move(
    session: Session, here: Run, start: int, count: int, write: Callable[[Session], list[Outcome]]
) -> bool:
    mine = update(Import).where(
        Import.id == here.id, Import.turn == here.turn, Import.state == "running", Import.next_line == start
    )
    if not changed(session, mine.values(next_line=start + count)):
        return False
    outcomes = write(session)
    refused = [one for one in outcomes if one.state == "refused"]
    if refused:
        rows = [
            {"id": new_id(), "import_id": here.id, "line": one.line, "messages": dict(one.messages)}
            for one in refused
        ]
        session.execute(insert(ImportRow), rows)
    counts = {
        column: getattr(Import, column) + sum(1 for one in outcomes if one.state == column)
        for column in ("made", "known", "refused")
    }
    values: dict[str, Any] = dict(counts)
    if start <= SAMPLED:
        sample = session.scalar(select(Import.sample).where(Import.id == here.id)) or []
        values["sample"] = [*sample, *(one.stored() for one in outcomes)][:SAMPLED]
    changed(session, update(Import).where(Import.id == here.id).values(**values))
    return True


def _finish(house: DataHouse, here: Run) -> None:
    def work(session: Session) -> None:
        now = house.clock.now()
        held = update(Import).where(
            Import.id == here.id, Import.turn == here.turn, Import.state == "running",
            Import.next_line > Import.rows,
        )  # fmt: skip
        if changed(session, held.values(state="done", ended_at=now)) and not here.is_dry:
            row = session.get_one(Import, here.id)
            after = {"made": row.made, "known": row.known, "refused": row.refused}
            audit.record(
                session, actor=here.actor, action="import.done", target=f"import:{here.id}", after=after,
                now=now,
            )  # fmt: skip

    house.db.run(work)


def _fail(house: DataHouse, here: Run, note: str) -> None:
    def work(session: Session) -> None:
        held = update(Import).where(Import.id == here.id, Import.turn == here.turn, Import.state == "running")
        changed(session, held.values(state="failed", note=note, ended_at=house.clock.now()))

    house.db.run(work)
