"""Webhooks: signed, kept until they are taken, sent at least once."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from http.client import RemoteDisconnected

import pytest

from core.testing.sandbox.webhooks import Deliverer, pause_after, signature
from core.testing.sandbox.world import World
from tests.unit.testing.sandbox.caller import Caller, HandClock, error_of

TARGET = {"url": "http://shop.example/webhooks/sandbox_card", "secret": "whsec_1"}


class Shop:
    """Takes deliveries, and answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[int | Exception] = []
        self.taken: list[tuple[str, bytes, Mapping[str, str]]] = []

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.taken.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def deliverer(world: World, shop: Shop, call: Caller) -> Deliverer:
    call.post("/webhooks", TARGET)
    return Deliverer(world, shop)


def test_an_event_is_signed_over_what_is_sent(call: Caller, shop: Shop, deliverer: Deliverer) -> None:
    charge = call.charge(key="attempt-1")
    deliverer.round()
    ((url, body, headers),) = shop.taken
    assert url == TARGET["url"]
    event = json.loads(body)
    assert event["id"].startswith("evt_")
    assert (event["type"], event["data"]) == ("charge.succeeded", charge)
    time, digest = (part.partition("=")[2] for part in headers["Sandbox-Signature"].split(","))
    assert int(time) == 1778666400
    expected = hmac.new(b"whsec_1", time.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert digest == expected


def test_the_signature_has_a_fixed_form() -> None:
    """A pair made with openssl: printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_x."""
    assert signature("whsec_x", 1700000000, b'{"id":"evt_1"}') == (
        "t=1700000000,v1=366e40c480fe3a9e6a03609dca079cea86d77ae82d5a56b5348208247317a8d1"
    )


def test_a_decline_is_told_and_an_open_challenge_is_not(
    call: Caller, shop: Shop, deliverer: Deliverer
) -> None:
    call.charge("4000000000000002", key="a")
    charge = call.charge("4000002500003155", key="b")
    deliverer.round()
    assert [json.loads(body)["type"] for _, body, _ in shop.taken] == ["charge.declined"]
    call.post(f"/v1/charges/{charge['id']}/authenticate", {"result": "ok"}, auth="sandbox-public")
    deliverer.round()
    assert json.loads(shop.taken[1][1])["type"] == "charge.succeeded"


def test_a_taken_event_is_sent_once(call: Caller, shop: Shop, deliverer: Deliverer, clock: HandClock) -> None:
    call.charge()
    for _ in range(3):
        assert deliverer.round() == 30.0
        clock.forward(hours=2)
    assert len(shop.taken) == 1
    (event,) = call.books("events")
    assert (event["tries"], event["last_answer"], event["next_try_at"]) == (1, "200", None)
    assert event["delivered_at"] is not None


def test_a_refused_event_comes_again_after_1_2_4_seconds(
    call: Caller, shop: Shop, deliverer: Deliverer, clock: HandClock
) -> None:
    shop.answers = [500, ConnectionRefusedError(), RemoteDisconnected("gone"), UnicodeError("host"), 302]
    call.charge()
    for pause in (1, 2, 4, 8, 16):
        assert deliverer.round() == pause
        clock.forward(seconds=pause - 0.001)
        tried = len(shop.taken)
        deliverer.round()
        assert len(shop.taken) == tried
        clock.forward(seconds=0.001)
    deliverer.round()
    assert len(shop.taken) == 6
    assert len({body for _, body, _ in shop.taken}) == 1
    assert call.books("events")[0]["last_answer"] == "200"


def test_pauses_end_at_an_hour() -> None:
    assert [pause_after(tries).total_seconds() for tries in (1, 2, 3, 12, 13, 10_000)] == [
        1, 2, 4, 2048, 3600, 3600,
    ]  # fmt: skip


def test_an_event_is_replayed_on_request(call: Caller, shop: Shop, deliverer: Deliverer) -> None:
    call.charge()
    deliverer.round()
    (event,) = call.books("events")
    assert call.send("POST", f"/webhooks/replay/{event['id']}").status_code == 202
    deliverer.round()
    assert shop.taken[0][1] == shop.taken[1][1]
    assert error_of(call.send("POST", "/webhooks/replay/evt_none"))[:2] == (404, "no_such_event")


def test_without_a_target_events_are_kept_and_not_sent_later(call: Caller, world: World, shop: Shop) -> None:
    call.charge()
    call.post("/webhooks", TARGET)
    Deliverer(world, shop).round()
    assert shop.taken == []
    call.send("POST", f"/webhooks/replay/{call.books('events')[0]['id']}")
    Deliverer(world, shop).round()
    assert len(shop.taken) == 1


def test_a_refusal_of_the_world_tells_nothing(call: Caller, shop: Shop, deliverer: Deliverer) -> None:
    call.charge(token="tok_none")
    deliverer.round()
    assert shop.taken == []


@pytest.mark.parametrize(
    ("kind", "sent"), [("refuse", 0), ("lose_answer", 1), ("server_error", 1), ("garbage", 1)]
)
def test_a_faulty_delivery_is_made_good(
    call: Caller, shop: Shop, deliverer: Deliverer, clock: HandClock, kind: str, sent: int
) -> None:
    call.fault("webhooks", kind)
    call.charge()
    deliverer.round()
    assert len(shop.taken) == sent
    clock.forward(seconds=1)
    deliverer.round()
    assert len(shop.taken) == sent + 1
    good = signature("whsec_1", int(clock.moment.timestamp()), shop.taken[-1][1])
    assert shop.taken[-1][2]["Sandbox-Signature"] == good


def test_garbage_is_signed_by_somebody_else(
    call: Caller, shop: Shop, deliverer: Deliverer, clock: HandClock
) -> None:
    call.fault("webhooks", "garbage")
    call.charge()
    deliverer.round()
    good = signature("whsec_1", int(clock.moment.timestamp()), shop.taken[0][1])
    assert shop.taken[0][2]["Sandbox-Signature"] != good


@pytest.mark.parametrize("kind", ["late", "stall"])
def test_a_late_delivery_does_not_hold_up_the_next(
    call: Caller, shop: Shop, deliverer: Deliverer, clock: HandClock, kind: str
) -> None:
    call.fault("webhooks", kind, seconds=20)
    call.charge(key="a")
    call.charge(key="b")
    assert deliverer.round() == 20
    assert [json.loads(body)["data"]["key"] for _, body, _ in shop.taken] == ["b"]
    clock.forward(seconds=20)
    deliverer.round()
    assert [json.loads(body)["data"]["key"] for _, body, _ in shop.taken] == ["b", "a"]


def test_api_faults_do_not_touch_deliveries(call: Caller, shop: Shop, deliverer: Deliverer) -> None:
    call.charge()
    call.fault("*", "refuse", times=-1, method="*")
    deliverer.round()
    assert len(shop.taken) == 1


@pytest.mark.parametrize("target", [{"url": "shop"}, {"url": "http://shop.example/"}, {"secret": "s"}])
def test_a_target_has_an_address_and_a_secret(call: Caller, target: dict[str, str]) -> None:
    assert error_of(call.send("POST", "/webhooks", target))[0] == 422
    assert call.get("/webhooks") == {"url": None}
