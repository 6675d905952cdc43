"""``innkeeper import``: files are read in by this process, with the same code as by the admin's screens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from core.brands import queries as brands
from core.brands import service as brand_service
from core.brands.values import BrandView
from core.kernel.problems import InvalidFields, NotFound
from core.records.importing import files, kinds, queries, running, service
from core.records.importing.queries import ImportPage
from core.records.importing.values import DATE_ORDERS, DECIMAL_SIGNS, DataHouse

ACTOR = "system"
REFUSED = 1  # exit code: everything else was done
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
OpenHouse = Callable[[], AbstractContextManager[DataHouse]]


def import_group(open_house: OpenHouse) -> click.Group:
    """One subcommand for each kind, and ``resume``. ``open_house`` is called when one of them runs."""

    @click.group("import")
    def group() -> None:
        """Read clients, contacts or services in from a CSV file.

        All rows are checked first. What was read in before is recognised by its reference; a run that was
        killed goes on with `innkeeper import resume NUMBER`.
        """

    for kind, label in kinds.KINDS:
        group.add_command(_kind_command(kind, label, open_house))
    group.add_command(_go_on_command(open_house))
    return group


def _kind_command(kind: str, label: str, open_house: OpenHouse) -> click.Command:
    @click.command(kind, help=f"{label}, from a CSV file.")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--brand", "slug", default="", help="Its short name. Default: the main one.")
    @click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Lay a column on a field.")
    @click.option("--set", "values", multiple=True, metavar="FIELD=VALUE", help="Where a cell is empty.")
    @click.option("--dates", type=click.Choice([key for key, _ in DATE_ORDERS]), default="iso")
    @click.option("--decimals", type=click.Choice([key for key, _ in DECIMAL_SIGNS]), default="point")
    @click.option("--encoding", type=click.Choice([key for key, _ in files.ENCODINGS]))
    @click.option("--separator", type=click.Choice(sorted(_SEPARATORS)))
    @click.option("--dry-run", is_flag=True, help="Check all rows and write none.")
    @click.option("--again", is_flag=True, help="Even if the same file was read in before.")
    @click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Refused rows go here.")
    def command(file: Path, **options: Any) -> None:
        with open_house() as house, _told():
            _import(house, kind, file, options)

    return command


def _import(house: DataHouse, kind: str, file: Path, options: Mapping[str, Any]) -> None:
    brand = _brand(house, options["slug"])
    separator = _SEPARATORS.get(options["separator"] or "", "")
    with file.open("rb") as source:
        import_id = service.take(
            house, kind, brand, file.name, source, actor=ACTOR, encoding=options["encoding"] or "",
            separator=separator,
        )  # fmt: skip
    page = _page(house, import_id)
    click.echo(f"Import {page.view.number}: {page.view.rows} rows of {kind} for {brand.name}.")
    form = _form(page, _labels(house, import_id), options["columns"], options["values"])
    form |= {"dates": options["dates"], "decimals": options["decimals"]}
    service.save_mapping(house, import_id, form, actor=ACTOR, here=True)
    checked = _run(house, import_id, "Checking")
    if not options["dry_run"] and checked.view.made:
        service.read_in(house, import_id, actor=ACTOR, again=options["again"], here=True)
        _run(house, import_id, "Reading in")
    _end(house, import_id, options["errors"])


def _go_on_command(open_house: OpenHouse) -> click.Command:
    @click.command("resume")
    @click.argument("number", type=click.IntRange(min=1))
    @click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Refused rows go here.")
    def command(number: int, errors: Path | None) -> None:
        """Take an import up where it was stopped or killed."""
        with open_house() as house, _told():
            with house.db.read() as session:
                import_id = queries.number_of(session, number)
            if import_id is None:
                raise NotFound(f"There is no import {number}.")
            service.go_on(house, import_id, actor=ACTOR, here=True)
            _run(house, import_id, "Going on")
            _end(house, import_id, errors)

    return command


@contextmanager
def _told() -> Iterator[None]:
    """What a person can mend is one line for each field, never a trace."""
    try:
        yield
    except InvalidFields as problem:
        lines = (f"{name}: {text}" for name, text in problem.messages.items())
        raise click.ClickException("\n".join(lines)) from None


def _brand(house: DataHouse, slug: str) -> BrandView:
    with house.db.read() as session:
        if not slug:
            return brand_service.default_brand(session)
        found = next((one for one in brands.names(session) if one.slug == slug), None)
        if found is None:
            raise NotFound(f"There is no brand {slug!r}.")
        return brand_service.brand_by_id(session, found.id)


def _form(
    page: ImportPage, fields: Mapping[str, str], columns: Sequence[str], values: Sequence[str]
) -> dict[str, str]:
    """The form of the mapping screen: what was guessed, and what was said. Raises InvalidFields."""
    for name, _said in (*_pairs(columns), *_pairs(values)):
        if name not in fields:
            raise InvalidFields({name: f"There is no such field. There are: {', '.join(fields)}."})
    laid = {column: name for name, column in page.mapped.columns.items()}
    for name, column in _pairs(columns):
        if column not in page.layout.head:
            known = ", ".join(page.layout.head)
            raise InvalidFields({name: f"The file has no column {column!r}. It has: {known}."})
        laid = {number: field for number, field in laid.items() if field != name}
        laid[page.layout.head.index(column)] = name
    form = {f"column_{number}": name for number, name in laid.items()}
    return form | {f"fixed_{name}": value for name, value in _pairs(values)}


def _pairs(options: Sequence[str]) -> list[tuple[str, str]]:
    """Raises BadParameter for one without a ``=``."""
    for option in options:
        if "=" not in option:
            raise click.BadParameter(f"{option!r} is not FIELD=SOMETHING.")
    return [(name.strip(), value.strip()) for name, _, value in (option.partition("=") for option in options)]


def _page(house: DataHouse, import_id: UUID) -> ImportPage:
    with house.db.read() as session:
        found = queries.import_page(session, import_id)
    assert found is not None  # made by us a moment ago
    return found


def _run(house: DataHouse, import_id: UUID, label: str) -> ImportPage:
    """With a progress bar. Ctrl-C stops it after a chunk; it can go on later."""
    view = _page(house, import_id).view
    with click.progressbar(length=view.rows, label=f"{label:<10}", show_pos=True) as bar:
        bar.update(view.done)
        try:
            running.run(house, import_id, told=lambda line: bar.update(max(0, line - bar.pos)))
        except KeyboardInterrupt:
            service.stop(house, import_id, actor=ACTOR)
            click.echo(f"\nStopped. `innkeeper import resume {view.number}` takes it up.", err=True)
            raise
    return _page(house, import_id)


def _end(house: DataHouse, import_id: UUID, errors: Path | None) -> None:
    page = _page(house, import_id)
    view, would = page.view, "would be " if page.view.is_dry else ""
    click.echo(f"{view.made} {would}new, {view.known} known and left as they are, {view.refused} refused.")
    if view.note:
        raise click.ClickException(view.note)
    if not view.refused:
        return
    if errors is None:
        for row in page.refused[:10]:
            click.echo(f"  row {row.line}: {' '.join(row.messages.values())}", err=True)
        click.echo("  --errors FILE writes all of them, to be mended and read in again.", err=True)
    else:
        with house.db.read() as session, errors.open("w", encoding="utf-8", newline="") as out:
            out.writelines(
                queries.refused_lines(session, house.settings.data, import_id, _labels(house, import_id))
            )
    sys.exit(REFUSED)


def _labels(house: DataHouse, import_id: UUID) -> dict[str, str]:
    with house.db.read() as session:
        return {one.name: one.label for one in service.fields_of(session, house, import_id)}
