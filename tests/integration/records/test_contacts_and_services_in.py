"""Further contacts and services find their client; services are written down, not made anew."""

from __future__ import annotations

from datetime import date

from core.catalog.models import Product
from core.clients.models import Client, Contact
from core.domains.models import Domain
from core.identity.models import User
from core.kernel.outbox import OutboxEvent
from core.provisioning.models import Job
from core.services.models import Service
from tests.integration.records.conftest import PERSON, Library, people, table

SERVICE = {
    "client": "R1", "product": "starter-hosting", "cycle": "Monthly", "next_due_on": "2026-12-05",
    "domain": "Pinewood.example", "started_on": "2019-01-05",
}  # fmt: skip


def test_contacts_find_their_client_by_reference_or_number(library: Library) -> None:
    library.read_in("clients", table(people(2)))
    rows = [
        PERSON | {"client": "R1", "first_name": "Bea", "roles": "Billing; technical", "username": "bea"},
        PERSON | {"client": "1002", "first_name": "Cid", "roles": ""},
        PERSON | {"client": "R9", "first_name": "Dan"},
        PERSON | {"client": "R1", "first_name": "Eve", "roles": "boss"},
        PERSON | {"client": "R1", "first_name": "Bea", "roles": "owner"},
        PERSON | {"client": "a\x00", "first_name": "Fay"},
    ]  # fmt: skip
    page = library.read_in("contacts", table(rows))
    assert [(one.line, set(one.messages)) for one in page.refused] == [
        (3, {"client"}), (4, {"roles"}), (5, {"email"}), (6, {"client"}),
    ]  # fmt: skip
    added = {one.first_name: one for one in library.all(Contact, Contact.first_name != "Ada")}
    assert set(added) == {"Bea", "Cid"}
    assert added["Bea"].roles == ["billing", "technical"]
    first, second = library.all(Client)
    assert (added["Bea"].client_id, added["Cid"].client_id) == (first.id, second.id)
    assert not any(one.is_primary for one in added.values())
    assert added["Bea"].user_id == library.all(User)[0].id
    assert {event.name for event in library.all(OutboxEvent)} == {"client.created", "contact.added"}

    again = library.read_in("contacts", table(rows[:2]))
    assert (again.view.made, again.view.known) == (0, 2)
    assert library.count(Contact) == 4


def test_services_run_on_as_they_did(library: Library) -> None:
    library.put_product("starter-hosting", {"month:1": 1200, "year:1": 12000})
    library.read_in("clients", table(people(1)))
    rows = [
        SERVICE | {"reference": "S1"},
        SERVICE | {"reference": "S2", "cycle": "annually", "price": "$99.00", "quantity": "2",
                   "next_due_on": "2027-02-28", "started_on": "2020-01-31", "domain": ""},
        SERVICE | {"reference": "S3", "cycle": "3 months", "price": "30"},
        SERVICE | {"reference": "S4", "cycle": "once", "price": "5"},
    ]  # fmt: skip
    page = library.read_in("services", table(rows))
    assert (page.view.made, page.view.refused) == (4, 0), page.refused
    first, second, third, once = library.all(Service)
    (client,) = library.all(Client)
    assert (first.status, first.client_id, first.domain) == ("active", client.id, "pinewood.example")
    assert (first.price_minor, first.price_reason, first.anchor_day) == (1200, "", 5)
    assert (first.next_due_on, first.paid_until) == (date(2026, 12, 5), date(2026, 12, 5))
    assert (second.price_minor, second.quantity, second.anchor_day) == (9900, 2, 31)
    assert second.price_reason
    assert (third.cycle_unit, third.cycle_count) == ("month", 3)
    assert (once.next_due_on, once.paid_until) == (None, None)
    assert library.count(Job) == 0, "nothing is provisioned"
    assert "service.activated" not in {event.name for event in library.all(OutboxEvent)}

    again = library.read_in("services", table(rows))
    assert (again.view.made, again.view.known, library.count(Service)) == (0, 4, 4)


def test_services_that_are_refused(library: Library) -> None:
    library.put_product("starter-hosting", {"month:1": 1200})
    old = library.put_product("old-plan", {"month:1": 900})
    with library.house.db.transaction() as session:
        session.get_one(Product, old).visible = False
    library.read_in("clients", table(people(1)))
    bad = (
        ({"client": "R7"}, {"client"}), ({"product": "none"}, {"product"}), ({"cycle": "often"}, {"cycle"}),
        ({"next_due_on": "05.12.2026"}, {"next_due_on"}), ({"next_due_on": ""}, {"next_due_on"}),
        ({"price": "1.001"}, {"price"}), ({"price": "free"}, {"price"}), ({"quantity": "0"}, {"quantity"}),
        ({"cycle": "2 years"}, {"price"}), ({"started_on": "2027-01-01"}, {"started_on"}),
        ({"domain": "a\x00b"}, {"domain"}), ({"client": "R7", "product": "none"}, {"client", "product"}),
    )  # fmt: skip
    rows = [SERVICE | {"domain": f"d{n}.example"} | cells for n, (cells, _fields) in enumerate(bad)]
    page = library.read_in("services", table([*rows, SERVICE | {"product": "OLD-plan"}]))
    assert [set(one.messages) for one in page.refused] == [fields for _cells, fields in bad]
    assert page.view.made == 1, "a plan that is off the shelf runs on"


def test_without_a_reference_a_running_service_is_known_by_its_domain(library: Library) -> None:
    library.put_product("starter-hosting", {"month:1": 1200})
    library.read_in("clients", table(people(1)))
    content = table([SERVICE])
    assert library.read_in("services", content).view.made == 1
    again = library.read_in("services", content)
    assert (again.view.made, again.view.known, library.count(Service)) == (0, 1, 1)


def test_domains_are_held(library: Library) -> None:
    library.put_product("example-domain", {"year:1": 1400}, kind="domain", provisioner="sandbox_registrar")
    library.read_in("clients", table(people(2)))
    row = SERVICE | {"product": "example-domain", "cycle": "yearly", "next_due_on": "2027-05-01"}
    rows = [
        row | {"reference": "D1"},
        row | {"reference": "D2", "client": "R2"},
        row | {"reference": "D3", "domain": ""},
    ]
    page = library.read_in("services", table(rows))
    assert [(one.line, set(one.messages)) for one in page.refused] == [(2, {"domain"}), (3, {"domain"})]
    (held,) = library.all(Domain)
    assert (held.name, held.state, held.expires_on) == ("pinewood.example", "held", date(2027, 5, 1))
    later = library.read_in("services", table([row | {"reference": "D4", "client": "R2"}]))
    assert set(later.refused[0].messages) == {"domain"}


def test_days_and_amounts_as_the_file_writes_them(library: Library) -> None:
    library.put_product("starter-hosting", {"month:1": 1200})
    library.read_in("clients", table(people(1)))
    row = SERVICE | {"next_due_on": "05.12.2026", "started_on": "01.02.2020", "price": "1.234,50 USD"}
    page = library.read_in("services", table([row]), dates="dmy", decimals="comma")
    assert page.view.made == 1, page.refused
    (service,) = library.all(Service)
    assert (service.next_due_on, service.started_on) == (date(2026, 12, 5), date(2020, 2, 1))
    assert service.price_minor == 123450


def test_who_was_merged_into_another_is_that_other_one(library: Library) -> None:
    content = table(people(2))
    library.read_in("clients", content)
    first, second = library.all(Client)
    with library.house.db.transaction() as session:
        session.get_one(Client, second.id).merged_into_id = first.id
    again = library.read_in("clients", content)
    assert (again.view.made, again.view.known) == (0, 2)
    library.read_in("contacts", table([PERSON | {"client": "R2", "first_name": "Bea"}]))
    assert library.count(Contact, Contact.client_id == first.id) == 2
