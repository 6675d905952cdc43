"""Card testers come in hundreds: after so many tries from one address the gateway is not even asked."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from core.kernel.problems import Refused
from core.orders import checkout
from core.payments.methods import HOUR, PAY_TRIES
from tests.fixtures.innkeeper import SECURE_CARD, Inn


def test_tries_to_pay_are_counted_by_address(inn: Inn) -> None:
    token = inn.fill_cart()
    form = inn.contact() | inn.payment("sandbox_card")
    for _ in range(PAY_TRIES):
        checkout.save_summary(inn.house, token, form, {}, ip="192.0.2.1")
    asked = len(inn.world.books("calls"))
    with pytest.raises(Refused):
        checkout.save_summary(inn.house, token, form, {}, ip="192.0.2.1")
    assert len(inn.world.books("calls")) == asked
    checkout.save_summary(inn.house, token, form, {}, ip="192.0.2.2")  # somebody else is not held up
    inn.clock.advance(seconds=HOUR + 1)
    checkout.save_summary(inn.house, token, form, {}, ip="192.0.2.1")


def test_a_webhook_that_can_not_be_stored_is_not_acknowledged(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F25: the provider sees an error and sends it again."""
    order = inn.place_order("sandbox_card", number=SECURE_CARD)
    inn.authenticate(order)
    [notice] = inn.notices("charge")

    def down(*_: object) -> None:
        raise OperationalError("INSERT", {}, OSError("the database is gone"))

    with monkeypatch.context() as broken:
        broken.setattr("core.payments.webhooks._store", down)
        with pytest.raises(OperationalError):
            inn.send(notice)
    assert inn.send(notice) == 200
    inn.drain()
    assert inn.view(order).state == "completed"
