"""Imports: a file comes, its columns are matched with fields, it is checked, then read in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, cast
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.brands import queries as brands
from core.brands.service import brand_by_id
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.records.importing import files, guessing, kinds, queries, service
from core.records.importing.queries import ImportPage
from core.records.importing.values import DATE_ORDERS, DECIMAL_SIGNS, Field
from core.web import forms
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.words import Word
from core.web.current import brand, house
from core.web.forms import Form
from core.web.guards import takes_files
from core.web.shop.order import SCRIPTED

AROUND = 64 * 1024  # bytes of a form around its file
RELOAD_SECONDS = 3
# Where one value for all rows is likely; the rest is folded.
OFTEN = frozenset({
    "status", "client_group", "country", "language", "email_format", "is_taxable", "roles", "product",
    "cycle", "client",
})  # fmt: skip
STATES: Mapping[str, Word] = {
    "mapping": Word("Columns to match", "warning"),
    "queued": Word("Waits for a worker", "info"),
    "running": Word("Under way", "info"),
    "done": Word("Done", "success"),
    "stopped": Word("Stopped", "warning"),
    "failed": Word("Failed", "danger"),
}
OUTCOMES: Mapping[str, Word] = {
    "made": Word("New", "success"), "known": Word("Known", ""), "refused": Word("Refused", "danger"),
}  # fmt: skip


@blueprint.get("/imports", endpoint="imports")
@needs("imports.run")
def list_imports() -> Response:
    with house().db.read() as session:
        found = queries.list_imports(session, page.asked_window(int))
    return page.draw(
        "imports.html", section="imports", page=found, pager=page.pager(found), states=_state,
        kinds=dict(kinds.KINDS),
    )  # fmt: skip


def _state(view: queries.ImportView) -> Word:
    """A file that was only checked is not done: it waits for somebody to say yes."""
    return Word("Checked", "warning") if view.state == "done" and view.is_dry else STATES[view.state]


@blueprint.get("/imports/new", endpoint="import_new")
@needs("imports.run")
def new_form() -> Response:
    return _draw_new()


def _draw_new(status: int = 200, form: Form | None = None) -> Response:
    with house().db.read() as session:
        names = brands.names(session)
    form = form or Form(values={"kind": request.args.get("kind", "clients"), "brand": brand().slug})
    return page.draw(
        "import-new.html", status, section="imports", form=form, kinds=kinds.KINDS,
        brands=[(one.slug, one.name) for one in names], encodings=files.ENCODINGS,
        separators=[(_SEPARATOR_NAMES[sign], name) for sign, name in files.SEPARATORS],
        largest=files.LARGEST // (1024 * 1024), most=files.MOST_ROWS,
        title=forms.page_title("Import a file", form.errors),
    )  # fmt: skip


_SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_SEPARATOR_SIGNS = {name: sign for sign, name in _SEPARATOR_NAMES.items()}


@blueprint.post("/imports/new", endpoint="import_upload")
@needs("imports.run")
@takes_files(files.LARGEST + AROUND)
def upload() -> Response:
    values = forms.values()
    try:
        import_id = _take(values)
    except InvalidFields as problem:
        return _draw_new(422, forms.posted(problem.messages))
    finally:
        for file in request.files.values():
            file.close()  # a large one lies in a temporary file
    return notices.go(
        url_for("admin.import_mapping", import_id=import_id),
        "The file is here. Nothing has been read in yet.",
    )


def _take(values: Mapping[str, str]) -> UUID:
    """Raises InvalidFields."""
    upload = request.files.get("file")
    wrong: dict[str, str] = {}
    with house().db.read() as session:
        found = next((one for one in brands.names(session) if one.slug == values.get("brand")), None)
        chosen = brand_by_id(session, found.id) if found else None
    encoding, separator = values.get("encoding", ""), values.get("separator", "")
    if chosen is None:
        wrong["brand"] = "Choose a brand from the list."
    if upload is None or not upload.filename:
        wrong["file"] = "Choose a CSV file."
    if encoding and encoding not in dict(files.ENCODINGS):
        wrong["encoding"] = "Choose from the list."
    if separator and separator not in _SEPARATOR_SIGNS:
        wrong["separator"] = "Choose from the list."
    if wrong or chosen is None or upload is None:
        raise InvalidFields(wrong)
    return service.take(
        house(), values.get("kind", ""), chosen, upload.filename or "", cast(BinaryIO, upload.stream),
        actor=access.actor(), encoding=encoding, separator=_SEPARATOR_SIGNS.get(separator, ""),
    )  # fmt: skip


@blueprint.get("/imports/<uuid:import_id>/mapping", endpoint="import_mapping")
@needs("imports.run")
def mapping_form(import_id: UUID) -> Response:
    found, _fields = _read(import_id)
    if not found.view.is_dry or found.view.is_under_way or not found.view.has_file:
        return notices.go(_url(import_id), "The columns of this import can not be matched anew.", "info")
    chosen = {str(column): name for name, column in found.mapped.columns.items()}
    values = {f"column_{number}": name for number, name in chosen.items()}
    values |= {f"fixed_{name}": value for name, value in found.mapped.fixed.items()}
    values |= {"dates": found.mapped.dates, "decimals": found.mapped.decimals}
    return _draw_mapping(import_id, form=Form(values=values))


def _draw_mapping(
    import_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None
) -> Response:
    found, fields = _read(import_id)
    with house().db.read() as session:
        path = files.folder(house().settings.data) / queries.stored_as(session, import_id)
    form = form or Form()
    labels = {f"fixed_{one.name}": one.label for one in fields}
    offered = [one for one in fields if one.name != "reference"]
    often = [one for one in offered if _is_often(one, form)]
    rarely = [one for one in offered if not _is_often(one, form)]
    labels |= {f"column_{n}": name for n, name in enumerate(found.layout.head)}
    return page.draw(
        "import-mapping.html", status, section="imports", found=found, fields=fields, form=form,
        samples=files.samples(path, found.layout), dates=DATE_ORDERS, decimals=DECIMAL_SIGNS, trouble=trouble,
        often=often, rarely=rarely, rarely_names=[f"fixed_{one.name}" for one in rarely],
        reasons=guessing.REASONS, labels=labels, kinds=dict(kinds.KINDS),
        title=forms.page_title("Match columns with fields", form.errors),
        written=dict(files.ENCODINGS).get(found.layout.encoding, found.layout.encoding.upper()),
        parted=dict(files.SEPARATORS).get(found.layout.separator, found.layout.separator),
    )  # fmt: skip


def _is_often(field: Field, form: Form) -> bool:
    """Whether its value for all rows stands open: it is likely, or needed and without a column."""
    has_column = field.name in form.values.values()
    return field.name in OFTEN or (field.is_required and not has_column)


@blueprint.post("/imports/<uuid:import_id>/mapping", endpoint="import_check")
@needs("imports.run")
def check(import_id: UUID) -> Response:
    def do() -> Response:
        service.save_mapping(house(), import_id, forms.values(), actor=access.actor())
        return notices.go(_url(import_id), "The rows are being checked. Nothing is written.", "info")

    return page.attempted(do, lambda *again: _draw_mapping(import_id, *again))


@blueprint.get("/imports/<uuid:import_id>", endpoint="import_page")
@needs("imports.run")
def show(import_id: UUID) -> Response:
    return _draw(import_id)


def _draw(import_id: UUID, status: int = 200, trouble: str = "") -> Response:
    found, fields = _read(import_id)
    response = page.draw(
        "import.html", status, section="imports", found=found, view=found.view, trouble=trouble,
        outcome=OUTCOMES, state_word=_state(found.view), kinds=dict(kinds.KINDS), labels=_labels(fields),
        laid=[(found.layout.head[column], _labels(fields).get(name, name))
              for name, column in sorted(found.mapped.columns.items(), key=lambda pair: pair[1])],
        fixed=[(_labels(fields).get(name, name), value) for name, value in found.mapped.fixed.items()],
    )  # fmt: skip
    if found.view.is_under_way and SCRIPTED not in request.cookies:
        response.headers["Refresh"] = str(RELOAD_SECONDS)
    return response


def _read(import_id: UUID) -> tuple[ImportPage, tuple[Field, ...]]:
    """Raises NotFound."""
    with house().db.read() as session:
        found = queries.import_page(session, import_id)
        if found is None:
            raise NotFound("There is no such import.")
        return found, service.fields_of(session, house(), import_id)


def _labels(fields: tuple[Field, ...]) -> dict[str, str]:
    return {one.name: one.label for one in fields}


def _url(import_id: UUID) -> str:
    return url_for("admin.import_page", import_id=import_id)


def _done(import_id: UUID, do: Callable[[], None], text: str, tone: str = "success") -> Response:
    """A button of the import's page; what stands against it is said on that page."""
    try:
        do()
    except Conflict as problem:
        return _draw(import_id, 409, str(problem))
    return notices.go(_url(import_id), text, tone)


@blueprint.post("/imports/<uuid:import_id>/run", endpoint="import_run")
@needs("imports.run")
def run(import_id: UUID) -> Response:
    again = forms.values().get("again") == "1"
    return _done(
        import_id,
        lambda: service.read_in(house(), import_id, actor=access.actor(), again=again),
        "The rows are being read in. You can leave this page.", "info",
    )  # fmt: skip


@blueprint.post("/imports/<uuid:import_id>/stop", endpoint="import_stop")
@needs("imports.run")
def stop(import_id: UUID) -> Response:
    return _done(
        import_id, lambda: service.stop(house(), import_id, actor=access.actor()),
        "Stopped. What was written stays; it can go on from there.",
    )  # fmt: skip


@blueprint.post("/imports/<uuid:import_id>/go-on", endpoint="import_go_on")
@needs("imports.run")
def go_on(import_id: UUID) -> Response:
    return _done(
        import_id, lambda: service.go_on(house(), import_id, actor=access.actor()),
        "It goes on where it stood.", "info",
    )  # fmt: skip


@blueprint.post("/imports/<uuid:import_id>/remove-file", endpoint="import_remove_file")
@needs("imports.run")
def remove_file(import_id: UUID) -> Response:
    return _done(
        import_id, lambda: service.remove_file(house(), import_id, actor=access.actor()),
        "The file has been removed. What was read in stays.",
    )  # fmt: skip


@blueprint.get("/imports/<uuid:import_id>/refused.csv", endpoint="import_refused")
@needs("imports.run")
def refused(import_id: UUID) -> Response:
    """The rows that were refused, as they were, with the reasons."""
    found, fields = _read(import_id)
    if not found.view.has_file or found.view.is_under_way:
        raise NotFound("There is no such file.")

    data, labels, db = house().settings.data, _labels(fields), house().db

    def lines() -> Iterator[str]:
        with db.read() as session:
            yield from queries.refused_lines(session, data, import_id, labels)

    response = Response(lines(), mimetype="text/csv")
    name = f"import-{found.view.number}-refused.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
