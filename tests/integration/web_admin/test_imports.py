"""Imports on the screens: a file comes, is matched, checked, read in; what is wrong stands at its place."""

from __future__ import annotations

import csv
import io
import re
from uuid import UUID

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core.clients.models import Client
from core.records.importing import files, service
from core.web import guards
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import HOST, Desk, open_desk, texts

HEAD = "Client ID,First Name,Last Name,Email,Address,City,State,Zip,Country,Phone"
ADA = "W1,Ada,Okonkwo,ada@pinewood.example,2207 East Cesar Chavez Street,Austin,TX,78702,US,+1 512 555 0186"
BAD = "W2,Bea,=1+1,nobody,1 Main Street,Austin,TX,78702,US,+1 512 555 0187"
CONTENT = "\n".join([HEAD, ADA, BAD]) + "\n"
_PAGE = re.compile(r"/admin/imports/([0-9a-f-]{36})")


def upload(desk: Desk, content: str | bytes = CONTENT, **fields: str) -> TestResponse:
    raw = content.encode() if isinstance(content, str) else content
    data = {"csrf_token": desk.token(), "kind": "clients", "brand": "main", **fields}
    return desk.browser.post(
        "/admin/imports/new", data={**data, "file": (io.BytesIO(raw), "clients.csv")}, base_url=HOST
    )


def uploaded(desk: Desk, content: str | bytes = CONTENT) -> str:
    """The path of its page."""
    answer = upload(desk, content)
    assert answer.status_code == 303, texts(answer.text)[-1500:]
    found = _PAGE.search(answer.headers["Location"])
    assert found is not None
    return found[0]


def as_guessed(desk: Desk, path: str) -> dict[str, str]:
    """The form of the mapping screen as it comes."""
    page = desk.get(f"{path}/mapping")
    boxes = re.findall(r'<select[^>]*name="(column_\d+)".*?</select>', page, re.DOTALL)
    form = {}
    for box in boxes:
        part = page[page.index(f'name="{box}"') :]
        chosen = re.search(r'<option value="([^"]*)" selected', part[: part.index("</select>")])
        form[box] = chosen[1] if chosen else ""
    return form


def count(inn: Inn) -> int:
    with inn.db.read() as session:
        return session.scalar(select(func.count()).select_from(Client)) or 0


def test_from_the_file_to_the_clients(desk: Desk) -> None:
    assert "Nothing was imported yet" in desk.get("/admin/imports")
    path = uploaded(desk)
    page = texts(desk.get(f"{path}/mapping"))
    assert "clients.csv: 2 rows, UTF-8, parted by comma" in page
    assert "=1+1" in page
    form = as_guessed(desk, path)
    assert form["column_0"] == "reference"

    answer = desk.post(f"{path}/mapping", **form)
    assert answer.headers["Location"].endswith(path)
    under_way = desk.browser.get(path, base_url=HOST)
    assert under_way.headers["Refresh"] == "3", "without script the page looks again by itself"
    assert "0 of 2 rows" in texts(under_way.text)
    desk.browser.set_cookie("ik_script", "1", domain="127.0.0.1")
    assert "Refresh" not in desk.browser.get(path, base_url=HOST).headers

    desk.inn.drain()
    checked = texts(desk.get(path))
    assert "Would be new 1" in checked
    assert "Email: Enter an email address, as in name@example.com." in checked
    assert count(desk.inn) == 0

    desk.done(f"{path}/run")
    desk.inn.drain()
    done = texts(desk.get(path))
    assert "New 1 written" in done
    assert count(desk.inn) == 1
    assert "clients.csv" in texts(desk.get("/admin/imports"))

    file = desk.browser.get(f"{path}/refused.csv", base_url=HOST)
    assert file.headers["Content-Disposition"] == 'attachment; filename="import-1-refused.csv"'
    (row,) = csv.DictReader(io.StringIO(file.data.decode("utf-8-sig")))
    assert (row["Last Name"], row["innkeeper_reasons"][:6]) == ("=1+1", "Email:")

    read_in_again(desk, path, file.data.decode("utf-8-sig").replace("nobody", "bea@pinewood.example"))


def read_in_again(desk: Desk, path: str, mended: str) -> None:
    """The error file after somebody has mended it."""
    second = uploaded(desk, mended)
    form = as_guessed(desk, second)
    assert list(form.values())[-1] == "", "the column with the reasons is left out"
    desk.post(f"{second}/mapping", **form)
    desk.inn.drain()
    desk.done(f"{second}/run")
    desk.inn.drain()
    assert count(desk.inn) == 2

    desk.done(f"{second}/remove-file")
    assert "The file has been removed." in texts(desk.get(second))
    desk.get(f"{second}/refused.csv", 404)
    assert desk.post(f"{second}/run").status_code == 409


WRONG = (
    ({"column_3": "first_name"}, "column-3", "has a column already"),
    ({"column_3": "password"}, "column-3", "Choose a field from the list."),
    ({"column_8": ""}, "fixed-country", "Choose a column for this above, or enter one value for all."),
    ({"dates": "stardate"}, "dates", "Choose from the list."),
)


def test_what_is_wrong_with_a_mapping_stands_beside_it(desk: Desk) -> None:
    path = uploaded(desk)
    form = as_guessed(desk, path) | {"fixed_city": "Dallas & <b>", "fixed_email": "all@example.com"}
    for changes, field, words in WRONG:
        answer = desk.post(f"{path}/mapping", **(form | changes))
        assert answer.status_code == 422
        assert words in texts(answer.text)
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text
        assert "Dallas &amp; &lt;b&gt;" in answer.text, "what was typed is kept"
        assert "<title>Match columns with fields: 1 field needs a change" in answer.text


def test_what_is_wrong_with_an_upload(desk: Desk) -> None:
    answer = upload(desk, "")
    assert (answer.status_code, "This file is empty." in texts(answer.text)) == (422, True)
    for fields, words in (
        ({"kind": "cards"}, "Choose what the file holds."),
        ({"brand": "none"}, "Choose a brand from the list."),
        ({"encoding": "ebcdic"}, "Choose from the list."), ({"separator": "|"}, "Choose from the list."),
        ({"encoding": "utf-16"}, "not written in UTF-16"),
    ):  # fmt: skip
        answer = upload(desk, CONTENT + "x", **fields)
        assert (answer.status_code, words in texts(answer.text)) == (422, True), words
    empty = desk.post("/admin/imports/new", kind="clients", brand="main")
    assert (empty.status_code, "Choose a CSV file." in texts(empty.text)) == (422, True)
    folder = files.folder(desk.inn.house.settings.data)
    assert not folder.exists() or not list(folder.iterdir())


def test_a_file_may_be_larger_than_other_forms(desk: Desk) -> None:
    rows = "\n".join([HEAD, *[ADA] * 12_000])
    assert len(rows) > guards.MAX_BODY_BYTES
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("csrf_token", desk.token()), ("kind", "clients"), ("brand", "main"))
    ]
    parts.append(
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="many.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{rows}\r\n--edge--\r\n"
    )
    body, kind = "".join(parts).encode(), "multipart/form-data; boundary=edge"
    for path, status in (("/admin/imports/new", 303), ("/admin/login", 413)):
        answer = desk.browser.post(path, data=body, content_type=kind, base_url=HOST)
        assert answer.status_code == status, path


def test_buttons_that_come_too_late(desk: Desk) -> None:
    path = uploaded(desk)
    for button in ("run", "stop", "go-on"):
        answer = desk.post(f"{path}/{button}")
        assert (answer.status_code, 'id="trouble"' in answer.text) == (409, True), button
    desk.post(f"{path}/mapping", **as_guessed(desk, path))
    assert desk.post(f"{path}/mapping", **{}).status_code in (409, 422)
    desk.done(f"{path}/stop")
    assert "Stopped" in texts(desk.get(path))
    desk.done(f"{path}/go-on")
    desk.inn.drain()
    assert "Would be new 1" in texts(desk.get(path))


def test_a_worker_that_is_gone_is_no_end(desk: Desk) -> None:
    """The file of a run that failed can be had again, or the run taken up by hand."""
    path = uploaded(desk)
    import_id = UUID(path.rpartition("/")[2])
    desk.post(f"{path}/mapping", **as_guessed(desk, path))
    desk.inn.drain()
    service.read_in(desk.inn.house, import_id, actor="system", here=True)
    for kept in files.folder(desk.inn.house.settings.data).iterdir():
        kept.unlink()
    desk.done(f"{path}/stop")
    desk.done(f"{path}/go-on")
    desk.inn.drain()
    assert "Upload it again" in texts(desk.get(path))


def test_who_may_not_import_sees_nothing_of_it(inn: Inn) -> None:
    desk = open_desk(inn, ["clients.view", "clients.edit"])
    assert "/admin/imports" not in desk.get("/admin/")
    desk.get("/admin/imports", 403)
    desk.get(f"/admin/imports/{UUID(int=1)}", 403)


def test_an_unknown_import_is_nowhere(desk: Desk) -> None:
    for path in ("", "/mapping", "/refused.csv"):
        desk.get(f"/admin/imports/{UUID(int=1)}{path}", 404)
