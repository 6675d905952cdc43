"""How clients pay, and their credit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.clients import billing_accounts, service, sources
from core.clients.models import BillingAccount, Client
from core.kernel import search
from core.kernel.crypto import DecryptionError, KeyRing
from core.kernel.ids import new_id
from core.kernel.problems import NotFound
from core.plugin_api.values import BankAccount, PaymentSource, StoredMethod
from tests.fixtures.house import SmallHouse
from tests.fixtures.race import race, race_in_transactions
from tests.integration.clients.conftest import Make

VISA = StoredMethod(token="tok_secret_1", brand="Visa", last4="4242", expires=(2029, 2), holder="Adaeze")
BANK = BankAccount(
    routing_number="111000025", account_number="000123456789", account_type="checking",
    bank_name="First Prairie Bank", bank_state="TX", holder="Adaeze", license_id="D1234567",
    license_state="TX", date_of_birth=date(1984, 2, 29), mandate_text="By placing this order I authorize …",
    mandate_at=datetime(2026, 11, 20, 18, tzinfo=UTC), mandate_ip="203.0.113.7",
)  # fmt: skip
SECRETS = ("tok_secret_1", "111000025", "000123456789", "D1234567", "1984")


def add(house: SmallHouse, client_id: UUID, source: PaymentSource | None, *, keep: bool = True) -> UUID:
    with house.db.transaction() as session:
        return service.add_billing_account(
            session, house, client_id, "sandbox_card", "card", source, keep=keep, now=house.clock.now()
        )


def row(house: SmallHouse, account_id: UUID) -> dict[str, object]:
    with house.db.read() as session:
        found = session.get_one(BillingAccount, account_id)
        return {column.key: getattr(found, column.key) for column in BillingAccount.__table__.columns}


@pytest.mark.parametrize("source", [VISA, BANK])
def test_a_source_reads_back_and_lies_sealed(
    house: SmallHouse, make_client: Make, source: PaymentSource
) -> None:
    account_id = add(house, make_client().client_id, source)
    stored = repr(row(house, account_id))
    assert not any(secret in stored for secret in SECRETS)
    with house.db.read() as session:
        assert service.load_source(session, house, account_id) == source


def test_what_people_may_see(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    card, bank, manual = add(house, client_id, VISA), add(house, client_id, BANK), add(house, client_id, None)
    with house.db.read() as session:
        views = [service.billing_account(session, one) for one in (card, bank, manual)]
        assert service.load_source(session, house, manual) is None
    assert [view.label for view in views] == [
        "Visa ending in 4242",
        "First Prairie Bank ending in 6789",
        "",
    ]
    assert views[0].expires_on == date(2029, 2, 28)  # a card holds to the end of its month
    assert [view.is_default for view in views] == [True, False, False]
    mandate = row(house, bank)["mandate"]
    assert mandate == {
        "text": "By placing this order I authorize …",
        "at": "2026-11-20T18:00:00+00:00",
        "ip": "203.0.113.7",
    }


def test_what_may_not_be_charged_again_is_no_default(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    once, kept = add(house, client_id, VISA, keep=False), add(house, client_id, VISA)
    assert [row(house, one)["is_default"] for one in (once, kept)] == [False, True]


def test_of_many_added_at_once_one_is_the_default(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    race(12, lambda _: add(house, client_id, VISA))
    with house.db.read() as session:
        defaults = session.scalars(select(BillingAccount.is_default)).all()
    assert sorted(defaults) == [False] * 11 + [True]


def test_the_database_itself_refuses_a_second_default(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    add(house, client_id, VISA)
    add(house, client_id, VISA)
    with pytest.raises(IntegrityError), house.db.transaction() as session:
        session.execute(update(BillingAccount).values(is_default=True))


def test_a_record_moved_to_another_row_does_not_open(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    mine, theirs = add(house, client_id, VISA), add(house, client_id, BANK)
    stolen = row(house, theirs)["source_encrypted"]
    with house.db.transaction() as session:
        session.execute(
            update(BillingAccount).where(BillingAccount.id == mine).values(source_encrypted=stolen)
        )
    with house.db.read() as session, pytest.raises(DecryptionError):
        service.load_source(session, house, mine)


def test_another_key_does_not_open_it(house: SmallHouse, make_client: Make) -> None:
    account_id = add(house, make_client().client_id, VISA)
    house.keys = KeyRing.single(b"another key")
    with house.db.read() as session, pytest.raises(DecryptionError):
        service.load_source(session, house, account_id)


def test_what_was_removed_is_charged_no_more_and_wiped_in_the_end(
    house: SmallHouse, make_client: Make
) -> None:
    account_id, now = add(house, make_client().client_id, VISA), house.clock.now()
    with house.db.transaction() as session:
        assert billing_accounts.mark_removed(session, account_id, now, now)
        assert not billing_accounts.mark_removed(session, account_id, now, now)
        assert service.load_source(session, house, account_id) is None
        assert billing_accounts.source_to_forget(session, house, account_id) == VISA
        assert service.billing_account(session, account_id).detaching == "waits"
    with house.db.transaction() as session:
        assert billing_accounts.detached(session, account_id, now)
        assert not billing_accounts.detached(session, account_id, now)
        assert service.billing_account(session, account_id).detaching == "done"
    stored = row(house, account_id)
    assert (stored["source_encrypted"], stored["is_default"], stored["last4"]) == ("", False, "4242")


def test_accounts_that_do_not_exist(house: SmallHouse, make_client: Make) -> None:
    with house.db.read() as session:
        with pytest.raises(NotFound):
            service.load_source(session, house, new_id())
        with pytest.raises(NotFound):
            service.billing_account(session, new_id())
    with pytest.raises(NotFound):
        add(house, new_id(), VISA)


def credit(house: SmallHouse, client_id: UUID) -> int:
    with house.db.read() as session:
        return service.client_by_id(session, client_id).credit_minor


def test_credit_comes_and_goes(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    with house.db.transaction() as session:
        service.add_credit(session, client_id, 500)
        service.add_credit(session, client_id, 1)
        assert service.take_credit(session, client_id, 300) == 300
        assert service.take_credit(session, client_id, 300) == 201
        assert service.take_credit(session, client_id, 300) == 0
        assert service.take_credit(session, client_id, 0) == 0
    assert credit(house, client_id) == 0


def test_credit_is_spent_once_by_a_crowd(house: SmallHouse, make_client: Make) -> None:  # A31
    client_id = make_client().client_id
    with house.db.transaction() as session:
        service.add_credit(session, client_id, 1000)

    taken = race_in_transactions(house.db, 20, lambda one: service.take_credit(one, client_id, 300))
    assert sorted(taken) == [0] * 16 + [100] + [300] * 3
    assert credit(house, client_id) == 0


def test_credit_moves_the_right_way_and_only_for_clients(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    with house.db.transaction() as session:
        for amount in (0, -1):
            with pytest.raises(ValueError, match="credit"):
                service.add_credit(session, client_id, amount)
        with pytest.raises(ValueError, match="credit"):
            service.take_credit(session, client_id, -1)
        with pytest.raises(NotFound):
            service.add_credit(session, new_id(), 1)
        with pytest.raises(NotFound):
            service.take_credit(session, new_id(), 1)


def test_the_database_itself_refuses_debt(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    with pytest.raises(IntegrityError), house.db.transaction() as session:
        session.execute(update(Client).where(Client.id == client_id).values(credit_minor=-1))


texts = st.text(max_size=30)
methods = st.builds(
    StoredMethod, token=texts, brand=texts, last4=texts, holder=texts, issue_number=texts, start_date=texts,
    expires=st.none() | st.tuples(st.integers(2000, 2099), st.integers(1, 12)), reusable=st.booleans(),
)  # fmt: skip
banks = st.builds(
    BankAccount, routing_number=texts, account_number=texts, account_type=texts, bank_name=texts,
    bank_state=texts, holder=texts, license_id=texts, license_state=texts,
    date_of_birth=st.none() | st.dates(), mandate_text=texts,
    mandate_at=st.none() | st.datetimes(timezones=st.just(UTC)), mandate_ip=texts,
)  # fmt: skip


@given(methods | banks)
def test_every_source_reads_back(source: PaymentSource) -> None:
    assert sources.load(sources.dump(source)) == source


@pytest.mark.parametrize("record", [b"{}", b'{"kind": "gold"}', b"not json"])
def test_what_is_no_record(record: bytes) -> None:
    with pytest.raises(ValueError):
        sources.load(record)


def test_labels() -> None:
    assert sources.label(VISA) == "Visa ending in 4242"
    assert sources.label(BANK) == "First Prairie Bank ending in 6789"
    assert sources.label(StoredMethod(token="t", brand="Wallet", last4="")) == "Wallet"
    assert sources.shown(None) == ("", "", None)


def test_a_client_is_found_by_the_last_four_until_it_is_removed(house: SmallHouse, make_client: Make) -> None:
    client_id = make_client().client_id
    account_id, now = add(house, client_id, VISA), house.clock.now()
    with house.db.transaction() as session:
        assert [one.subject_id for one in search.find(session, "4242", "client", limit=5)] == [client_id]
        billing_accounts.mark_removed(session, account_id, now, now)
        assert search.find(session, "4242", "client", limit=5) == ()
