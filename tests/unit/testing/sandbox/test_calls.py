"""Who is let in, what is read, and what an Idempotency-Key promises."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from tests.unit.testing.sandbox.caller import Caller, error_of


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/charges"), ("GET", "/v1/charges"), ("GET", "/v1/charges/x"), ("GET", "/v1/tokens/x"),
        ("DELETE", "/v1/tokens/x"), ("POST", "/v1/charges/x/refund"), ("POST", "/v1/wallet/payments"),
        ("POST", "/v1/wallet/payments/x/capture"), ("POST", "/v1/transfers"), ("GET", "/v1/account"),
        ("GET", "/v1/transfers/settlements"), ("POST", "/panel/accounts"), ("GET", "/panel/version"),
        ("DELETE", "/panel/accounts/x"), ("GET", "/registrar/check"), ("POST", "/registrar/domains"),
        ("PUT", "/registrar/domains/x.example/nameservers"),
    ],
)  # fmt: skip
def test_a_seller_needs_the_secret_key(call: Caller, method: str, path: str) -> None:
    assert error_of(call.send(method, path, auth=""))[:2] == (401, "unauthorized")
    assert error_of(call.send(method, path, auth="wrong"))[:2] == (401, "unauthorized")
    assert error_of(call.send(method, path, auth="sandbox-public"))[:2] == (403, "public_key")


def test_a_browser_needs_the_public_key(call: Caller) -> None:
    for path in ("/v1/tokens", "/v1/charges/x/authenticate"):
        assert error_of(call.send("POST", path, {}, auth=""))[:2] == (401, "unauthorized")


def test_the_secret_key_is_proved_without_moving_money(call: Caller) -> None:
    assert call.get("/v1/account")["mode"] == "test"


def test_other_origins_may_tokenise_and_nothing_else(call: Caller) -> None:
    question = call.client.options("/v1/tokens", headers={"Origin": "http://shop.example"})
    assert question.status_code == 200
    assert question.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in question.headers["Access-Control-Allow-Headers"]
    refused = call.send("POST", "/v1/tokens", {}, auth="sandbox-public")
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (422, "*")
    assert "Access-Control-Allow-Origin" not in call.send("GET", "/v1/charges").headers
    assert "Access-Control-Allow-Origin" not in call.client.options("/faults").headers


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"x"', "application/json", 400),
        (b'{"amount": NaN}', "application/json", 400),
        (b'{"amount": 1, "amount": 2}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 40_000, "application/json", 400),
        (b"amount=1", "application/x-www-form-urlencoded", 415),
        (b'{"amount": 1}', "text/plain", 415),
        (b" " * 70_000, "application/json", 413),
    ],
)
def test_what_is_not_one_json_object_is_refused(call: Caller, data: bytes, kind: str, status: int) -> None:
    headers = {"Authorization": "Bearer sandbox-secret", "Idempotency-Key": "k"}
    answer = call.client.post("/v1/charges", data=data, content_type=kind, headers=headers)
    assert error_of(answer)[0] == status


def test_unknown_places_and_methods_answer_in_json(call: Caller) -> None:
    assert error_of(call.send("GET", "/v1/nothing"))[:2] == (404, "not_found")
    wrong = call.send("PATCH", "/v1/charges")
    assert error_of(wrong)[:2] == (405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]


def test_a_bug_of_ours_shows_nothing_of_the_inside(app: Flask, call: Caller) -> None:
    def broken() -> str:
        raise ZeroDivisionError("the inside")

    app.add_url_rule("/broken", view_func=broken)
    answer = call.send("GET", "/broken")
    assert error_of(answer) == (500, "internal_server_error", "")
    assert "inside" not in answer.text


# Idempotency ---------------------------------------------------------------------------------


def test_the_same_key_acts_once_and_answers_the_same(call: Caller) -> None:
    token = call.token()
    body = {"amount": 500, "currency": "USD", "token": token}
    first = call.send("POST", "/v1/charges", body, key="once")
    second = call.send("POST", "/v1/charges", dict(reversed(body.items())), key="once")
    assert first.data == second.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(call.books("charges")) == 1


def test_the_same_key_with_another_body_is_refused(call: Caller) -> None:
    token = call.token()
    call.charge(key="once", token=token)
    other = {"amount": 1, "currency": "USD", "token": token, "reference": "INV-1"}
    assert error_of(call.send("POST", "/v1/charges", other, key="once"))[:2] == (409, "key_reused")
    assert len(call.books("charges")) == 1


def test_a_key_belongs_to_one_charge(call: Caller) -> None:
    first, second = call.charge(key="a")["id"], call.charge(key="b")["id"]
    assert call.post(f"/v1/charges/{first}/refund", {"amount": 1}, key="r")["status"] == "succeeded"
    other = call.send("POST", f"/v1/charges/{second}/refund", {"amount": 1}, key="r")
    assert error_of(other)[:2] == (409, "key_reused")


def test_a_decline_is_repeated_under_its_key(call: Caller) -> None:
    token = call.token("4000000000000002")
    assert call.charge(token=token, key="once") == call.charge(token=token, key="once")
    assert len(call.books("charges")) == 1


def test_a_refusal_leaves_the_key_free(call: Caller) -> None:
    assert call.charge(key="once", token="tok_none")["error"]["code"] == "no_such_token"
    assert call.charge(key="once")["status"] == "succeeded"


@pytest.mark.parametrize("path", ["/v1/charges", "/v1/wallet/payments", "/v1/transfers"])
def test_no_money_moves_without_a_key(call: Caller, path: str) -> None:
    order = {
        "amount": 500, "currency": "USD", "token": "tok_x", "return_url": "http://shop.example/r",
        "cancel_url": "http://shop.example/c", "routing_number": "110000000",
        "account_number": "000123456789", "account_type": "checking", "holder": "A",
    }  # fmt: skip
    assert error_of(call.send("POST", path, order))[:2] == (400, "key_missing")


@pytest.mark.parametrize("key", ["a b", "x" * 256])
def test_an_unusable_key_is_refused(call: Caller, key: str) -> None:
    assert error_of(call.send("POST", "/v1/charges", {}, key=key))[:2] == (400, "invalid_key")


def test_twenty_at_once_under_one_key_act_once(app: Flask, call: Caller) -> None:
    token = call.token()
    gate = threading.Barrier(20)
    answers: list[str] = []

    def pay() -> None:
        caller = Caller(app.test_client())
        gate.wait()
        answers.append(caller.charge(token=token, key="once")["id"])

    threads = [threading.Thread(target=pay) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (charge,) = call.books("charges")
    assert answers == [charge["id"]] * 20


def test_emptied_books_forget_acts_and_keys(call: Caller) -> None:
    call.charge(key="once")
    call.fault("charges", "late")
    call.post("/clock/advance", {"days": 1})
    call.send("DELETE", "/books")
    for name in ("charges", "payments", "transfers", "accounts", "domains", "events", "calls"):
        assert call.books(name) == []
    assert call.get("/faults")["data"] == []
    assert call.get("/clock")["offset_seconds"] == 86_400
    assert call.charge(key="once")["status"] == "succeeded"


def test_there_is_no_such_book(call: Caller) -> None:
    assert error_of(call.send("GET", "/books/tokens"))[:2] == (404, "no_such_book")


def test_calls_are_written_down_with_their_answers(call: Caller) -> None:
    call.charge(key="once")
    call.send("GET", "/panel/accounts/none")
    rows = [(row["method"], row["path"], row["key"], row["answer"]) for row in call.books("calls")]
    assert rows == [
        ("POST", "/v1/tokens", None, "200"),
        ("POST", "/v1/charges", "once", "200"),
        ("GET", "/panel/accounts/none", None, "404"),
    ]
