"""Groups, statuses, custom fields and tax zones, at the desk."""

from __future__ import annotations

import re

from sqlalchemy import select

from core.clients.models import Client, ClientGroup, ClientStatus, CustomField
from core.tax.models import TaxRule
from tests.integration.web_admin.desk import Desk, open_desk, texts
from tests.integration.web_admin.test_client_account import add, stored

EVERYBODY = ("/admin/groups", "/admin/statuses", "/admin/custom-fields", "/admin/tax-zones")


def test_whoever_may_only_look_sees_no_buttons(desk: Desk) -> None:
    other = open_desk(desk.inn, ("settings.view", "taxes.view"), name="Ola Nordmann")
    for path in EVERYBODY:
        page = other.get(path)
        assert "btn-primary" not in page, path
        assert 'method="post"' not in page.split("<main", 1)[1], path
    other.get("/admin/groups/new", 403)
    assert other.post("/admin/statuses", label="x", behaviour="active").status_code == 403


def test_a_group_is_added_changed_and_only_deleted_without_clients(desk: Desk) -> None:
    said = texts(
        desk.done("/admin/groups/new", name="Web studios", discount_kind="percent", discount_value="12.5")
    )
    assert "Web studios 12.5% all products" in said
    with desk.inn.db.read() as session:
        group = session.scalars(select(ClientGroup).where(ClientGroup.name == "Web studios")).one()
    assert (group.discount_value, group.due_days, group.tax_policy) == (1250, None, "obey")
    client_id = add(desk, client_group="Web studios")
    refused = desk.post(f"/admin/groups/{group.id}/delete")
    assert refused.status_code == 409
    assert "Web studios has clients. Move them to another group first." in texts(refused.text)
    assert "1 client has it" in texts(desk.get(f"/admin/groups/{group.id}/edit"))
    desk.done(f"/admin/groups/{group.id}/clients", to="")
    assert stored(desk, client_id).group_id is None
    desk.done(f"/admin/groups/{group.id}/delete")
    assert "Web studios" not in desk.get("/admin/groups").split("<main", 1)[1].split("<table", 1)[1]


def test_a_group_that_two_people_change(desk: Desk) -> None:
    desk.done("/admin/groups/new", name="Web studios")
    with desk.inn.db.read() as session:
        group_id = session.scalars(select(ClientGroup.id).where(ClientGroup.name == "Web studios")).one()
    path = f"/admin/groups/{group_id}/edit"
    desk.done(path, version="1", name="Theirs")
    answer = desk.post(path, version="1", name="Mine")
    assert answer.status_code == 409
    said = texts(answer.text)
    assert "These fields differ" in said
    assert re.search(r"Name not known .*: Theirs .*: Mine", said)


def test_what_is_wrong_with_a_group(desk: Desk) -> None:
    wrong = {
        "name": "",
        "discount_kind": "percent",
        "discount_value": "101",
        "due_days": "400",
        "colour": "x",
    }
    answer = desk.post("/admin/groups/new", **wrong)
    assert answer.status_code == 422
    said = texts(answer.text)
    for sentence in ("Enter a name.", "up to 100", "from 0 to 365", "Choose one of the list."):
        assert sentence in said


def test_statuses_are_added_renamed_ordered_and_guarded(desk: Desk) -> None:
    said = texts(desk.done("/admin/statuses", label="On trial", behaviour="pending"))
    assert "On trial" in said
    with desk.inn.db.read() as session:
        ids = {row.label: row.id for row in session.scalars(select(ClientStatus))}
    desk.done(f"/admin/statuses/{ids['On trial']}", label="Trial", behaviour="active")
    desk.done(f"/admin/statuses/{ids['On trial']}/move", to="up")
    page = desk.get("/admin/statuses")
    assert page.index("Trial") < page.index("Collections")
    client_id = add(desk, status="Trial")
    assert desk.post(f"/admin/statuses/{ids['On trial']}/delete").status_code == 409
    assert (
        desk.post(f"/admin/statuses/{ids['On trial']}", label="Trial", behaviour="closed").status_code == 409
    )
    desk.done(f"/admin/clients/{client_id}/status", status="Active")
    desk.done(f"/admin/statuses/{ids['On trial']}/delete")
    again = desk.post("/admin/statuses", label="active", behaviour="active")
    assert again.status_code == 422
    assert "Another status has this label" in texts(again.text)


def test_the_last_active_status_stays(desk: Desk) -> None:
    with desk.inn.db.transaction() as session:
        active = session.scalars(select(ClientStatus).where(ClientStatus.behaviour == "active")).one()
        other = session.scalars(select(ClientStatus).where(ClientStatus.label == "Pending")).one()
        for client in session.scalars(select(Client)):
            client.status_id = other.id
        status_id = active.id
    refused = desk.post(f"/admin/statuses/{status_id}/delete")
    assert "This is the last active status." in texts(refused.text)
    assert desk.post(f"/admin/statuses/{status_id}", label="Active", behaviour="closed").status_code == 409


def make_field(desk: Desk, **fields: str) -> CustomField:
    desk.done("/admin/custom-fields/new", **({"owner": "client", "kind": "text"} | fields))
    with desk.inn.db.read() as session:
        return session.scalars(select(CustomField).where(CustomField.label == fields["label"])).one()


def test_custom_fields_stand_on_the_form_and_keep_their_values(desk: Desk) -> None:
    field = make_field(desk, label="How did you hear of us?", kind="choice", choices="Search\nTrade fair")
    assert field.key == "how_did_you_hear_of_us"
    make_field(desk, label="Since", kind="date", is_required="1")
    refused = desk.post(
        "/admin/clients/new", billing_country="DE", tax_id="DE136695976",
        custom_how_did_you_hear_of_us="Magic", custom_since="2026-02-31",
    )  # fmt: skip
    said = texts(refused.text)
    assert "Choose one of the list." in said
    assert "Enter a day that exists, as in 2026-02-28." in said
    assert 'value="2026-02-31"' in refused.text
    client_id = add(desk, custom_how_did_you_hear_of_us="Trade fair", custom_since="2026-02-28")
    page = desk.get(f"/admin/clients/{client_id}/edit")
    assert 'value="2026-02-28"' in page
    assert re.search(r'value="Trade fair" selected', page)


def test_a_field_with_values_is_archived_not_deleted(desk: Desk) -> None:
    field = make_field(desk, label="Manager")
    client_id = add(desk, custom_manager="Tomasz Nowak")
    refused = desk.post(f"/admin/custom-fields/{field.id}/delete")
    assert refused.status_code == 409
    assert "Archive it instead" in texts(refused.text)
    desk.done(f"/admin/custom-fields/{field.id}/archive", archived="1")
    assert "custom_manager" not in desk.get(f"/admin/clients/{client_id}/edit")
    desk.done(f"/admin/custom-fields/{field.id}/archive", archived="")
    assert "Tomasz Nowak" in desk.get(f"/admin/clients/{client_id}/edit")
    other_kind = desk.post(
        f"/admin/custom-fields/{field.id}/edit", version="3", label="Manager", kind="number"
    )  # fmt: skip
    assert "so its kind stays" in texts(other_kind.text)


def test_tax_rules_are_added_tried_and_ended(desk: Desk) -> None:
    said = texts(
        desk.done(
            "/admin/tax-zones", country="AT", name="VAT", percent="19", valid_from="2026-01-01", share=""
        )
    )
    assert "VAT whole country 19%" in said
    said = texts(desk.get("/admin/tax-zones?country=AT"))
    assert "VAT, 19% $19.00 Total $119.00" in said
    assert "Texas sales tax" in texts(desk.get("/admin/tax-zones?country=US&region=TX&tax_class=hosting"))
    with desk.inn.db.read() as session:
        rule_id = session.scalars(select(TaxRule.id).where(TaxRule.country == "AT")).one()
    refused = desk.post(f"/admin/tax-zones/{rule_id}/end", valid_to="2025-01-01")
    assert refused.status_code == 422
    assert f'id="end-{rule_id}-error"' in refused.text  # beside its field, which holds what was typed
    assert 'value="2025-01-01"' in refused.text
    desk.done(f"/admin/tax-zones/{rule_id}/end", valid_to="2026-06-01")
    assert "No tax $0.00 Total $100.00" in texts(desk.get("/admin/tax-zones?country=AT"))


def test_what_is_wrong_with_a_tax_rule(desk: Desk) -> None:
    wrong = {"country": "DE", "region": "TX", "name": "", "percent": "119", "valid_from": "2026-02-30"}
    answer = desk.post("/admin/tax-zones", **wrong)
    assert answer.status_code == 422
    said = texts(answer.text)
    for sentence in ("Enter a name", "from 0 to 100", "Enter a day that exists", "Choose a state of this"):
        assert sentence in said
    fine = {"country": "AT", "name": "VAT", "percent": "19", "valid_from": "2026-01-01"}
    for field, text in (("name", "V\0AT"), ("name", "V\u202eAT"), ("tax_class", "host\0ing")):
        answer = desk.post("/admin/tax-zones", **(fine | {field: text}))
        assert answer.status_code == 422
        assert "invisible characters" in texts(answer.text)
    again = desk.post("/admin/tax-zones", country="US", update="places")
    assert "Texas" in again.text
