"""The bank: what settles, what comes back, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.testing.sandbox.bank import aba_valid, business_days_after
from core.testing.sandbox.books import FILE_NAME
from tests.unit.testing.sandbox.caller import Caller, HandClock, error_of

ORDER = {
    "amount": 17926, "currency": "USD", "routing_number": "110000000", "account_number": "000123456789",
    "account_type": "checking", "holder": "Adaeze Okonkwo", "reference": "INV-1",
}  # fmt: skip


def send(call: Caller, ending: str = "6789", *, key: str = "attempt-1") -> Any:
    return call.post("/v1/transfers", ORDER | {"account_number": f"00011111{ending}"}, key=key)


def report(call: Caller, since: str = "") -> list[Any]:
    rows: list[Any] = call.get(
        f"/v1/transfers/settlements?since={since}" if since else "/v1/transfers/settlements"
    )["data"]
    return rows


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("110000000", True),
        ("021000021", True),
        ("111000025", True),
        ("021000022", False),
        ("000000000", False),
    ],
)
def test_routing_numbers_carry_a_check_digit(number: str, valid: bool) -> None:
    assert aba_valid(number) is valid


@pytest.mark.parametrize(("day", "after"), [(13, 15), (14, 18), (15, 19), (16, 19), (17, 19)])
def test_business_days_skip_the_weekend(day: int, after: int) -> None:
    start = datetime(2026, 5, day, 9, tzinfo=UTC)  # the 13th is a Wednesday
    assert business_days_after(start, 2) == start.replace(day=after)


def test_an_echeck_settles_after_three_days(call: Caller, clock: HandClock) -> None:
    transfer = send(call)
    assert (transfer["status"], transfer["last4"]) == ("pending", "6789")
    clock.forward(days=2, hours=23)
    assert report(call) == []
    clock.forward(hours=1)
    (event,) = report(call)
    assert (event["transfer_id"], event["key"], event["status"]) == (transfer["id"], "attempt-1", "settled")
    assert (event["amount"], event["currency"]) == (17926, "USD")
    assert event["occurred_at"] == "2026-05-16T10:00:00.000000+00:00"
    assert call.get(f"/v1/transfers/{transfer['id']}")["status"] == "settled"


def test_the_clock_is_moved_without_waiting(call: Caller) -> None:
    send(call)
    before = call.get("/clock")
    after = call.post("/clock/advance", {"days": 2, "hours": 24})
    assert after["offset_seconds"] - before["offset_seconds"] == 3 * 86_400
    assert call.books("transfers")[0]["status"] == "settled"


def test_a_returning_account_settles_and_comes_back(call: Caller) -> None:
    send(call, "2227")
    call.post("/clock/advance", {"days": 3})
    assert [event["status"] for event in report(call)] == ["settled"]
    call.post("/clock/advance", {"days": 3})  # Saturday the 16th to Tuesday the 19th
    settled, returned = report(call)
    assert (returned["status"], returned["code"]) == ("returned", "R01")
    assert returned["occurred_at"] == "2026-05-19T10:00:00.000000+00:00"
    assert report(call, "2026-05-17T00:00:00Z") == [returned]
    assert report(call, settled["occurred_at"].replace("+", "%2B")) == [settled, returned]
    assert report(call, settled["occurred_at"]) == [settled, returned]  # the plus sign came as a space


def test_one_long_step_brings_both_in_order(call: Caller) -> None:
    send(call, "2227", key="a")
    send(call, "6789", key="b")
    call.post("/clock/advance", {"days": 30})
    facts = [(event["key"], event["status"]) for event in report(call)]
    assert facts == [("a", "settled"), ("b", "settled"), ("a", "returned")]


def test_the_webhook_and_the_report_tell_one_fact_under_one_id(call: Caller) -> None:
    send(call, "2227")
    call.post("/clock/advance", {"days": 30})
    events = call.books("events")
    assert [event["type"] for event in events] == ["transfer.settled", "transfer.returned"]
    assert [event["id"] for event in events] == [event["event_id"] for event in report(call)]
    assert events[1]["data"]["key"] == "attempt-1"
    assert events[1]["data"]["code"] == "R01"


@pytest.mark.parametrize(("ending", "code"), [("1113", "account_closed"), ("1116", "no_account")])
def test_some_accounts_are_declined_at_once(call: Caller, ending: str, code: str) -> None:
    transfer = send(call, ending)
    assert (transfer["status"], transfer["code"], transfer["settles_at"]) == ("declined", code, None)
    call.post("/clock/advance", {"days": 30})
    assert report(call) == []


def test_a_settled_transfer_is_returned_on_request_once(call: Caller) -> None:
    transfer = send(call)
    path = f"/bank/return/{transfer['id']}"
    assert error_of(call.send("POST", path, {"code": "R10"}))[:2] == (409, "not_settled")
    call.post("/clock/advance", {"days": 3})
    returned = call.post(path, {"code": "R10"})
    assert (returned["status"], returned["code"]) == ("returned", "R10")
    assert error_of(call.send("POST", path, {"code": "R10"}))[:2] == (409, "not_settled")
    assert [event["code"] for event in report(call)] == [None, "R10"]


@pytest.mark.parametrize("code", ["10", "R1", "R100", ""])
def test_a_return_has_a_code_of_the_network(call: Caller, code: str) -> None:
    assert error_of(call.send("POST", "/bank/return/tr_x", {"code": code}))[0] == 422


def test_only_settled_money_is_given_back(call: Caller) -> None:
    path = f"/v1/transfers/{send(call)['id']}/refund"
    assert error_of(call.send("POST", path, {"amount": 5}, key="r"))[:2] == (409, "not_settled")
    call.post("/clock/advance", {"days": 3})
    assert call.post(path, {"amount": 17926}, key="r")["refunded"] == 17926
    assert error_of(call.send("POST", path, {"amount": 1}, key="r2"))[1] == "over_refund"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"routing_number": "021000022"}, "routing_number"),
        ({"routing_number": "11000000"}, "routing_number"),
        ({"account_number": "123"}, "account_number"),
        ({"account_number": "12 34 56"}, "account_number"),
        ({"account_number": 123456}, "account_number"),
        ({"account_type": "piggy"}, "account_type"),
        ({"holder": ""}, "holder"),
        ({"amount": 0}, "amount"),
    ],
)
def test_a_careless_echeck_is_refused_at_its_field(
    call: Caller, changes: dict[str, object], field: str
) -> None:
    answer = call.send("POST", "/v1/transfers", ORDER | changes, key="k")
    assert error_of(answer)[::2] == (422, field)


@pytest.mark.parametrize("step", [{}, {"days": 0}, {"days": -1}, {"days": 1.5}, {"days": "3"}, {"weeks": 1}])
def test_the_clock_goes_forward_only(call: Caller, step: dict[str, object]) -> None:
    assert error_of(call.send("POST", "/clock/advance", step))[0] == 422


@pytest.mark.parametrize("since", ["yesterday", "2026-05-01T00:00:00"])
def test_since_is_an_instant(call: Caller, since: str) -> None:
    answer = call.send("GET", f"/v1/transfers/settlements?since={since}")
    assert error_of(answer) == (422, "invalid_field", "since")


def test_no_account_number_reaches_the_books(call: Caller, tmp_path: Path) -> None:
    send(call, "2227")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "sandbox").glob(f"{FILE_NAME}*"))
    assert b"2227" in kept
    assert b"11112227" not in kept
