"""The gateway contract: what the provider tells us by itself, and what it reports of slow money."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

import pytest

from core.plugin_api.errors import NotificationRejected
from core.plugin_api.gateway import Charges, GatewaySpec, Notifies, Settles
from core.plugin_api.values import DeclineCode, Notification, PaymentEvent, Status
from core.plugin_host import calls
from core.testing.common import PluginContract
from core.testing.lab import DB, GatewayLab
from core.testing.marks import needs

UNUSUAL = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"\xff\xfe",
    b'{"id": 7}',
    b'{"id": "e", "type": "charge.succeeded"}',
)


class NewsContract(PluginContract):
    """Notifications and settlement reports."""

    spec: ClassVar[GatewaySpec]

    @needs(Notifies)
    def test_a_true_notification_is_understood(self, lab: GatewayLab) -> None:
        made, notification = self._paid(lab)
        events = self._parse(lab, notification)
        assert events, "the notification of a payment tells nothing"
        for event in events:
            assert event.event_id
            assert event.occurred_at.tzinfo is not None
            assert event.idempotency_key == lab.key() or event.outcome.reference == made
            assert event.outcome.status in (Status.SUCCEEDED, Status.PENDING)
            assert event.outcome.amount in (None, lab.amount)

    @needs(Notifies)
    def test_a_notification_that_comes_twice_says_the_same(self, lab: GatewayLab) -> None:
        _, notification = self._paid(lab)
        assert self._parse(lab, notification) == self._parse(lab, notification)

    @needs(Notifies)
    def test_a_tampered_body_is_rejected(self, lab: GatewayLab) -> None:
        _, good = self._paid(lab)
        amount = str(lab.amount.minor).encode()
        bodies = (
            good.body + b" ",
            good.body[:-1],
            b"",
            good.body.replace(amount, b"1"),
            good.body.swapcase(),
        )
        for body in bodies:
            if body != good.body:
                self._is_rejected(lab, dataclasses.replace(good, body=body))

    @needs(Notifies)
    def test_a_tampered_signature_is_rejected(self, lab: GatewayLab) -> None:
        _, good = self._paid(lab)
        self._is_rejected(lab, dataclasses.replace(good, headers={}))
        for spoil in (
            lambda text: "",
            lambda text: text[:-1],
            lambda text: text[:-1] + chr(ord(text[-1]) ^ 1),
        ):
            headers = {name: spoil(value) if value else value for name, value in good.headers.items()}
            self._is_rejected(lab, dataclasses.replace(good, headers=headers))

    @needs(Notifies)
    @pytest.mark.parametrize("hours", [-24, 24])
    def test_a_notification_of_another_day_is_rejected(self, lab: GatewayLab, hours: int) -> None:
        _, good = self._paid(lab)
        self._is_rejected(
            lab, dataclasses.replace(good, received_at=good.received_at + timedelta(hours=hours))
        )

    @needs(Notifies)
    def test_an_unknown_type_tells_nothing(self, lab: GatewayLab) -> None:
        _, good = self._paid(lab)
        known = self._parse(lab, good)
        body = good.body
        for word in (b"succeeded", b"captured", b"settled", b"completed", b"paid"):
            body = body.replace(b"." + word, b".kit_unknown")
        assert body != good.body, "the kit knows no word of this type"
        assert known
        assert self._parse(lab, lab.harness.sign(lab.world, body)) == ()

    @needs(Notifies)
    @pytest.mark.parametrize("body", UNUSUAL)
    def test_an_unusual_body_is_rejected_or_tells_nothing(self, lab: GatewayLab, body: bytes) -> None:
        with suppress(NotificationRejected):
            assert self._parse(lab, lab.harness.sign(lab.world, body)) == ()

    def _paid(self, lab: GatewayLab) -> tuple[str | None, Notification]:
        made = lab.pay(lab.key())
        if made.status is Status.PENDING:
            lab.harness.settle(lab.world)
        return made.reference, lab.harness.notification(lab.world, lab.key())

    def _parse(self, lab: GatewayLab, notification: Notification) -> tuple[PaymentEvent, ...]:
        gateway = lab.gateway()
        found: tuple[PaymentEvent, ...] = calls.ask_all(
            lambda: gateway.parse_notification(notification), PaymentEvent, db=DB, plugin=gateway
        )
        return found

    def _is_rejected(self, lab: GatewayLab, notification: Notification) -> None:
        with pytest.raises(NotificationRejected) as raised:
            self._parse(lab, notification)
        assert not lab.leaks(str(raised.value))

    # --- settlement ---------------------------------------------------------------------------

    @needs(Settles, Charges)
    def test_pending_money_is_reported_when_it_has_settled(self, lab: GatewayLab) -> None:
        begun = lab.harness.clock(lab.world).now()
        made = lab.charge(lab.key())
        assert made.status is Status.PENDING
        assert self._settlements(lab, lab.key()) == ()
        lab.harness.settle(lab.world)
        (event,) = self._settlements(lab, lab.key())
        assert (event.outcome.status, event.outcome.reference) == (Status.SUCCEEDED, made.reference)
        assert event.outcome.amount == lab.amount
        assert event.occurred_at >= begun
        assert lab.lookup(lab.key(), made.reference).status is Status.SUCCEEDED

    @needs(Settles, Charges)
    def test_a_report_that_is_read_twice_says_the_same(self, lab: GatewayLab) -> None:
        lab.charge(lab.key())
        lab.harness.settle(lab.world)
        assert self._settlements(lab, lab.key()) == self._settlements(lab, lab.key())

    @needs(Settles, Charges)
    def test_a_debit_that_comes_back_is_reported(self, lab: GatewayLab) -> None:
        made = lab.charge(lab.key())
        lab.harness.settle(lab.world)
        assert made.reference
        lab.harness.bounce(lab.world, made.reference)
        settled, returned = self._settlements(lab, lab.key())
        assert settled.event_id != returned.event_id
        assert (returned.outcome.status, returned.outcome.code) == (Status.DECLINED, DeclineCode.RETURNED)
        assert returned.outcome.reference == made.reference
        assert returned.outcome.provider_code

    @needs(Settles, Charges)
    def test_only_what_came_since_is_reported(self, lab: GatewayLab) -> None:
        lab.charge(lab.key())
        lab.harness.settle(lab.world)
        (event,) = self._settlements(lab, lab.key())
        assert self._settlements(lab, lab.key(), since=event.occurred_at + timedelta(seconds=1)) == ()

    def _settlements(self, lab: GatewayLab, key: str, since: object = None) -> tuple[PaymentEvent, ...]:
        gateway = lab.gateway()
        start = since or lab.harness.clock(lab.world).now() - timedelta(days=2)
        events: tuple[PaymentEvent, ...] = calls.ask_all(
            lambda: gateway.settlements(start), PaymentEvent, db=DB, plugin=gateway
        )
        return tuple(event for event in events if event.idempotency_key == key)
