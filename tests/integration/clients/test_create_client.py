"""A new client with all that belongs to it, in one transaction."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from core.brands import service as brands
from core.brands.values import BrandView, NewBrand
from core.clients import service
from core.clients.models import Client, ClientStatus, Contact, Membership
from core.clients.values import NewClient
from core.identity.models import User
from core.kernel.audit import AuditEntry
from core.kernel.db import Base
from core.kernel.ids import new_id
from core.kernel.outbox import OutboxEvent, Subscriber
from core.kernel.problems import InvalidFields, NotFound
from tests.fixtures.house import SmallHouse
from tests.fixtures.race import race
from tests.integration.clients.conftest import PASSWORD_HASH, Make
from tests.integration.clients.conftest import Contact as MakeContact


def count(house: SmallHouse, table: type[Base]) -> int:
    with house.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_everything_of_a_client_is_there(house: SmallHouse, brand: BrandView, make_client: Make) -> None:
    new = make_client()
    with house.db.read() as session:
        client = service.client_by_id(session, new.client_id)
        contact = service.primary_contact(session, new.client_id)
        membership = session.scalars(select(Membership)).one()
        user = session.scalars(select(User)).one()
    assert (client.number, client.behaviour, client.currency) == (new.number, "active", "USD")
    assert (client.brand_id, client.billing_country, client.is_taxable) == (brand.id, "US", True)
    assert (client.credit_minor, client.billing_day) == (0, None)
    assert (contact.id, contact.name, contact.display_name) == (
        new.contact_id,
        "Adaeze Okonkwo",
        "Pinewood Bakery LLC",
    )
    assert (contact.state, contact.county, contact.primary_phone) == ("TX", "Travis", "+15125550186")
    assert contact.mail_choices == ("order_received", "invoice")
    assert (membership.user_id, membership.client_id) == (new.user_id, new.client_id)
    assert (user.id, user.username, user.password_hash) == (new.user_id, "adaeze", PASSWORD_HASH)


def test_it_is_told_and_written_down(house: SmallHouse, make_client: Make) -> None:
    house.outbox.subscribe(Subscriber(name="mail", event="client.created", handle=lambda fact: None))
    new = make_client()
    with house.db.read() as session:
        event = session.scalars(select(OutboxEvent)).one()
        entry = session.scalars(select(AuditEntry)).one()
    assert (event.name, event.payload) == ("client.created", {"client_id": str(new.client_id)})
    assert [task for task, *_ in house.engine.asked] == ["outbox"]
    assert (entry.actor, entry.action) == (f"client:{new.user_id}", "client.create")
    assert entry.target == f"client:{new.client_id}"


def test_without_a_user_name_there_is_no_user(house: SmallHouse, make_client: Make) -> None:
    new = make_client(username="", company_name="")
    assert new.user_id is None
    assert (count(house, User), count(house, Membership)) == (0, 0)
    with house.db.read() as session:
        assert service.primary_contact(session, new.client_id).display_name == "Adaeze Okonkwo"
        assert session.scalars(select(AuditEntry.actor)).one() == "visitor"


def test_a_user_without_a_password_is_a_mistake_of_ours(
    house: SmallHouse, brand: BrandView, contact: MakeContact
) -> None:
    with house.db.transaction() as session, pytest.raises(ValueError, match="hash of a password"):
        service.create_client(session, house, brand, contact(), "", house.clock.now())


def test_what_is_taken_undoes_all_of_it(house: SmallHouse, make_client: Make) -> None:
    make_client()
    with pytest.raises(InvalidFields) as refused:
        make_client()
    assert refused.value.messages.keys() == {"username", "email"}
    assert [count(house, table) for table in (Client, Contact, User, OutboxEvent, AuditEntry)] == [1] * 5
    assert make_client(username="bea", email="bea@example.com").number == service.FIRST_NUMBER + 1


def test_numbers_are_gapless_per_brand_under_a_crowd(
    house: SmallHouse, brand: BrandView, contact: MakeContact
) -> None:
    with house.db.transaction() as session:
        other_id = brands.set_up(session, NewBrand(slug="other", name="Other", currency="EUR"))
        other = brands.brand_by_id(session, other_id)

    def one(number: int) -> int | None:
        form = {"username": f"user{number % 20}", "email": f"user{number % 20}@example.com"}
        try:
            with house.db.transaction() as session:
                new = service.create_client(
                    session, house, brand, contact(**form), PASSWORD_HASH, house.clock.now()
                )
        except InvalidFields:  # half of them want a name that is taken
            return None
        return new.number

    numbers = [number for number in race(40, one) if number is not None]
    assert sorted(numbers) == list(range(service.FIRST_NUMBER, service.FIRST_NUMBER + 20))
    with house.db.transaction() as session:
        first = service.create_client(
            session, house, other, contact(username="", email="x@example.com"), "", house.clock.now()
        )
    assert first.number == service.FIRST_NUMBER


def test_statuses_are_made_once_and_keep_their_new_names(house: SmallHouse, make_client: Make) -> None:
    with house.db.transaction() as session:
        service.ensure_statuses(session)
        row = session.scalars(select(ClientStatus).where(ClientStatus.behaviour == "active")).one()
        row.label = "Guest"
        service.ensure_statuses(session)
    new = make_client()
    assert count(house, ClientStatus) == 6
    with house.db.read() as session:
        assert session.get_one(Client, new.client_id).status_id == row_id(house, "Guest")


def row_id(house: SmallHouse, label: str) -> object:
    with house.db.read() as session:
        return session.scalars(select(ClientStatus.id).where(ClientStatus.label == label)).one()


def test_clients_that_do_not_exist(house: SmallHouse) -> None:
    with house.db.read() as session:
        for look in (service.client_by_id, service.primary_contact, service.is_taxable):
            with pytest.raises(NotFound):
                look(session, new_id())


def test_taxable_unless_somebody_says_otherwise(house: SmallHouse, make_client: Make) -> None:
    new: NewClient = make_client()
    with house.db.transaction() as session:
        assert service.is_taxable(session, new.client_id)
        session.get_one(Client, new.client_id).is_taxable = False
        session.flush()
        assert not service.is_taxable(session, new.client_id)
