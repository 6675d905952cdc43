"""Adding and changing a client's account, at the desk."""

from __future__ import annotations

import html
import re
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from core.clients import accounts, statuses
from core.clients.models import Client, ClientGroup
from core.kernel.audit import AuditEntry
from core.kernel.ids import new_id
from tests.integration.web_admin.desk import Desk, open_desk, texts

GERMAN = {
    "company_name": "Kowalczyk & Söhne GmbH", "status": "active", "billing_country": "DE",
    "tax_id": "DE 136 695 976", "billing_day": "",
}  # fmt: skip


def add(desk: Desk, **fields: str) -> UUID:
    """Add an account as the form does; the id from where it leads to."""
    answer = desk.post("/admin/clients/new", **(GERMAN | fields))
    assert answer.status_code == 303, texts(answer.text)[-1500:]
    found = re.search(r"/clients/([0-9a-f-]{36})", answer.headers["Location"])
    assert found is not None
    return UUID(found[1])


def stored(desk: Desk, client_id: UUID) -> Client:
    with desk.inn.db.read() as session:
        return session.get_one(Client, client_id)


def wrong(desk: Desk, **fields: str) -> str:
    answer = desk.post("/admin/clients/new", **(GERMAN | fields))
    assert answer.status_code == 422, answer.status_code
    return texts(answer.text)


def test_an_account_is_saved_before_its_contact(desk: Desk) -> None:
    page = desk.get("/admin/clients/new")
    assert "Only active accounts can be billed" in page
    answer = desk.post("/admin/clients/new", **GERMAN)
    assert answer.headers["Location"].endswith("/contacts/new")
    page = desk.get(answer.headers["Location"])
    assert "Kowalczyk &amp; Söhne GmbH" in page  # prefilled
    row = stored(desk, UUID(answer.headers["Location"].split("/")[-3]))
    assert (row.tax_id, row.billing_country, row.is_taxable) == ("DE136695976", "DE", False)
    assert (row.billing_day, row.group_id) == (None, None)


def test_save_and_close_leads_to_the_clients_page(desk: Desk) -> None:
    answer = desk.post("/admin/clients/new", **(GERMAN | {"then": "close"}))
    assert re.search(r"/admin/clients/[0-9a-f-]{36}$", answer.headers["Location"])
    assert "Kowalczyk" in desk.get(answer.headers["Location"])


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"billing_day": ""}, None),
        ({"billing_day": "15"}, 15),
        ({"billing_day": "own", "billing_day_own": "31"}, 31),
        ({"billing_day": "", "billing_day_own": "15"}, None),
    ],
)
def test_the_monthly_billing_day(desk: Desk, fields: dict[str, str], day: int | None) -> None:
    assert stored(desk, add(desk, **fields)).billing_day == day


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"company_name": "x" * 301}, "Use 300 characters at most."),
        ({"company_name": "Evil\u202egnp"}, "Remove the line breaks and invisible characters"),
        ({"billing_day": "32"}, "Enter a day from 1 to 31."),
        ({"billing_day": "0"}, "Enter a day from 1 to 31."),
        ({"billing_day": "own", "billing_day_own": "x"}, "Enter a day from 1 to 31."),
        ({"billing_day": "own"}, "Enter a day from 1 to 31, or obey"),
        ({"billing_country": "XX"}, "Choose a country from the list."),
        ({"status": "Sleeping"}, "Choose a status from the list."),
        ({"client_group": "Nobody"}, "Choose a group from the list."),
        ({"tax_id": "DE136695977"}, "Not a tax number of this country (Germany)."),
        ({"billing_country": "US", "tax_id": ""}, "enter the tax number of a client who is not taxable"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(desk: Desk, fields: dict[str, str], sentence: str) -> None:
    said = wrong(desk, **fields)
    assert sentence in said
    assert "One field needs a change" in said


def test_what_was_typed_stays(desk: Desk) -> None:
    answer = desk.post("/admin/clients/new", **(GERMAN | {"billing_day": "40"}))
    assert 'value="Kowalczyk &amp; Söhne GmbH"' in answer.text
    assert 'value="40"' in answer.text
    assert "1 field needs a change" in re.search(r"<title>(.*?)</title>", answer.text, re.S)[1]  # type: ignore[index]


def test_a_taxable_client_in_a_zone_needs_no_number(desk: Desk) -> None:
    client_id = add(desk, billing_country="US", tax_id="", is_taxable="1")
    assert stored(desk, client_id).is_taxable


def test_status_is_chosen_by_id_label_or_behaviour(desk: Desk) -> None:
    with desk.inn.db.read() as session:
        wanted = statuses.find(session, "Collections")
    for typed in (str(wanted), "Collections", "collections"):
        assert stored(desk, add(desk, status=typed)).status_id == wanted


def test_the_page_of_a_status_has_the_history(desk: Desk) -> None:
    client_id = add(desk)
    page = texts(
        desk.done(f"/admin/clients/{client_id}/status", status="Suspended", reason="Three invoices open")
    )
    assert "Three invoices open" in page
    assert "Marta Lindqvist" in page
    again = texts(desk.done(f"/admin/clients/{client_id}/status", status="Suspended", reason="again"))
    assert "has that status already" in again


def edit(desk: Desk, client_id: UUID, **fields: str) -> dict[str, str]:
    with desk.inn.db.read() as session:
        form = accounts.account(session, client_id).form()
    return form | fields


def test_changing_an_account_writes_down_what_changed(desk: Desk) -> None:
    client_id = add(desk)
    desk.done(f"/admin/clients/{client_id}/edit", **edit(desk, client_id, company_name="Kowalczyk KG"))
    with desk.inn.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "client.edit")).one()
    assert (entry.before, entry.after) == (
        {"company_name": "Kowalczyk & Söhne GmbH"}, {"company_name": "Kowalczyk KG"},
    )  # fmt: skip
    assert entry.actor == f"staff:{desk.user_id}"


def test_two_who_edit_one_account_see_each_other_and_choose(desk: Desk) -> None:
    client_id = add(desk)
    url = f"/admin/clients/{client_id}/edit"
    opened = hidden(desk.get(url))
    other = open_desk(desk.inn, ("clients.view", "clients.edit"), name="Ola Nordmann")
    mine = edit(desk, client_id, company_name="Mine GmbH", billing_day="own", billing_day_own="5") | opened
    theirs = {"company_name": "Theirs GmbH", "status": "Suspended", "is_taxable": "1"}
    other.done(url, **edit(desk, client_id, **theirs))
    answer = desk.post(url, **mine)
    assert answer.status_code == 409
    said = texts(answer.text)
    assert "Somebody else saved this meanwhile" in said
    # field, what it was, what it is now and by whom, mine
    assert re.search(
        r"Company name Kowalczyk & Söhne GmbH Company name, as it is now: Theirs GmbH Ola Nordmann, .*?"
        r"Company name, yours: Mine GmbH", said
    )  # fmt: skip
    assert re.search(r"Current status Active Current status, as it is now: Suspended Ola Nordmann", said)
    assert stored(desk, client_id).company_name == "Theirs GmbH"
    # what the second touched is theirs to keep; what they did not is the other's, unless they say otherwise
    chosen = dict(re.findall(r'name="(holds\.\w+)" value="(\w+)"[^>]* checked', answer.text))
    assert chosen == {
        "holds.company_name": "mine", "holds.status": "theirs", "holds.billing_day": "mine",
        "holds.is_taxable": "theirs", "holds.billing_day_own": "mine",
    }  # fmt: skip
    again = mine | hidden(answer.text)
    third = (
        again
        | chosen
        | {"holds.company_name": "theirs", "billing_day_own": "7", "holds.billing_day_own": "theirs"}
    )
    desk.done(url, **third)
    row = stored(desk, client_id)
    assert (row.company_name, row.is_taxable, row.billing_day) == ("Theirs GmbH", True, 7)
    with desk.inn.db.read() as session:
        assert statuses.history(session, client_id)[0].to_label == "Suspended"


def test_mine_over_theirs_where_it_is_wanted(desk: Desk) -> None:
    client_id = add(desk)
    url = f"/admin/clients/{client_id}/edit"
    mine = edit(desk, client_id, company_name="Mine GmbH") | hidden(desk.get(url))
    desk.done(url, **edit(desk, client_id, company_name="Theirs GmbH", is_taxable="1"))
    again = hidden(desk.post(url, **mine).text)
    desk.done(url, **(mine | again | {"holds.company_name": "mine", "holds.is_taxable": "mine"}))
    row = stored(desk, client_id)
    assert (row.company_name, row.is_taxable) == ("Mine GmbH", False)


def hidden(page: str) -> dict[str, str]:
    """The fields of a page that carry what it was drawn from and what was typed."""
    found = re.findall(r'type="hidden"[^>]* name="([\w.]+)" value="([^"]*)"', page)
    return {name: html.unescape(text) for name, text in found if name not in ("csrf_token", "asked")}


def test_the_status_can_be_changed_with_the_account(desk: Desk) -> None:
    client_id = add(desk)
    changed = edit(desk, client_id, status="Closed", reason="Moved away", company_name="Other")
    desk.done(f"/admin/clients/{client_id}/edit", **changed)
    with desk.inn.db.read() as session:
        assert statuses.history(session, client_id)[0].reason == "Moved away"
    assert stored(desk, client_id).company_name == "Other"


def test_groups_are_offered_once_there_are_any(desk: Desk) -> None:
    with desk.inn.db.transaction() as session:
        session.execute(delete(ClientGroup))  # those of the demo
    assert 'name="client_group"' not in desk.get("/admin/clients/new")
    with desk.inn.db.transaction() as session:
        session.add(ClientGroup(id=new_id(), name="Agencies"))
    assert 'name="client_group"' in desk.get("/admin/clients/new")
    assert stored(desk, add(desk, client_group="agencies")).group_id is not None


def test_who_may_only_look_may_not_add(desk: Desk) -> None:
    other = open_desk(desk.inn, ("clients.view",), name="Ola Nordmann")
    other.get("/admin/clients/new", 403)
    assert other.post("/admin/clients/new", **GERMAN).status_code == 403
    other.get(f"/admin/clients/{add(desk)}/contacts")
