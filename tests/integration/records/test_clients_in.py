"""Clients are read in: each row whole or not at all, each once."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import insert

from core.clients.models import (
    Client,
    ClientGroup,
    ClientStatus,
    ClientStatusChange,
    Contact,
    ContactMailChoice,
    CustomField,
    CustomValue,
)
from core.clients.values import MAIL_TYPES
from core.identity.details import UNUSABLE
from core.identity.models import Membership, User
from core.identity.passwords import verify_password
from core.kernel import audit
from core.kernel.audit import AuditEntry
from core.kernel.ids import new_id
from core.kernel.outbox import OutboxEvent
from core.kernel.problems import Conflict, InvalidFields
from core.records.importing import running, service
from core.records.importing.guessing import REASONS
from core.records.importing.of_clients import Clients
from core.records.models import Import, ImportRow
from tests.integration.records.conftest import PERSON, Library, people, table


def mended(content: bytes, line: int, **cells: str) -> bytes:
    """An error file after somebody has changed cells of one of its rows."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    rows[line] |= cells
    return table(rows)


def test_a_client_with_everything(library: Library) -> None:
    with library.house.db.transaction() as session:
        session.add(ClientGroup(id=new_id(), name="Schools"))
        session.execute(
            insert(CustomField),
            [
                {"id": new_id(), "owner": "client", "key": "source", "label": "Source", "kind": "text"},
                {"id": new_id(), "owner": "contact", "key": "pronoun", "label": "Pronoun", "kind": "text"},
            ],
        )  # fmt: skip
    row = PERSON | {
        "reference": "W-17", "company_name": "=Pinewood Bakery", "client_group": "schools",
        "status": "Suspended", "billing_day": "31", "is_taxable": "no", "tax_id": "12-3456789",
        "client_since": "2019-03-05", "language": "German", "email_format": "Plain text", "username": "ada.o",
        "email_actions": "Invoice, payment_error", "country": "United States", "county": "Travis",
        "source": "fair", "pronoun": "she",
    }  # fmt: skip
    page = library.read_in("clients", table([row]))

    assert (page.view.made, page.view.refused) == (1, 0), page.refused
    (client,) = library.all(Client)
    assert (client.company_name, client.external_reference) == ("=Pinewood Bakery", "W-17")
    assert (client.billing_day, client.is_taxable, client.tax_id) == (31, False, "12-3456789")
    assert (client.billing_country, client.currency, client.number) == ("US", "USD", 1001)
    assert client.created_at.date().isoformat() == "2019-03-05"
    (contact,) = library.all(Contact)
    assert (contact.is_primary, contact.country, contact.state) == (True, "US", "TX")
    assert (contact.language, contact.email_format) == ("de", "text")
    assert contact.primary_phone == "+15125550186"
    assert {one.mail_type for one in library.all(ContactMailChoice)} == {"invoice", "payment_error"}
    assert {one.value for one in library.all(CustomValue)} == {"fair", "she"}
    (step,) = library.all(ClientStatusChange)
    assert (step.from_label, step.to_behaviour, step.at) == ("", "suspended", client.created_at)
    (user,) = library.all(User)
    assert (user.username, user.password_hash, contact.user_id) == ("ada.o", UNUSABLE, user.id)
    assert not verify_password(user.password_hash, "")
    assert library.count(Membership, Membership.client_id == client.id) == 1
    names = {event.name for event in library.all(OutboxEvent)}
    assert names == {"client.created"}, "nobody is invited or written to"


def test_empty_cells_take_what_is_usual(library: Library) -> None:
    library.read_in("clients", table([PERSON]))
    (client,) = library.all(Client)
    (status,) = library.all(ClientStatus, ClientStatus.id == client.status_id)
    assert (status.behaviour, client.is_taxable, client.external_reference) == ("active", True, "")
    assert library.count(ContactMailChoice) == len(MAIL_TYPES)
    assert client.created_at == library.house.clock.now()


def test_one_value_for_all_rows(library: Library) -> None:
    row = {name: value for name, value in PERSON.items() if name != "country"}
    library.read_in("clients", table([row | {"reference": "1"}]), fixed_country="US", fixed_status="Closed")
    (client,) = library.all(Client)
    assert client.billing_country == "US"
    assert client.closed_at is not None


def test_checking_writes_nothing(library: Library) -> None:
    import_id = library.checked("clients", table([*people(3), PERSON | {"email": "no"}]))
    view = library.view(import_id)
    assert (view.is_dry, view.made, view.known, view.refused) == (True, 3, 0, 1)
    for model in (Client, Contact, ClientStatusChange, OutboxEvent):
        assert library.count(model) == 0
    assert {entry.action for entry in library.all(AuditEntry)} == {"import.upload"}
    states = [row.state for row in library.page(import_id).sample]
    assert states == ["made", "made", "made", "refused"]


def test_the_same_file_again_changes_nothing(library: Library) -> None:
    content = table(people(5))
    library.read_in("clients", content)
    with library.house.db.transaction() as session:
        client = session.get_one(Client, library.all(Client)[0].id)
        client.company_name = "Changed since"
    page = library.read_in("clients", content)
    assert (page.view.made, page.view.known, page.view.refused) == (0, 5, 0)
    assert library.count(Client) == 5
    assert library.all(Client)[0].company_name == "Changed since"


def test_a_file_without_references_is_not_read_in_twice_by_mistake(library: Library) -> None:
    content = table([PERSON])
    library.read_in("clients", content)
    import_id = library.checked("clients", content)
    with pytest.raises(Conflict, match="import 1"):
        service.read_in(library.house, import_id, actor="system", here=True)
    service.read_in(library.house, import_id, actor="system", again=True, here=True)
    assert library.run(import_id).made == 1
    assert library.count(Client) == 2


BAD = (
    ({"email": "nobody"}, {"email"}), ({"first_name": ""}, {"first_name"}),
    ({"first_name": "4242 4242 4242 4242"}, {"first_name"}), ({"postal_code": "1"}, {"postal_code"}),
    ({"country": "Atlantis"}, {"country"}), ({"billing_country": "XX"}, {"billing_country"}),
    ({"primary_phone": "12"}, {"primary_phone"}), ({"status": "Asleep"}, {"status"}),
    ({"client_group": "none such"}, {"client_group"}), ({"billing_day": "32"}, {"billing_day"}),
    ({"is_taxable": "perhaps"}, {"is_taxable"}), ({"client_since": "2026-02-30"}, {"client_since"}),
    ({"client_since": "2031-01-01"}, {"client_since"}), ({"language": "Klingon"}, {"language"}),
    ({"email_actions": "Invoice, Gossip"}, {"email_actions"}), ({"reference": "x" * 101}, {"reference"}),
    ({"last_name": "Ada\x00"}, {"last_name"}), ({"reference": "a\tb"}, {"reference"}),
    ({"company_name": "two\nlines"}, {"company_name"}), ({"username": "a b"}, {"username"}),
    ({"email": "x", "city": "", "billing_day": "0"}, {"email", "city", "billing_day"}),
)  # fmt: skip


def test_rows_that_are_refused_say_why_and_hold_up_nobody(library: Library) -> None:
    rows = [PERSON | {"reference": f"B{n}"} | cells for n, (cells, _fields) in enumerate(BAD)]
    page = library.read_in("clients", table([*people(1), *rows]))
    assert (page.view.made, page.view.refused, library.count(Client)) == (1, len(BAD), 1)
    assert [set(one.messages) for one in page.refused] == [fields for _cells, fields in BAD]
    assert all(len(text) > 10 for one in page.refused for text in one.messages.values())


def test_a_row_with_too_many_cells(library: Library) -> None:
    content = table(people(1)) + b"a," * 30 + b"b\n"
    page = library.read_in("clients", content)
    assert "separator" in page.refused[0].messages[""]


def test_the_error_file_can_be_mended_and_read_in_again(library: Library) -> None:
    rows = people(4)
    rows[1] |= {"email": "=cmd()", "company_name": 'Cells, "quoted"\nand broken'}
    rows[3] |= {"city": ""}
    first = library.read_in("clients", table(rows, separator=";", encoding="cp1252"))
    assert (first.view.made, first.view.refused) == (2, 2)

    content = library.refused(first.view.id)
    held = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["reference"] for row in held] == ["R2", "R4"]
    assert {name: text for name, text in held[0].items() if name != REASONS} == rows[1], "as it was"
    assert "email address" in held[0][REASONS]

    second = library.read_in("clients", mended(content, 0, email="m@pinewood.example", company_name=""))
    assert (second.view.made, second.view.known, second.view.refused) == (1, 0, 1)
    assert REASONS in second.layout.head
    assert REASONS not in {second.layout.head[column] for column in second.mapped.columns.values()}

    third = library.read_in("clients", mended(library.refused(second.view.id), 0, city="Austin"))
    assert (third.view.made, third.view.refused) == (1, 0)
    again = library.read_in("clients", table(rows))
    assert (again.view.made, again.view.known) == (0, 2)
    assert library.count(Client) == 4


def test_of_two_rows_with_one_reference_the_first_counts(library: Library) -> None:
    rows = people(3)
    rows[2] |= {"reference": "R1"}
    page = library.read_in("clients", table(rows))
    assert page.view.made == 2
    assert page.refused[0].messages == {"reference": "Row 1 of this file has the same."}


def test_user_names_are_each_somebodys_own(library: Library) -> None:
    rows = [one | {"username": name} for one, name in zip(people(4), ["ada", "bea", "ADA", ""], strict=True)]
    rows[1] |= {"email": rows[0]["email"]}  # one address signs in once
    page = library.read_in("clients", table(rows))
    assert [(one.line, set(one.messages)) for one in page.refused] == [(2, {"email"}), (3, {"username"})]
    assert (page.view.made, library.count(User)) == (2, 1)
    later = library.read_in("clients", table([PERSON | {"username": "Ada", "reference": "new"}]))
    assert set(later.refused[0].messages) == {"username"}


def test_what_another_writes_at_this_moment_costs_one_row(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.read_in("clients", table(people(1)))
    import_id = library.checked("clients", table(people(4)))
    # As if the client R1 had come between our look and our list.
    monkeypatch.setattr(Clients, "look", lambda _self, _session, _row: False)
    service.read_in(library.house, import_id, actor="system", here=True)
    view = library.run(import_id)
    assert (view.made, view.refused, library.count(Client)) == (3, 1, 4)
    assert [one.line for one in library.page(import_id).refused] == [1]


def test_numbers_have_no_gaps_and_the_audit_log_holds(library: Library) -> None:
    rows = people(6)
    rows[2] |= {"email": "no"}
    library.read_in("clients", table(rows))
    assert [client.number for client in library.all(Client)] == [1001, 1002, 1003, 1004, 1005]
    with library.house.db.read() as session:
        assert list(audit.verify(session)) == []
    actions = [entry.action for entry in library.all(AuditEntry)]
    assert actions.count("client.create") == actions.count("contact.create") == 5
    assert actions.count("import.done") == 1


def test_the_mapping_is_checked(library: Library) -> None:
    import_id = library.take("clients", table(people(1)))
    with pytest.raises(InvalidFields) as problem:
        library.lay(import_id, column_0="", fixed_country="", column_1="email")
    assert problem.value.messages
    assert library.view(import_id).state == "mapping"


def test_an_import_that_has_written_is_not_laid_anew(library: Library) -> None:
    page = library.read_in("clients", table(people(1)))
    with pytest.raises(Conflict):
        library.lay(page.view.id)
    with pytest.raises(Conflict):
        service.read_in(library.house, page.view.id, actor="system", here=True)


def test_it_can_be_checked_again_with_another_mapping(library: Library) -> None:
    import_id = library.checked("clients", table(people(2)), fixed_status="Asleep")
    assert library.view(import_id).refused == 2
    library.lay(import_id, fixed_status="Active")
    view = library.run(import_id)
    assert (view.made, view.refused, library.count(ImportRow)) == (2, 0, 0)


def test_a_card_number_is_refused_and_kept_nowhere(library: Library) -> None:
    page = library.read_in("clients", table([PERSON | {"company_name": "Card 4242 4242 4242 4242"}]))
    assert page.view.refused == 1
    told = json.dumps([one.sample for one in library.all(Import)], ensure_ascii=False)
    assert "Card \u2022\u2022\u2022\u2022 4242" in told
    assert "4242 4242" not in told


def test_an_unknown_kind_keeps_no_file(library: Library) -> None:
    with pytest.raises(InvalidFields):
        library.take("cards", b"a\n1\n")
    assert library.count(Import) == 0


def test_names_of_files_are_for_people(library: Library) -> None:
    import_id = library.take("clients", table(people(1)), name="../../etc/pass\x00wd\n.csv")
    assert library.view(import_id).file_name == "passwd.csv"
    (kept,) = library.kept()
    assert "passwd" not in kept


def test_a_sample_is_kept_of_the_first_rows_only(library: Library) -> None:
    page = library.read_in("clients", table(people(running.SAMPLED + 5)))
    assert [row.line for row in page.sample] == list(range(1, running.SAMPLED + 1))
