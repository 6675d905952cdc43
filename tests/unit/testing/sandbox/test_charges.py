"""The card processor over its HTTP API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.testing.sandbox.books import FILE_NAME
from tests.unit.testing.sandbox.caller import Caller, HandClock, error_of


def test_a_charge_succeeds_and_stands_in_the_books(call: Caller) -> None:
    charge = call.charge(key="attempt-1")
    assert charge["status"] == "succeeded"
    assert charge["decline_code"] is None
    (entry,) = call.books("charges")
    expected = {"id": charge["id"], "key": "attempt-1", "reference": "INV-1", "amount": 17926, "refunded": 0}
    assert {name: entry[name] for name in expected} == expected
    assert (entry["currency"], entry["status"], entry["created_at"][:10]) == (
        "USD",
        "succeeded",
        "2026-05-13",
    )
    assert call.get(f"/v1/charges/{charge['id']}") == charge
    assert call.get("/v1/charges?key=attempt-1")["data"] == [charge]
    assert call.get("/v1/charges?key=other")["data"] == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4000000000000002", "card_declined"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
        ("4000000000000119", "processing_error"),
        ("4000000000000341", "card_declined"),
    ],
)
def test_a_decline_is_an_answer_and_is_kept(call: Caller, number: str, code: str) -> None:
    charge = call.charge(number)
    assert (charge["status"], charge["decline_code"]) == ("declined", code)
    assert call.books("charges")[0]["status"] == "declined"


def test_a_token_is_used_again_and_forgotten_on_request(call: Caller) -> None:
    token = call.token()
    assert call.charge(key="a", token=token)["status"] == "succeeded"
    assert call.charge(key="b", token=token)["status"] == "succeeded"
    shown = call.get(f"/v1/tokens/{token}")
    assert (shown["brand"], shown["last4"], shown["expiry_month"], shown["expiry_year"]) == (
        "Visa", "4242", 12, 2030,
    )  # fmt: skip
    assert call.send("DELETE", f"/v1/tokens/{token}").get_json() == {"token": token, "deleted": True}
    assert error_of(call.send("GET", f"/v1/tokens/{token}")) == (404, "no_such_token", "")
    assert error_of(call.send("DELETE", f"/v1/tokens/{token}")) == (404, "no_such_token", "")
    assert call.charge(key="c", token=token)["error"]["field"] == "token"


def test_a_card_that_expires_later_is_declined_then(call: Caller, clock: HandClock) -> None:
    token = call.token(expiry_month=6, expiry_year=2026)
    clock.forward(days=60)
    assert call.charge(token=token)["decline_code"] == "expired_card"


def test_a_challenge_is_finished_by_the_browser(call: Caller) -> None:
    charge = call.charge("4000002500003155")
    assert (charge["status"], bool(charge["action"]["challenge"])) == ("requires_action", True)
    path = f"/v1/charges/{charge['id']}/authenticate"
    answer = {"result": "ok", "challenge": charge["action"]["challenge"]}
    for _ in range(2):
        assert call.post(path, answer, auth="sandbox-public") == {"id": charge["id"], "status": "succeeded"}
    assert error_of(call.send("POST", path, {"result": "fail"}))[:2] == (409, "already_finished")
    assert call.get(f"/v1/charges/{charge['id']}")["action"] is None


def test_a_failed_challenge_is_a_decline(call: Caller) -> None:
    charge = call.charge("4000002500003155")
    call.post(f"/v1/charges/{charge['id']}/authenticate", {"result": "fail"}, auth="sandbox-public")
    assert call.books("charges")[0]["decline_code"] == "authentication_failed"


def test_a_challenge_of_another_charge_does_not_count(call: Caller) -> None:
    charge = call.charge("4000002500003155")
    answer = {"result": "ok", "challenge": "guessed"}
    path = f"/v1/charges/{charge['id']}/authenticate"
    assert error_of(call.send("POST", path, answer))[:2] == (409, "no_such_challenge")


def test_a_card_once_confirmed_may_be_charged_without_its_holder(call: Caller) -> None:
    token = call.token("4000002500003155")
    alone = call.charge(token=token, key="a", customer_present=False)
    assert alone["decline_code"] == "authentication_required"
    charge = call.charge(token=token, key="b")
    call.post(f"/v1/charges/{charge['id']}/authenticate", {"result": "ok"}, auth="sandbox-public")
    assert call.charge(token=token, key="c", customer_present=False)["status"] == "succeeded"


def test_refunds_never_exceed_the_charge(call: Caller) -> None:
    path = f"/v1/charges/{call.charge()['id']}/refund"
    first = call.post(path, {"amount": 10000}, key="r1")
    assert (first["amount"], first["refunded"], first["status"]) == (10000, 10000, "succeeded")
    assert error_of(call.send("POST", path, {"amount": 7927}, key="r2")) == (409, "over_refund", "amount")
    assert call.post(path, {"amount": 7926, "currency": "USD"}, key="r2")["refunded"] == 17926
    (entry,) = call.books("charges")
    assert (entry["refunded"], [refund["key"] for refund in entry["refunds"]]) == (17926, ["r1", "r2"])


def test_a_refund_in_another_currency_or_of_a_decline_is_refused(call: Caller) -> None:
    paid, declined = call.charge(key="a")["id"], call.charge("4000000000000002", key="b")["id"]
    wrong = call.send("POST", f"/v1/charges/{paid}/refund", {"amount": 1, "currency": "EUR"}, key="r")
    assert error_of(wrong) == (422, "wrong_currency", "currency")
    nothing = call.send("POST", f"/v1/charges/{declined}/refund", {"amount": 1}, key="r")
    assert error_of(nothing)[:2] == (409, "not_captured")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": 10.0}, "amount"),
        ({"amount": "10"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 10**13}, "amount"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "USDX"}, "currency"),
        ({"currency": None}, "currency"),
        ({"token": "tok_none"}, "token"),
        ({"token": 7}, "token"),
        ({"customer_present": "yes"}, "customer_present"),
        ({"reference": "a\nb"}, "reference"),
        ({"reference": "\ud800"}, "reference"),
        ({"reference": "x" * 201}, "reference"),
        ({"ammount": 5}, "ammount"),
    ],
)
def test_a_careless_charge_is_refused_at_its_field(call: Caller, changes: dict[str, Any], field: str) -> None:
    assert call.charge(**changes)["error"]["field"] == field
    assert call.books("charges") == []


def test_no_card_number_reaches_the_books(call: Caller, tmp_path: Path) -> None:
    call.token("4000002500003155")
    call.post("/v1/tokens", {"number": "4242424242424241", "code": "999"}, auth="sandbox-public")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "sandbox").glob(f"{FILE_NAME}*"))
    assert b"3155" in kept
    assert b"400000250000" not in kept
    assert b"424242424242" not in kept
