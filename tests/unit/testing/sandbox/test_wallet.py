"""The wallet: created by the seller, approved by the buyer, captured once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.testing.sandbox.caller import Caller, error_of

ORDER = {
    "amount": 17926, "currency": "USD", "reference": "INV-1",
    "return_url": "http://shop.example:8000/orders/abc/return?step=2", "cancel_url": "http://shop.example:8000/cancel",
}  # fmt: skip


@pytest.fixture
def payment(call: Caller) -> Any:
    return call.post("/v1/wallet/payments", ORDER, key="attempt-1")


def press(call: Caller, payment: Any, choice: str) -> str:
    answer = call.client.post(f"/wallet/approve/{payment['id']}", data={"choice": choice})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_the_buyer_approves_and_the_seller_captures_once(call: Caller, payment: Any) -> None:
    assert payment["status"] == "created"
    assert payment["approve_url"] == f"http://localhost/wallet/approve/{payment['id']}"
    goal = press(call, payment, "approve")
    assert goal == f"http://shop.example:8000/orders/abc/return?step=2&payment={payment['id']}"
    path = f"/v1/wallet/payments/{payment['id']}"
    assert call.get(path)["status"] == "approved"
    assert call.post(f"{path}/capture", {}, key="attempt-1")["status"] == "captured"
    assert call.post(f"{path}/capture", {}, key="other")["captured"] == 17926
    (entry,) = call.books("payments")
    assert (entry["status"], entry["captured"], entry["key"]) == ("captured", 17926, "attempt-1")
    assert [event["type"] for event in call.books("events")] == ["payment.approved", "payment.captured"]
    assert call.get("/v1/wallet/payments?key=attempt-1")["data"][0]["id"] == payment["id"]


def test_the_buyer_cancels(call: Caller, payment: Any) -> None:
    assert press(call, payment, "cancel") == f"http://shop.example:8000/cancel?payment={payment['id']}"
    capture = call.send("POST", f"/v1/wallet/payments/{payment['id']}/capture", key="k")
    assert error_of(capture)[:2] == (409, "not_approved")
    assert call.books("payments")[0]["status"] == "cancelled"


def test_the_first_button_counts(call: Caller, payment: Any) -> None:
    approved = press(call, payment, "approve")
    assert press(call, payment, "approve") == approved
    assert press(call, payment, "cancel") == approved
    assert call.books("payments")[0]["status"] == "approved"
    assert len(call.books("events")) == 1


def test_no_capture_before_approval(call: Caller, payment: Any) -> None:
    answer = call.send("POST", f"/v1/wallet/payments/{payment['id']}/capture", {}, key="k")
    assert error_of(answer)[:2] == (409, "not_approved")


def test_refunds_never_exceed_what_was_captured(call: Caller, payment: Any) -> None:
    path = f"/v1/wallet/payments/{payment['id']}"
    assert error_of(call.send("POST", f"{path}/refund", {"amount": 1}, key="r"))[:2] == (409, "not_captured")
    press(call, payment, "approve")
    call.post(f"{path}/capture", {}, key="c")
    assert call.post(f"{path}/refund", {"amount": 17926}, key="r1")["refunded"] == 17926
    assert error_of(call.send("POST", f"{path}/refund", {"amount": 1}, key="r2"))[1] == "over_refund"
    assert call.books("events")[-1]["type"] == "payment.refunded"


@pytest.mark.parametrize(
    "url", ["/relative", "javascript:alert(1)", "ftp://x.example/", "http://", "http://x:99999/", 7]
)
def test_a_way_back_is_an_absolute_address(call: Caller, url: object) -> None:
    for field in ("return_url", "cancel_url"):
        answer = call.send("POST", "/v1/wallet/payments", ORDER | {field: url}, key="k")
        assert error_of(answer) == (422, "invalid_field", field)


def test_the_approval_page(call: Caller, payment: Any) -> None:
    page = call.client.get(f"/wallet/approve/{payment['id']}")
    assert page.status_code == 200
    for words in (
        "Test mode",
        "179.26 USD",
        "INV-1",
        "shop.example:8000",
        'value="approve"',
        'value="cancel"',
    ):
        assert words in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' http://shop.example:8000" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "style=" not in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize(
    ("choice", "words"), [("approve", "You approved this payment"), ("cancel", "You cancelled this payment")]
)
def test_a_finished_page_says_so_and_leads_on(call: Caller, payment: Any, choice: str, words: str) -> None:
    goal = press(call, payment, choice)
    page = call.client.get(f"/wallet/approve/{payment['id']}")
    assert words in page.text
    assert goal.replace("&", "&amp;") in page.text
    assert "<button" not in page.text


def test_names_are_escaped(call: Caller) -> None:
    payment = call.post("/v1/wallet/payments", ORDER | {"reference": "<script>x</script>"}, key="k")
    assert "&lt;script&gt;" in call.client.get(f"/wallet/approve/{payment['id']}").text


def test_wrong_turns_are_pages_too(call: Caller, payment: Any) -> None:
    missing = call.client.get("/wallet/approve/wp_none")
    assert (missing.status_code, missing.mimetype) == (404, "text/html")
    unclear = call.client.post(f"/wallet/approve/{payment['id']}", data={"choice": "both"})
    assert (unclear.status_code, unclear.mimetype) == (422, "text/html")
    foreign = call.client.post(
        f"/wallet/approve/{payment['id']}",
        data={"choice": "approve"},
        headers={"Origin": "http://evil.example"},
    )
    assert foreign.status_code == 403
    assert call.books("payments")[0]["status"] == "created"
