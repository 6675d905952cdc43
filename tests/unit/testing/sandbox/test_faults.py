"""Misbehaviour on order, in process: what is acted on, and what is answered."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from core.testing.sandbox.app import create_app
from core.testing.sandbox.faults import Dropped
from core.testing.sandbox.world import World
from tests.unit.testing.sandbox.caller import Caller, error_of


@pytest.fixture
def token(call: Caller) -> str:
    return call.token()


def test_refuse_says_that_nothing_was_done(call: Caller, token: str) -> None:
    call.fault("charges", "refuse")
    answer = call.send("POST", "/v1/charges", {"amount": 5, "currency": "USD", "token": token}, key="k")
    assert error_of(answer) == (503, "unavailable", "")
    assert answer.headers["X-Not-Processed"] == "true"
    assert call.books("charges") == []
    assert call.charge(token=token, key="k")["status"] == "succeeded"


def test_garbage_is_answered_without_acting(call: Caller, token: str) -> None:
    call.fault("charges", "garbage")
    answer = call.send("POST", "/v1/charges", {"amount": 5, "currency": "USD", "token": token}, key="k")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert call.books("charges") == []


def test_a_lost_answer_is_found_under_its_key(call: Caller, token: str) -> None:
    call.fault("charges", "lose_answer")
    with pytest.raises(Dropped):
        call.charge(token=token, key="once")
    (charge,) = call.books("charges")
    assert call.get("/v1/charges?key=once")["data"] == [charge]
    assert call.charge(token=token, key="once")["id"] == charge["id"]
    assert len(call.books("charges")) == 1
    assert [row["answer"] for row in call.books("calls")][:2] == ["200", "closed"]


def test_a_server_error_comes_after_acting(call: Caller, token: str) -> None:
    call.fault("charges", "server_error")
    answer = call.send("POST", "/v1/charges", {"amount": 5, "currency": "USD", "token": token}, key="k")
    assert (answer.status_code, answer.mimetype) == (502, "text/html")
    assert len(call.books("charges")) == 1


def test_stall_never_acts(call: Caller, token: str) -> None:
    call.fault("charges", "stall", seconds=0.05)
    with pytest.raises(Dropped):
        call.charge(token=token)
    assert call.books("charges") == []


def test_late_acts_before_it_sleeps(call: Caller, token: str, world: World, app: Flask) -> None:
    call.fault("charges", "late", seconds=30)
    answers: list[object] = []
    slow = threading.Thread(target=lambda: answers.append(Caller(app.test_client()).charge(token=token)))
    slow.start()
    while not call.books("charges"):
        slow.join(0.01)
    assert answers == []
    world.closing.set()  # ends the sleep
    slow.join(10)
    assert answers == call.books("charges")


def test_decline_is_an_honest_no(call: Caller, token: str) -> None:
    call.fault("*", "decline", times=3)
    assert call.charge(token=token)["decline_code"] == "card_declined"
    account = {
        "username": "a", "domain": "a.example", "plan": "starter", "password": "12345678",
        "email": "a@a.example",
    }  # fmt: skip
    assert error_of(call.send("POST", "/panel/accounts", account))[:2] == (409, "refused")
    assert error_of(call.send("POST", "/v1/tokens", CARD, auth="sandbox-public"))[:2] == (402, "declined")
    assert call.get("/faults")["data"] == []


CARD = {"number": "4242424242424242", "expiry_month": 12, "expiry_year": 2030, "code": "123"}


def test_a_wrong_amount_is_moved_and_told(call: Caller, token: str) -> None:
    call.fault("charges", "wrong_amount")
    call.get("/v1/charges")  # moves nothing, so the fault waits
    assert call.charge(token=token)["amount"] == 17925
    assert call.books("charges")[0]["amount"] == 17925
    assert call.charge(token=token, key="k2")["amount"] == 17926


def test_a_fault_hits_its_target_its_method_and_its_times(call: Caller, token: str) -> None:
    call.fault("charges", "garbage", times=2)
    assert call.get("/v1/charges")["data"] == []  # POST is meant where nothing else is said
    assert call.get("/panel/accounts")["data"] == []
    statuses = [call.send("POST", "/v1/charges", {}, key="k").mimetype for _ in range(3)]
    assert statuses == ["text/html", "text/html", "application/json"]
    call.fault("panel", "refuse", times=-1, method="*")
    assert {call.send("GET", "/panel/accounts").status_code for _ in range(5)} == {503}
    assert call.send("DELETE", "/panel/accounts/x").status_code == 503
    call.send("DELETE", "/faults")
    assert call.send("GET", "/panel/accounts").status_code == 200


def test_faults_are_played_in_the_order_they_were_set(call: Caller) -> None:
    call.fault("panel", "refuse", method="GET")
    call.fault("*", "garbage", method="*")
    assert [call.send("GET", "/panel/accounts").status_code for _ in range(3)] == [503, 200, 200]


def test_books_faults_and_the_clock_always_work(call: Caller) -> None:
    call.fault("*", "refuse", times=-1, method="*")
    for path in ("/books/charges", "/faults", "/clock", "/webhooks", "/healthz", "/", "/tokenizer.js"):
        assert call.send("GET", path).status_code == 200
    assert call.client.options("/v1/tokens").status_code == 200


def test_faults_outlive_the_process(call: Caller, world: World) -> None:
    call.fault("charges", "refuse", times=3)
    again = Caller(create_app(world).test_client())
    assert again.get("/faults")["data"] == [
        {"id": 1, "target": "charges", "kind": "refuse", "times": 3, "seconds": 60.0, "method": "POST"}
    ]


def test_one_fault_hits_one_of_many_calls_at_once(call: Caller, app: Flask) -> None:
    call.fault("panel", "garbage", times=3, method="*")
    kinds: list[str] = []
    gate = threading.Barrier(8)

    def look() -> None:
        caller = Caller(app.test_client())
        gate.wait()
        kinds.append(str(caller.send("GET", "/panel/accounts").mimetype))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds) == ["application/json"] * 5 + ["text/html"] * 3


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"target": "moon", "kind": "refuse"}, "target"),
        ({"target": "charges", "kind": "explode"}, "kind"),
        ({"target": "charges"}, "kind"),
        ({"target": "charges", "kind": "refuse", "times": 0}, "times"),
        ({"target": "charges", "kind": "refuse", "times": -2}, "times"),
        ({"target": "charges", "kind": "stall", "seconds": -1}, "seconds"),
        ({"target": "charges", "kind": "stall", "seconds": "long"}, "seconds"),
        ({"target": "charges", "kind": "stall", "method": "post"}, "method"),
        ({"target": "webhooks", "kind": "decline"}, "kind"),
        ({"target": "charges", "kind": "refuse", "time": 1}, "time"),
    ],
)
def test_a_careless_fault_is_refused(call: Caller, order: dict[str, object], field: str) -> None:
    assert error_of(call.send("POST", "/faults", order))[::2] == (422, field)
