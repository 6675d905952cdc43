"""Lists: narrowed, saved, shaped, handed out as files, changed many at once; each person for themselves."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Sequence
from io import StringIO
from uuid import UUID

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from core.brands import service as brands
from core.clients.models import Client, ClientGroup, ClientStatus, Contact
from core.identity.models import ListView
from core.identity.permissions import PERMISSIONS
from core.kernel.audit import AuditEntry
from core.kernel.ids import new_id
from core.records import searching
from core.web.admin.listing import bulk, exporting
from tests.fixtures.database import BOTH
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import HOST, Desk, links, open_desk, texts

pytestmark = BOTH


def clients(inn: Inn, *names: str) -> list[str]:
    """Clients with these names, straight into the tables; their ids, as written."""
    ids = [new_id() for _ in names]
    with inn.db.transaction() as session:
        brand_id = brands.default_brand(session).id
        active = session.scalars(select(ClientStatus.id).where(ClientStatus.behaviour == "active")).first()
        for number, (one, name) in enumerate(zip(ids, names, strict=True), start=1):
            session.add(
                Client(
                    id=one, brand_id=brand_id, number=number, company_name=name, status_id=active,
                    billing_country="US", currency="USD", created_at=inn.clock.now(),
                )
            )  # fmt: skip
        session.flush()
        searching.write(session, "client", ids)
    return [str(one) for one in ids]


def send(desk: Desk, path: str, ids: Sequence[str], **fields: str) -> TestResponse:
    data = {"csrf_token": desk.token(), "ids": list(ids), **fields}
    return desk.browser.post(path, data=data, base_url=HOST)


def rows(desk: Desk, query: str = "") -> list[str]:
    """What the list of clients shows, from top to bottom."""
    return re.findall(r'class="ik-cell-main"[^>]*><bdi>([^<]+)</bdi>', desk.get(f"/admin/clients?{query}"))


def table(answer: TestResponse) -> list[list[str]]:
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text.removeprefix("\ufeff"))))


def group(inn: Inn, name: str = "Watched") -> str:
    group_id = new_id()
    with inn.db.transaction() as session:
        session.add(ClientGroup(id=group_id, name=name))
    return str(group_id)


def test_filters_narrow_and_are_told(desk: Desk) -> None:
    clients(desk.inn, "Alpha Oak", "Beta Oak", "Gamma Elm")
    group_id = group(desk.inn)
    with desk.inn.db.transaction() as session:
        status = session.scalars(select(ClientStatus.id).where(ClientStatus.label == "Fraud")).one()
        session.execute(update(Client).where(Client.company_name == "Beta Oak").values(status_id=status))
        session.execute(
            update(Client).where(Client.company_name != "Gamma Elm").values(group_id=UUID(group_id))
        )
    assert rows(desk) == ["Gamma Elm", "Beta Oak", "Alpha Oak"]
    assert rows(desk, "q=oak") == ["Beta Oak", "Alpha Oak"]
    assert rows(desk, "q=oak&status=Fraud") == ["Beta Oak"]
    assert rows(desk, f"group={group_id}&status=Active") == ["Alpha Oak"]
    assert rows(desk, "group=none") == ["Gamma Elm"]
    assert rows(desk, "from=2000-01-01&to=2000-12-31") == []
    assert rows(desk, "from=2000-01-01") == ["Gamma Elm", "Beta Oak", "Alpha Oak"]
    page = texts(desk.get(f"/admin/clients?group={group_id}&from=2001-02-03"))
    assert "Filtered by Client group Watched From Feb 3, 2001" in page


def test_search_pages_by_place_and_keeps_its_filters(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.web.admin.page.PER_PAGE", 2)
    clients(desk.inn, *(f"Oak {number}" for number in range(5)))
    path, seen = "/admin/clients?q=oak&status=Active", []
    while path:
        page = desk.get(path)
        seen += re.findall(r"<bdi>(Oak \d)</bdi>", page)
        path = next((link for link in links(page, "/admin/clients?") if "after=" in link), "")
        assert not path or "status=Active" in path
    assert list(dict.fromkeys(seen)) == [f"Oak {number}" for number in (4, 3, 2, 1, 0)]


def test_a_saved_filter_is_its_owners_alone(desk: Desk) -> None:
    page = desk.done("/admin/lists/clients/views", query="status=Fraud&nonsense=1", label="  To   watch ")
    assert "The filter is saved" in page
    assert "/admin/clients?status=Fraud" in links(page, "/admin/clients?")
    assert "To watch" in texts(page)
    [delete] = [link for link in links(page, "/admin/lists/clients/views/") if link.endswith("/delete")]
    other = open_desk(desk.inn, name="Kai Kealoha")
    assert "To watch" not in texts(other.get("/admin/clients?status=Fraud"))
    assert other.post(delete).status_code == 404
    assert "The filter is deleted" in desk.done(delete)
    assert desk.post(delete).status_code == 404


def test_a_filter_needs_a_name_and_a_filter(desk: Desk) -> None:
    nul = {"query": "status=Fraud", "label": "To\0watch"}  # no database takes it
    for fields in ({"query": "status=Fraud", "label": " "}, {"query": "", "label": "All"}, nul):
        answer = desk.post("/admin/lists/clients/views", **fields)
        assert answer.status_code == 422
    answer = desk.post("/admin/lists/clients/views", query="q=oak", label="x" * 41)
    assert "up to 40 characters" in answer.text
    assert 'value="xxxx' in answer.text


def test_columns_are_chosen_by_each_for_themselves(desk: Desk) -> None:
    clients(desk.inn, "Alpha")
    desk.browser.post(
        "/admin/lists/clients/columns", base_url=HOST,
        data={"csrf_token": desk.token(), "columns": ["country", "nonsense"]},
    )  # fmt: skip
    head = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', desk.get("/admin/clients"))
    assert head == ["Client", "Country"]
    other = open_desk(desk.inn, name="Kai Kealoha")
    assert "Email" in re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', other.get("/admin/clients"))
    desk.done("/admin/lists/clients/columns", usual="1")
    assert "Email" in re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', desk.get("/admin/clients"))
    with desk.inn.db.read() as session:
        assert len(session.scalars(select(ListView)).all()) == 1


def test_a_file_holds_all_that_matches_and_is_written_down(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PER_READ", 2)
    clients(desk.inn, "Oak 1", "Oak 2", "=cmd|' /C calc'!A0", 'Oak, "quoted"\n', "Elm")
    answer = desk.browser.get("/admin/clients.csv?q=oak", base_url=HOST)
    assert [line[0] for line in table(answer)] == ["Client", 'Oak, "quoted"\n', "Oak 2", "Oak 1"]
    whole = table(desk.browser.get("/admin/clients.csv", base_url=HOST))
    assert len(whole) == 6
    assert "'=cmd|' /C calc'!A0" in [line[0] for line in whole]
    assert whole[0][-2:] == ["Number", "Contact"]
    monkeypatch.setattr(exporting, "MOST_IN_FILE", 2)
    short = table(desk.browser.get("/admin/clients.csv", base_url=HOST))
    assert len(short) == 4
    assert "first 2 lines" in short[3][0]
    with desk.inn.db.read() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.target == "list:clients")).all()
    assert actions == ["list.export"] * 3


@pytest.mark.parametrize(
    "kind", ["clients", "contacts", "orders", "services", "invoices", "payments", "jobs", "mails"]
)
def test_every_list_has_a_file(desk: Desk, kind: str) -> None:
    desk.inn.place_order("sandbox_card")
    lines = table(desk.browser.get(f"/admin/{kind}.csv", base_url=HOST))
    assert len(lines) >= 2
    assert {len(line) for line in lines} == {len(lines[0])}
    assert desk.get(f"/admin/{kind}?q=okonkwo").count("<tr>") >= 2  # found by the client's name, each of them


def test_a_change_of_many_is_shown_first_and_told_after(desk: Desk) -> None:
    ids = clients(desk.inn, "Alpha", "Beta", "Gamma")
    group_id = group(desk.inn)
    answer = send(desk, "/admin/lists/clients/bulk", ids[:2], action="group")
    assert answer.status_code == 200
    assert "2 clients. Nothing has been changed yet." in texts(answer.text)
    assert "Alpha" in answer.text
    assert "Gamma" not in answer.text
    wrong = send(desk, "/admin/lists/clients/bulk", ids[:2], action="group", confirm="1", group="nonsense")
    assert wrong.status_code == 422
    assert "Choose a group" in wrong.text
    done = send(desk, "/admin/lists/clients/bulk", ids[:2], action="group", confirm="1", group=group_id)
    assert done.status_code == 303
    assert "2 clients are in their new group" in desk.get(done.headers["Location"])
    assert rows(desk, f"group={group_id}") == ["Beta", "Alpha"]


def test_all_that_match_can_be_changed_within_a_limit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clients(desk.inn, *(f"Oak {number}" for number in range(4)), "Elm")
    fields = {"action": "group", "all": "1", "query": "q=oak", "confirm": "1", "group": group(desk.inn)}
    assert "4 clients" in desk.done("/admin/lists/clients/bulk", **fields)
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 3)
    answer = desk.post("/admin/lists/clients/bulk", **fields)
    assert answer.status_code == 422
    assert "At most 3 rows at once" in answer.text
    assert desk.post("/admin/lists/clients/bulk", action="group").status_code == 422  # none chosen


def test_one_that_fails_stops_no_other(desk: Desk) -> None:
    ids = clients(desk.inn, "Alpha", "Beta")
    with desk.inn.db.read() as session:
        closed = session.scalars(select(ClientStatus.id).where(ClientStatus.behaviour == "closed")).one()
    fields = {"action": "status", "confirm": "1", "status": str(closed)}
    assert send(desk, "/admin/lists/clients/bulk", ids, **fields).status_code == 422  # without a reason
    answer = send(
        desk, "/admin/lists/clients/bulk", [*ids, str(new_id()), "nonsense"], **fields, reason="Gone"
    )
    assert answer.status_code == 303
    token = desk.inn.place_order("sandbox_card")
    job = links(desk.get(desk.order_path(token)), "/admin/jobs/")[0].split("/")[3]
    told = send(desk, "/admin/lists/jobs/bulk", [job], action="retry", confirm="1")  # it is done already
    assert told.status_code == 200
    assert "1 not done" in texts(told.text)


def test_chosen_rows_as_a_file(desk: Desk) -> None:
    ids = clients(desk.inn, "Alpha", "Beta", "Gamma")
    answer = send(desk, "/admin/lists/clients/bulk", [ids[0], ids[2]], action="csv")
    assert [line[0] for line in table(answer)] == ["Client", "Gamma", "Alpha"]
    desk.inn.clock.advance(minutes=16)
    kept = send(desk, "/admin/lists/clients/bulk", ids[:1], action="csv")
    assert (kept.status_code, "Gamma" in kept.text) == (403, False)  # as for the whole file: show who you are


def test_what_one_may_not_do_is_not_there(inn: Inn) -> None:
    allowed = set(PERMISSIONS) - {"clients.edit", "lists.export"}
    desk = open_desk(inn, tuple(allowed))
    ids = clients(inn, "Alpha")
    page = desk.get("/admin/clients")
    assert "Change group" not in page
    assert ".csv" not in page
    assert desk.browser.get("/admin/clients.csv", base_url=HOST).status_code == 403
    for action in ("group", "csv", "nonsense"):
        assert send(desk, "/admin/lists/clients/bulk", ids, action=action).status_code == 403
    viewer = open_desk(inn, ("lists.export", "lists.bulk", "orders.view"), name="Kai Kealoha")
    assert viewer.browser.get("/admin/clients.csv", base_url=HOST).status_code == 403
    assert send(viewer, "/admin/lists/clients/bulk", ids, action="csv").status_code == 403


def test_contacts_are_found_by_their_own_words(desk: Desk) -> None:
    [client_id] = clients(desk.inn, "Hearthstone Dental")
    with desk.inn.db.transaction() as session:
        for first, is_primary in (("Priya", True), ("Kai", False)):
            session.add(
                Contact(
                    id=new_id(), client_id=UUID(client_id), is_primary=is_primary, roles=[], first_name=first,
                    last_name="Raghunathan", email=f"{first.lower()}@hearth.example", city="Austin",
                    street_address="1 Oak Street", country="US", primary_phone="+15125550100",
                )
            )  # fmt: skip
        session.flush()
        searching.write(session, "client", [UUID(client_id)])
    found = texts(desk.get("/admin/contacts?q=kai"))
    assert "Kai Raghunathan" in found
    assert "Priya" not in found
    assert "Priya Raghunathan" in texts(desk.get("/admin/contacts?q=dental&kind=primary"))
    assert "Kai" not in texts(desk.get("/admin/contacts?kind=primary"))


def test_last_four_and_numbers_are_found_from_anywhere(desk: Desk) -> None:
    order = desk.inn.view(desk.inn.place_order("sandbox_card"))
    page = html.unescape(desk.get("/admin/search?q=4242"))
    assert "ending in 4242" in texts(page)
    assert order.invoice_label in texts(desk.get(f"/admin/search?q={order.invoice_label[-6:]}"))
