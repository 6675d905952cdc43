"""Billing accounts end to end: kept once, one default, removed for good, told of before they end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, update

from core.clients import billing_accounts
from core.clients import service as clients
from core.clients.models import Client, ClientStatus
from core.kernel import i18n
from core.kernel.crypto import KeyRing
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields, NotFound, Refused
from core.orders import checkout
from core.payments import accounts, attempts, detaching, methods
from core.payments.values import NewCharge
from core.plugin_api.forms import BrowserSetup
from core.plugin_api.values import BankAccount
from plugins.gateways.sandbox_card.plugin import SandboxCard
from tests.fixtures.crash import Boom, DyingEngine, Fuse
from tests.fixtures.innkeeper import SECURE_CARD, Inn
from tests.fixtures.race import race
from tests.integration.payments.purse import (
    ACTOR,
    client_of,
    entries,
    filled,
    keep,
    lives,
    new_client,
    remove,
    row,
    token_of,
)

# --- adding ---------------------------------------------------------------------------------------


def test_each_kind_is_kept_and_the_same_one_once(inn: Inn) -> None:
    client_id = new_client(inn)
    card = filled(inn, "sandbox_card")
    first = accounts.add(inn.house, client_id, card, **ACTOR)
    assert accounts.add(inn.house, client_id, card, **ACTOR) == first
    bank, wallet, manual = (
        keep(inn, client_id, one) for one in ("sandbox_echeck", "sandbox_wallet", "manual")
    )
    assert keep(inn, client_id, "sandbox_echeck") == bank
    assert keep(inn, client_id, "manual", is_default="1") == manual
    with inn.db.read() as session:
        found = billing_accounts.of_client(session, client_id)
    assert {one.id for one in found} == {first, bank, wallet, manual}
    assert [one.id for one in found if one.is_default] == [manual]
    assert entries(inn, "billing_account.add") == 4


def test_days_are_read_in_the_form_of_the_page(inn: Inn) -> None:
    client_id = new_client(inn)
    form = filled(inn, "sandbox_echeck", date_of_birth="31.01.1980")
    with pytest.raises(InvalidFields) as wrong:
        accounts.add(inn.house, client_id, form, **ACTOR)
    assert wrong.value.messages == {"date_of_birth": "Enter a day that exists, as in 01/31/2000."}
    with pytest.raises(InvalidFields) as wrong:
        accounts.add(inn.house, client_id, form | {"date_of_birth": "01/31/1980"}, locale="de", **ACTOR)
    assert wrong.value.messages == {"date_of_birth": "Enter a day that exists, as in 31.01.2000."}
    account_id = accounts.add(inn.house, client_id, form, locale="de", **ACTOR)
    with inn.db.read() as session:
        source = clients.load_source(session, inn.house, account_id)
    assert isinstance(source, BankAccount)
    assert source.date_of_birth == date(1980, 1, 31)


def test_nothing_is_kept_for_the_closed_and_for_nobody(inn: Inn) -> None:
    client_id = new_client(inn)
    with inn.db.transaction() as session:
        closed = select(ClientStatus.id).where(ClientStatus.behaviour == "closed").limit(1).scalar_subquery()
        session.execute(update(Client).where(Client.id == client_id).values(status_id=closed))
    with pytest.raises(Conflict, match="closed"):
        keep(inn, client_id)
    with pytest.raises(NotFound):
        keep(inn, new_id())


def test_card_testers_are_stopped(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "PAY_TRIES", 2)
    client_id = new_client(inn)
    form = filled(inn, "sandbox_card", expiry_month="13")
    for _ in range(2):
        with pytest.raises(InvalidFields):
            accounts.add(inn.house, client_id, form, counted_as="tester", **ACTOR)
    with pytest.raises(Refused):
        accounts.add(inn.house, client_id, form, counted_as="tester", **ACTOR)


def test_a_page_asks_each_gateway_once_and_saving_asks_none(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At Stripe each question makes a SetupIntent."""
    asked: list[str] = []
    browser = SandboxCard.browser

    def counted(self: SandboxCard) -> BrowserSetup:
        asked.append("once")
        return browser(self)

    monkeypatch.setattr(SandboxCard, "browser", counted)
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    inn.confirm(token)
    assert asked == []
    checkout.methods(inn.house, inn.fill_cart())
    assert asked == ["once"]
    client_id = new_client(inn)
    accounts.ways(inn.house, client_id)
    keep(inn, client_id)
    assert asked == ["once", "once"]


# --- the default ----------------------------------------------------------------------------------


def test_of_two_made_default_at_once_one_is(inn: Inn) -> None:
    client_id = new_client(inn)
    ids = [keep(inn, client_id) for _ in range(4)]
    race(8, lambda n: accounts.make_default(inn.house, client_id, ids[n % 4], **ACTOR))
    with inn.db.read() as session:
        assert [one.is_default for one in billing_accounts.of_client(session, client_id)].count(True) == 1


def test_the_default_moves_on_when_it_is_removed(inn: Inn) -> None:
    client_id = new_client(inn)
    manual = keep(inn, client_id, "manual")
    card = keep(inn, client_id)
    default = keep(inn, client_id, is_default="1")
    remove(inn, client_id, default)
    assert row(inn, card).is_default, "what can be charged comes before what waits for the client"
    remove(inn, client_id, card)
    assert row(inn, manual).is_default
    with pytest.raises(Conflict, match="removed"):
        accounts.make_default(inn.house, client_id, card, **ACTOR)


# --- removing -------------------------------------------------------------------------------------


def test_nothing_is_charged_to_it_from_that_moment(inn: Inn) -> None:
    client_id = client_of(inn, order := inn.place_order("manual"))
    account_id = keep(inn, client_id, is_default="1")
    invoice_id = inn.view(order).invoice_id
    remove(inn, client_id, account_id)
    charge = NewCharge(
        invoice_id=invoice_id, gateway="sandbox_card", billing_account_id=account_id, method="Visa"
    )
    with pytest.raises(Conflict, match="was removed"), inn.db.transaction() as session:
        attempts.open_charge(session, inn.house, charge, "test", starts=True)
    remove(inn, client_id, account_id)  # once more: nothing changes
    assert entries(inn, "billing_account.remove") == 1


def test_of_a_charge_and_a_removal_at_once_one_wins(inn: Inn) -> None:
    for _ in range(3):
        client_id = client_of(inn, order := inn.place_order("manual"))
        account_id, invoice_id = keep(inn, client_id), inn.view(order).invoice_id
        charge = NewCharge(
            invoice_id=invoice_id, gateway="sandbox_card", billing_account_id=account_id, method="Visa"
        )
        works: list[Callable[[], object]] = [
            lambda charge=charge: inn.db.run(  # type: ignore[misc]
                lambda s: attempts.open_charge(s, inn.house, charge, "test", starts=True)
            ),
            lambda client_id=client_id, account_id=account_id: remove(inn, client_id, account_id),  # type: ignore[misc]
        ]

        def one(number: int, works: list[Callable[[], object]] = works) -> bool:
            try:
                works[number]()
            except Conflict:
                return False
            return True

        assert sorted(race(2, one)) == [False, True]


def test_it_stays_while_a_payment_with_it_is_under_way(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", number=SECURE_CARD)
    client_id = client_of(inn, order)
    with inn.db.read() as session:
        (account,) = billing_accounts.of_client(session, client_id)
    with pytest.raises(Conflict, match=r"under way.*another one the default"):
        remove(inn, client_id, account.id)
    assert row(inn, account.id).removed_at is None
    inn.authenticate(order)
    inn.come_back(order)
    remove(inn, client_id, account.id)
    inn.drain()
    assert row(inn, account.id).detached_at is not None


def test_a_bank_account_is_wiped_at_once_and_its_mandate_stays(inn: Inn) -> None:
    client_id = new_client(inn)
    with i18n.using("de"):
        account_id = keep(inn, client_id, "sandbox_echeck")
    remove(inn, client_id, account_id)
    inn.drain()
    gone = row(inn, account_id)
    assert (gone.source_encrypted, gone.last4) == ("", "6789")
    assert gone.mandate["text"].startswith("Der Inhaber dieses Kontos")  # as it was shown
    assert "mandate" not in gone.source_encrypted


def test_a_slow_gateway_is_asked_again_and_unknown_there_is_success(inn: Inn) -> None:
    client_id = new_client(inn)
    account_id = keep(inn, client_id)
    token = token_of(inn, account_id)
    inn.misbehave("tokens", "refuse", times=2, method="DELETE")
    remove(inn, client_id, account_id)
    inn.drain()
    assert lives(inn, token)
    assert row(inn, account_id).source_encrypted, "sealed until it is forgotten there"
    inn.later(seconds=61)
    assert row(inn, account_id).detached_at is None
    assert inn.world.call("DELETE", f"/v1/tokens/{token}").status in (200, 502, 503), "somebody else did it"
    inn.later(minutes=6)
    assert row(inn, account_id).detached_at is not None
    assert not lives(inn, token)


def test_a_gateway_that_is_switched_off_waits_for_a_person(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    client_id = new_client(inn)
    account_id = keep(inn, client_id)
    remaining = {name: one for name, one in inn.house.plugins.gateways.items() if name != "sandbox_card"}
    with monkeypatch.context() as patch:
        patch.setattr(type(inn.house.plugins), "gateways", property(lambda _: remaining), raising=False)
        remove(inn, client_id, account_id)
        inn.drain()
        for wait in detaching.LADDER:
            inn.clock.advance(seconds=wait.total_seconds() + 1)
            detaching.detach_due(inn.house)
            inn.drain()
        with inn.db.read() as session:
            assert billing_accounts.view(session, account_id).detaching == "stuck"
            assert billing_accounts.stuck(session) == 1
    detaching.ask_now(inn.house, client_id, account_id, **ACTOR)
    inn.drain()
    assert row(inn, account_id).detached_at is not None
    with pytest.raises(Conflict):
        detaching.ask_now(inn.house, client_id, account_id, **ACTOR)


def test_a_record_that_does_not_open_waits_for_a_person(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    client_id = new_client(inn)
    account_id = keep(inn, client_id)
    remove(inn, client_id, account_id)
    with monkeypatch.context() as patch:
        patch.setattr(KeyRing, "decrypt", KeyRing.single(b"another key").decrypt)
        inn.drain()
    with inn.db.read() as session:
        assert billing_accounts.view(session, account_id).detaching == "stuck"
    detaching.settle_by_hand(inn.house, client_id, account_id, "Deleted in the dashboard", **ACTOR)
    assert row(inn, account_id).source_encrypted == ""


def test_a_card_that_is_kept_twice_is_not_detached_under_the_other(inn: Inn) -> None:
    client_id = new_client(inn)
    account_id = keep(inn, client_id)
    token = token_of(inn, account_id)
    with inn.db.transaction() as session:
        source = clients.load_source(session, inn.house, account_id)
        twin = billing_accounts.add(
            session, inn.house, client_id, "sandbox_card", "card", source, keep=True, now=inn.clock.now()
        )
    remove(inn, client_id, account_id)
    inn.drain()
    assert row(inn, account_id).source_encrypted == ""
    assert lives(inn, token)
    remove(inn, client_id, twin)
    inn.drain()
    assert not lives(inn, token)


def test_killed_at_every_step_it_is_removed_once(inn: Inn, fuse: Callable[..., Fuse]) -> None:
    inn.engine.__class__ = DyingEngine
    client_id = new_client(inn)
    assert isinstance(inn.engine, DyingEngine)

    def until_done(work: Callable[[], object]) -> None:
        while True:
            try:
                work()
            except Boom:
                inn.engine.take_up()  # type: ignore[attr-defined]
            else:
                return

    def one_removal(at: int) -> int:
        fuse(0)
        account_id = keep(inn, client_id)
        token = token_of(inn, account_id)
        laid = fuse(at)
        until_done(lambda: remove(inn, client_id, account_id))
        until_done(inn.drain)
        for _ in range(3):
            inn.clock.advance(minutes=6)
            until_done(lambda: detaching.detach_due(inn.house))
            until_done(inn.drain)
        seen = len(laid.seen)
        fuse(0)
        gone = row(inn, account_id)
        assert gone.detached_at is not None, (at, laid.seen)
        assert (gone.source_encrypted, lives(inn, token)) == ("", False), (at, laid.seen)
        return seen

    steps = one_removal(0)
    assert steps >= 6, "marked, asked, answered, wiped"
    for at in range(1, steps + 1):
        one_removal(at)
    assert entries(inn, "billing_account.remove") == entries(inn, "billing_account.detached") == steps + 1
