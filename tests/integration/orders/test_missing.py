"""Plugins that go away under an order: a clear page, nothing lost, nothing charged twice."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.brands.models import BrandGateway
from core.clients.models import BillingAccount
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields
from core.orders import checkout, status
from core.payments import service
from core.payments.models import Attempt
from core.plugin_api.errors import NoAnswer
from tests.fixtures.innkeeper import SECURE_CARD, Inn, open_house


def without(inn: Inn, *gateways: str) -> None:
    """Restart without these gateways. What waited in the engine waits in the new one."""
    settings = inn.house.settings
    gone = {f"gateway.{name}" for name in gateways}
    enabled = tuple(one for one in settings.plugins.enabled if one not in gone)
    tables = {name: table for name, table in settings.gateways.items() if name not in gateways}
    plugins = settings.plugins.model_copy(update={"enabled": enabled})
    settings = settings.model_copy(update={"plugins": plugins, "gateways": tables})
    engine = inn.engine
    inn.house = open_house(settings, inn.clock, inn.db)
    inn.engine = inn.house.engine  # type: ignore[assignment]
    for run in engine.ready:
        with inn.db.transaction() as session:
            inn.engine.enqueue(session, run.task, run.subject, queue=run.queue, turn=run.turn)


def attempt(inn: Inn) -> Attempt:
    with inn.db.read() as session:
        return session.execute(select(Attempt).order_by(Attempt.number.desc()).limit(1)).scalar_one()


def test_a_charge_that_was_never_sent_is_over(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", drain=False)
    without(inn, "sandbox_card")
    inn.drain()
    view = inn.view(order)
    assert (attempt(inn).state, view.needs_payment) == ("not_sent", True)
    assert "sandbox_card" not in [one.id for one in status.methods_for_order(inn.house, order)]
    with pytest.raises(InvalidFields):
        inn.pay_again(order, "sandbox_card")
    inn.pay_again(order, "sandbox_wallet")
    inn.approve(order)
    assert inn.view(order).state == "completed"


@pytest.mark.parametrize("kind", ["lose_answer", "stall"])
def test_a_charge_in_doubt_waits_for_its_gateway(inn: Inn, kind: str) -> None:
    before = inn.house.settings
    inn.world.fault("charges", kind, seconds=0.1)
    order = inn.place_order("sandbox_card")
    without(inn, "sandbox_card")
    inn.settle_down()
    assert attempt(inn).state == "unknown"
    with pytest.raises(Conflict):
        inn.pay_again(order, "sandbox_wallet")
    inn.house = open_house(before, inn.clock, inn.db)
    inn.engine = inn.house.engine  # type: ignore[assignment]
    inn.later(days=1)
    inn.settle_down()
    charges = inn.world.books("charges")
    if kind == "lose_answer":
        assert (inn.view(order).state, len(charges)) == ("completed", 1)
    else:  # it never arrived, and is not sent a day late
        assert (inn.view(order).needs_payment, len(charges)) == (True, 0)


@pytest.mark.parametrize("method", ["sandbox_wallet", "sandbox_card", "manual"])
def test_the_page_of_an_order_is_drawn_without_its_gateway(inn: Inn, method: str) -> None:
    order = inn.place_order(method, number=SECURE_CARD)
    without(inn, method)
    view = inn.view(order)
    assert (view.invoice_status, status.setup_of(inn.house, view), view.instructions) == (
        "unpaid",
        None,
        None,
    )
    inn.settle_down()
    assert inn.view(order).paid.minor == 0


def test_a_gateway_switched_off_between_two_pages(inn: Inn) -> None:
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    without(inn, "sandbox_card")
    with pytest.raises(Conflict, match="how you would like to pay"):
        inn.confirm(token)


def test_a_gateway_the_brand_took_back_between_two_pages(inn: Inn) -> None:
    token = inn.fill_cart()
    inn.summary(token, "sandbox_card")
    with inn.db.transaction() as session:
        session.add(
            BrandGateway(id=new_id(), brand_id=inn.brand_id, gateway="manual", position=1, enabled=True)
        )
    assert [one.id for one in checkout.methods(inn.house, token)] == ["manual"]
    with pytest.raises(Conflict, match="how you would like to pay"):
        inn.confirm(token)


def test_instructions_that_can_not_be_had(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    order = inn.place_order("manual")

    def trouble(*_: object) -> None:
        raise NoAnswer("no words")

    monkeypatch.setattr(type(inn.house.plugins.build_gateway("manual")), "instructions", trouble)
    assert inn.view(order).instructions is None


def test_a_billing_account_that_does_not_open_charges_nothing(inn: Inn) -> None:
    """Its key is gone: the buyer may pay another way."""
    order = inn.place_order("sandbox_card", drain=False)
    with inn.db.transaction() as session:
        session.execute(select(BillingAccount)).scalar_one().source_encrypted = "v1.gone.AAAA"
    inn.settle_down()
    assert inn.view(order).needs_payment
    assert inn.world.books("charges") == []


def test_a_plugin_that_breaks_in_unforeseen_ways_is_looked_up(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = type(inn.house.plugins.build_gateway("sandbox_card"))

    def broken(self: object, request: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(plugin, "charge", broken)
    order = inn.place_order("sandbox_card")
    assert attempt(inn).state == "unknown"
    monkeypatch.undo()
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("charges")) == 1


def test_an_attempt_that_ended_runs_no_more(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    service.run(inn.house, attempt(inn).id)
    assert len(inn.world.books("charges")) == 1
