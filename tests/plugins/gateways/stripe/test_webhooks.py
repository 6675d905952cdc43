"""Notices from Stripe: signature, age, rotation, order, and a real delivery by localstripe."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest
import stripe

from core.plugin_api.errors import Misconfigured, NotificationRejected
from core.plugin_api.values import DeclineCode, Notification, Status
from plugins.gateways.stripe.webhooks import sign, verify
from tests.plugins.gateways.stripe.conftest import WEBHOOK_SECRET, Bench

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000
BODY = b'{"id":"evt_1","object":"event"}'
# Made by Stripe's own Node library and by its Python one: secret whsec_x, time 1700000000.
VECTOR = "c9bcc97a8a4ff4bae104ef32dcacf8b24b4c3cf0512aef639b8502673db15436"


def notice(header: str, body: bytes = BODY, at: datetime = NOW) -> Notification:
    return Notification(body=body, headers={"stripe-signature": header}, received_at=at)


def signed(body: bytes, secret: str = WEBHOOK_SECRET, at: datetime = NOW) -> Notification:
    stamp = int(at.timestamp())
    return notice(f"t={stamp},v1={sign(secret, stamp, body)}", body, at)


def test_the_published_vector() -> None:
    assert sign("whsec_x", 1700000000, BODY) == VECTOR
    verify(notice(f"t=1700000000,v1={VECTOR}"), ["whsec_x"])


def test_the_official_verifier_agrees() -> None:
    stamp = int(datetime.now(UTC).timestamp())
    header = f"t={stamp},v1={sign('whsec_x', stamp, BODY)}"
    assert stripe.WebhookSignature.verify_header(BODY.decode(), header, "whsec_x", 300)
    official = stripe.WebhookSignature._compute_signature(f"{stamp}.{BODY.decode()}", "whsec_x")
    verify(notice(f"t={stamp},v1={official}", at=datetime.fromtimestamp(stamp, UTC)), ["whsec_x"])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"v1={VECTOR}",
        "t=1700000000",
        f"t=1700000000,v0={VECTOR}",
        f"t=1700000000,v1={VECTOR[:-1]}0",
        f"t=1700000001,v1={VECTOR}",
        f"t=1700000000,t=1700000000,v1={VECTOR}",
        f"t=-1700000000,v1={VECTOR}",
        f"t=99999999999999999999,v1={VECTOR}",
        "t=1700000000,v1=\u00e9",
    ],
)
def test_a_wrong_header_is_rejected(header: str) -> None:
    with pytest.raises(NotificationRejected):
        verify(notice(header), ["whsec_x"])


def test_a_changed_body_is_rejected() -> None:
    with pytest.raises(NotificationRejected):
        verify(notice(f"t=1700000000,v1={VECTOR}", BODY + b" "), ["whsec_x"])


@pytest.mark.parametrize(("seconds", "fresh"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_five_minutes_and_no_more(seconds: int, fresh: bool) -> None:
    late = notice(f"t=1700000000,v1={VECTOR}", at=NOW + timedelta(seconds=seconds))
    if fresh:
        verify(late, ["whsec_x"])
        return
    with pytest.raises(NotificationRejected):
        verify(late, ["whsec_x"])


def test_two_secrets_while_they_are_rotated() -> None:
    header = f"t=1700000000,v1={'0' * 64},v1={VECTOR}"
    verify(notice(header), ["whsec_new", "whsec_x"])
    with pytest.raises(NotificationRejected):
        verify(notice(header), ["whsec_new"])


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(NotificationRejected):
        verify(notice(f"t=1700000000,v1={sign('', 1700000000, BODY)}"), [])


# --- against localstripe ----------------------------------------------------------------------


def event(kind: str, subject: Mapping[str, object], name: str = "evt_1") -> bytes:
    data = {"id": name, "object": "event", "type": kind, "created": 1700000000, "data": {"object": subject}}
    return json.dumps(data).encode()


@pytest.mark.peer
def test_the_state_is_asked_again_and_not_taken_from_the_payload(bench: Bench) -> None:
    outcome = bench.charge(bench.loose_card("4000000000000002"))
    lie = {
        "id": outcome.reference,
        "object": "payment_intent",
        "status": "succeeded",
        "amount_received": 1999,
    }
    [told] = bench.gateway().parse_notification(signed(event("payment_intent.succeeded", lie)))
    assert told.outcome.status is Status.DECLINED
    assert told.outcome.code is DeclineCode.CARD_DECLINED
    assert (told.event_id, told.idempotency_key, told.occurred_at) == ("evt_1", "key-1", NOW)


@pytest.mark.peer
@pytest.mark.parametrize(
    "kind", ["customer.created", "charge.dispute.created", "payment_intent.created", "x"]
)
def test_an_event_we_do_not_know_gives_nothing_and_asks_nothing(bench: Bench, kind: str) -> None:
    assert bench.gateway().parse_notification(signed(event(kind, {"id": "pi_1"}))) == ()
    assert bench.contract.seen == []


@pytest.mark.peer
def test_a_payment_of_other_software_on_the_same_account_is_left_alone(bench: Bench) -> None:
    form = {"amount": "500", "currency": "usd"}
    other = bench.stripe.call("POST", "payment_intents", form)
    found = bench.gateway().parse_notification(signed(event("payment_intent.payment_failed", other)))
    assert found == ()
    assert bench.stripe.intents()[0]["status"] == "requires_payment_method"  # not closed by us


@pytest.mark.peer
def test_an_event_of_another_account_is_told_to_staff(bench: Bench) -> None:
    with pytest.raises(Misconfigured):
        bench.gateway().parse_notification(signed(event("payment_intent.succeeded", {"id": "pi_gone"})))


@pytest.mark.peer
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id":"evt_1","created":"x"}', b"\xff"])
def test_a_signed_body_that_is_no_event_is_rejected(bench: Bench, body: bytes) -> None:
    with pytest.raises(NotificationRejected):
        bench.gateway().parse_notification(signed(body))


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[Notification]]]:
    """A small server that keeps what is delivered to it."""
    delivered: Queue[Notification] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            delivered.put(Notification(body=body, headers=headers, received_at=datetime.now(UTC)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", delivered
        server.shutdown()
        thread.join()


@pytest.mark.peer
def test_a_real_delivery(bench: Bench, receiver: tuple[str, Queue[Notification]]) -> None:
    url, delivered = receiver
    bench.stripe.send_webhooks_to(url, WEBHOOK_SECRET)
    outcome = bench.charge(bench.card())
    assert outcome.reference
    arrived = delivered.get(timeout=15)
    while outcome.reference.encode() not in arrived.body:  # the new customer, what earlier tests did
        arrived = delivered.get(timeout=15)
    assert stripe.Webhook.construct_event(arrived.body, arrived.headers["stripe-signature"], WEBHOOK_SECRET)
    [told] = bench.gateway().parse_notification(arrived)
    assert (told.outcome, told.idempotency_key) == (outcome, "key-1")
