"""The people of a client, at the desk."""

from __future__ import annotations

import re
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select

from core.clients import contacts
from core.clients.contacts import Person
from core.clients.values import MAIL_TYPES
from core.identity import factors
from core.identity.models import Membership, User
from core.kernel.audit import AuditEntry
from core.kernel.outbox import OutboxEvent
from tests.integration.web_admin.desk import PASSWORD as DESK_PASSWORD
from tests.integration.web_admin.desk import Desk, texts
from tests.integration.web_admin.test_client_account import add as add_account
from tests.integration.web_admin.test_client_account import hidden

PASSWORD = "a short sentence is best"
TEXAN = {
    "company_name": "Pinewood Bakery LLC", "first_name": "Adaeze", "last_name": "Okonkwo",
    "email": "adaeze@pinewood.example", "country": "US", "street_address": "2207 East Cesar Chavez Street",
    "city": "Austin", "state": "TX", "county": "Travis", "postal_code": "78702",
    "primary_phone": "+1 512 555 0186 ext. 12", "username": "adaeze", "password": PASSWORD,
    "confirm_password": PASSWORD, "language": "en", "email_format": "html",
}  # fmt: skip


def path_of(client_id: UUID, rest: str) -> str:
    return f"/admin/clients/{client_id}/contacts/{rest}"


def people(desk: Desk, client_id: UUID) -> tuple[Person, ...]:
    with desk.inn.db.read() as session:
        return contacts.people(session, client_id)


def add(desk: Desk, client_id: UUID, **fields: str) -> Person:
    answer = desk.post(path_of(client_id, "new"), **(TEXAN | fields))
    assert answer.status_code == 303, texts(answer.text)[-2000:]
    return max(people(desk, client_id), key=lambda one: one.id)


def test_the_first_contact_is_the_primary_one_and_signs_in(desk: Desk) -> None:
    client_id = add_account(desk)
    assert "Add primary contact" in desk.get(f"/admin/clients/{client_id}/contacts")
    answer = desk.post(path_of(client_id, "new"), **TEXAN)
    assert answer.headers["Location"].endswith(("/billing-accounts/new", str(client_id)))
    (found,) = people(desk, client_id)
    assert (found.is_primary, found.username, found.is_invited) == (True, "adaeze", False)
    assert found.fields["primary_phone"] == "+15125550186;ext=12"
    page = texts(desk.get(f"/admin/clients/{client_id}/contacts"))
    assert "+1 512-555-0186 ext. 12" in page
    assert "Adaeze Okonkwo Primary" in page


def test_a_state_without_its_county_brings_the_counties(desk: Desk) -> None:
    client_id = add_account(desk)
    answer = desk.post(path_of(client_id, "new"), **(TEXAN | {"county": ""}))
    assert answer.status_code == 422
    assert "Choose the county. Taxes in Texas differ by county." in texts(answer.text)
    offered = re.search(r'<select[^>]*name="county".*?</select>', answer.text, re.S)
    assert offered is not None
    assert '<option value="Travis">' in offered[0]
    assert 'value="Adaeze"' in answer.text
    assert PASSWORD not in answer.text


def test_another_country_is_drawn_without_script(desk: Desk) -> None:
    client_id = add_account(desk)
    japan = desk.post(path_of(client_id, "new"), country="JP", first_name="Aiko", update="places")
    assert japan.status_code == 200
    order = [
        japan.text.index(f'name="{name}"') for name in ("postal_code", "state", "city", "street_address")
    ]
    assert order == sorted(order)
    assert "Prefecture" in japan.text
    assert 'value="Aiko"' in japan.text
    germany = desk.post(path_of(client_id, "new"), country="DE", update="places").text
    assert 'name="state"' not in germany
    assert 'name="county"' not in germany
    assert germany.index('name="postal_code"') < germany.index('name="city"')
    fields = desk.get("/admin/places?country=US&state=TX")
    assert "254 counties" in fields


def test_all_mails_are_on_at_first_and_only_ticked_ones_kept(desk: Desk) -> None:
    client_id = add_account(desk)
    page = desk.get(path_of(client_id, "new"))
    ticked = re.findall(r'name="email_actions" value="(\w+)" checked', page)
    assert ticked == [key for key, _label in MAIL_TYPES]
    answer = desk.browser.post(
        path_of(client_id, "new"), base_url="http://127.0.0.1:8000",
        data=TEXAN | {"csrf_token": desk.token(), "email_actions": ["invoice", "payment_error"]},
    )  # fmt: skip
    assert answer.status_code == 303
    assert people(desk, client_id)[0].mail_choices == ("invoice", "payment_error")


def test_without_a_password_an_invitation_goes_out(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id, password="", confirm_password="")
    assert found.is_invited
    with desk.inn.db.read() as session:
        event = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "user.invited")).one()
    assert event.payload["user_id"] == str(found.user_id)
    assert "Invite again" in desk.get(f"/admin/clients/{client_id}/contacts")
    desk.done(path_of(client_id, f"{found.id}/invite"))


def test_a_password_that_staff_set_is_told_to_its_owner(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id)
    other = {"password": "another short sentence", "confirm_password": "another short sentence"}
    desk.done(path_of(client_id, f"{found.id}/edit"), **(TEXAN | other | {"version": "1"}))
    with desk.inn.db.read() as session:
        event = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "user.password_changed")).one()
    assert (event.payload["user_id"], event.payload["area"]) == (str(found.user_id), "portal")


def test_what_somebody_signs_in_with_is_changed_after_proof(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id)
    edit = path_of(client_id, f"{found.id}/edit")
    same = TEXAN | {"password": "", "confirm_password": "", "version": "1"}
    assert 'name="password"' in desk.get(edit)
    desk.inn.clock.advance(minutes=16)
    page = desk.get(edit)
    assert 'name="password"' not in page
    assert "confirm that it is you" in texts(page)
    other = {"password": "another short sentence", "confirm_password": "another short sentence"}
    refused = desk.post(edit, **(same | other))
    assert refused.status_code == 422
    assert "Confirm first that it is you, then choose the password." in texts(refused.text)
    for change in ({"email": "new@pinewood.example"}, {"username": "ada"}, {"username": ""}):
        asked = desk.post(edit, **(same | change))
        assert asked.status_code == 403, change
        assert "Is it still you?" in texts(asked.text)
    desk.done(edit, **(same | {"city": "Dallas"}))  # where they live is nobody's key
    (kept,) = people(desk, client_id)
    assert (kept.username, kept.fields["email"]) == ("adaeze", "adaeze@pinewood.example")
    assert kept.fields["city"] == "Dallas"
    assert (
        desk.post(
            path_of(client_id, "new"), **(TEXAN | {"username": "ben", "email": "b@b.example"})
        ).status_code
        == 303
    )


def test_a_form_that_waits_for_proof_tells_what_was_changed_in_it(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id)
    edit = path_of(client_id, f"{found.id}/edit")
    drawn = hidden(desk.get(edit))["drawn"]
    desk.inn.clock.advance(minutes=16)
    same = TEXAN | {"password": "", "confirm_password": ""}
    changed = same | {"email": "new@pinewood.example", "company_name": "", "version": "1", "drawn": drawn}
    kept = hidden(desk.post(edit, **changed).text)["kept"]
    page = desk.post("/admin/prove", kept=kept, password=DESK_PASSWORD).text
    words = texts(page)
    assert "Company name empty" in words
    assert "Email new@pinewood.example" in words
    assert "First name" not in words
    assert "drawn" not in words.lower()
    assert 'name="first_name" value="Adaeze"' in page, "but all of it is sent"


def test_nobody_has_to_sign_in(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id, username="", password="", confirm_password="")
    assert (found.username, found.user_id) == ("", None)
    refused = desk.post(path_of(client_id, f"{found.id}/invite"))
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": ""}, "Choose a user name."),
        ({"confirm_password": "something else entirely"}, "The two passwords differ."),
        ({"password": "short", "confirm_password": "short"}, "Use 15 characters or more."),
        ({"email": "\u0430daeze@pinewood.example"}, "Enter an email address"),
        ({"fax": "+1 512 555 0186 ext. 3"}, "This number can have no extension."),
        ({"primary_phone": "+1 512 555 0186 ext. 12345678"}, "An extension has seven digits at most."),
        ({"first_name": ""}, "Enter the first name."),
        ({"roles": "king"}, "Choose roles from the list."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(desk: Desk, fields: dict[str, str], sentence: str) -> None:
    client_id = add_account(desk)
    answer = desk.post(path_of(client_id, "new"), **(TEXAN | fields))
    assert answer.status_code == 422
    assert sentence in texts(answer.text)


def test_a_taken_user_name_is_told(desk: Desk) -> None:
    add(desk, add_account(desk))
    answer = desk.post(path_of(add_account(desk), "new"), **(TEXAN | {"email": "other@pinewood.example"}))
    assert answer.status_code == 422
    assert "This user name is taken" in texts(answer.text)


def test_another_contact_becomes_primary_and_the_old_one_may_go(desk: Desk) -> None:
    client_id = add_account(desk)
    first = add(desk, client_id)
    second = add(desk, client_id, first_name="Ben", username="ben", email="ben@pinewood.example")
    assert not second.is_primary
    refused = desk.post(path_of(client_id, f"{first.id}/remove"))
    assert refused.status_code == 409
    assert "Make another contact the primary one first." in texts(refused.text)
    desk.done(path_of(client_id, f"{second.id}/primary"))
    desk.done(path_of(client_id, f"{first.id}/remove"))
    assert [one.name for one in people(desk, client_id)] == ["Ben Okonkwo"]
    with desk.inn.db.read() as session:
        left = session.scalars(select(Membership.user_id).where(Membership.client_id == client_id)).all()
        actions = [
            entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
            if entry.action.startswith("contact.")
        ]  # fmt: skip
    assert left == [second.user_id]
    assert actions == ["contact.create", "contact.create", "contact.make_primary", "contact.remove"]
    desk.get(path_of(client_id, f"{first.id}/edit"), 404)


def test_changing_a_contact_keeps_the_sign_in_in_step(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id)
    changed = TEXAN | {
        "email": "new@pinewood.example",
        "password": "",
        "confirm_password": "",
        "version": "1",
    }
    desk.done(path_of(client_id, f"{found.id}/edit"), **changed)
    with desk.inn.db.read() as session:
        user = session.get_one(User, found.user_id)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "contact.edit")).one()
    assert user.email == "new@pinewood.example"
    assert entry.after is not None
    assert entry.after["email"] == "new@pinewood.example"
    assert "street_address" not in entry.after


def test_an_emptied_user_name_takes_the_sign_in_away(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id)
    changed = TEXAN | {"username": "", "password": "", "confirm_password": "", "version": "1"}
    desk.done(path_of(client_id, f"{found.id}/edit"), **changed)
    assert people(desk, client_id)[0].username == ""
    with desk.inn.db.read() as session:
        assert session.scalars(select(Membership).where(Membership.client_id == client_id)).all() == []


def test_two_who_edit_one_contact_see_each_other(desk: Desk) -> None:
    client_id = add_account(desk)
    found = add(desk, client_id)
    path = path_of(client_id, f"{found.id}/edit")
    still = TEXAN | {"password": "", "confirm_password": "", "version": "1"}
    opened = hidden(desk.get(path))
    desk.done(path, **(still | {"last_name": "Theirs", "roles": "technical"}))
    mine = still | opened | {"last_name": "Mine", "roles": "owner"}
    answer = desk.post(path, **mine)
    assert answer.status_code == 409
    said = texts(answer.text).split("It is now")[1].split("Save what is chosen")[0]
    assert re.search(r"Last name, as it is now: Theirs Marta Lindqvist, .*Last name, yours: Mine", said)
    assert "Primary phone" not in said
    choice = {"holds.last_name": "mine", "holds.roles": "theirs"}
    desk.done(path, **(mine | hidden(answer.text) | choice))
    now = people(desk, client_id)[0]
    assert (now.fields["last_name"], now.roles) == ("Mine", ("technical",))


def test_a_contact_belongs_to_its_client(desk: Desk) -> None:
    found = add(desk, add_account(desk))
    desk.get(path_of(add_account(desk), f"{found.id}/edit"), 404)


def test_who_lost_their_second_factor_is_relieved_of_it(desk: Desk) -> None:
    client_id = add_account(desk)
    person = add(desk, client_id)
    house, url = desk.inn.house, path_of(client_id, f"{person.id}/reset-factor")
    assert "Reset second factor" not in desk.get(f"/admin/clients/{client_id}/contacts")
    assert desk.post(url).status_code == 409
    with house.db.transaction() as session:
        factors.begin_totp(session, house.keys, person.user_id, house.clock.now())
        secret = factors.prepared(session, house.keys, person.user_id, house.clock.now())
        code = pyotp.TOTP(secret).at(house.clock.now())
        assert factors.confirm_totp(session, house.keys, person.user_id, code, "", house.clock.now())
    assert "Reset second factor" in desk.get(f"/admin/clients/{client_id}/contacts")
    other = add_account(desk, company_name="Somebody Else")
    assert desk.post(path_of(other, f"{person.id}/reset-factor")).status_code == 404
    assert "are gone" in texts(desk.done(url))
    assert not people(desk, client_id)[0].has_factor
    assert "user: reset factor" in texts(desk.get(f"/admin/clients/{client_id}/audit"))
    with house.db.read() as session:
        told = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "user.factor_changed")).all()
    assert {one.payload["area"] for one in told} == {"portal"}
