"""The hosting panel."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.testing.sandbox.books import FILE_NAME
from tests.unit.testing.sandbox.caller import Caller, error_of

WISH = {
    "username": "pinewood", "domain": "pinewood.example", "plan": "starter", "password": "long enough 1",
    "email": "owner@pinewood.example", "marker": "ik:1",
}  # fmt: skip
PATH = "/panel/accounts/pinewood"


def test_an_account_is_built(call: Caller) -> None:
    answer = call.send("POST", "/panel/accounts", WISH, key="job-1")
    assert answer.status_code == 201
    account = answer.get_json()
    assert {name: account[name] for name in ("username", "domain", "plan", "state", "marker")} == {
        "username": "pinewood", "domain": "pinewood.example", "plan": "starter", "state": "active",
        "marker": "ik:1",
    }  # fmt: skip
    assert call.get(PATH) == account
    assert call.get("/panel/accounts")["data"] == [account]
    assert call.books("accounts") == [account]
    assert call.send("POST", "/panel/accounts", WISH, key="job-1").data == answer.data


def test_a_name_in_use_is_refused_without_saying_whose(call: Caller) -> None:
    call.post("/panel/accounts", WISH)
    same_name = call.send("POST", "/panel/accounts", WISH | {"domain": "other.example", "marker": "ik:2"})
    assert error_of(same_name) == (409, "username_taken", "username")
    same_domain = call.send("POST", "/panel/accounts", WISH | {"username": "other", "marker": "ik:2"})
    assert error_of(same_domain) == (409, "domain_taken", "domain")
    assert "ik:1" not in same_name.text + same_domain.text
    assert len(call.books("accounts")) == 1


def test_an_account_is_suspended_and_resumed_as_often_as_asked(call: Caller) -> None:
    call.post("/panel/accounts", WISH)
    for _ in range(2):
        assert call.post(f"{PATH}/suspend", {"reason": "unpaid"})["state"] == "suspended"
    for _ in range(2):
        assert call.post(f"{PATH}/unsuspend", {})["state"] == "active"


def test_plan_and_password_are_changed(call: Caller) -> None:
    call.post("/panel/accounts", WISH)
    assert call.post(f"{PATH}/plan", {"plan": "business"})["plan"] == "business"
    assert call.post(f"{PATH}/password", {"password": "another long one"})["password_changes"] == 1
    assert error_of(call.send("POST", f"{PATH}/plan", {"plan": "gold"})) == (422, "no_such_plan", "plan")
    assert error_of(call.send("POST", f"{PATH}/password", {"password": "short"}))[0] == 422


def test_a_deleted_account_frees_its_name_and_stays_in_the_books(call: Caller) -> None:
    call.post("/panel/accounts", WISH)
    assert call.send("DELETE", PATH).get_json()["deleted"] is True
    assert error_of(call.send("DELETE", PATH))[:2] == (404, "no_such_account")
    assert call.get("/panel/accounts")["data"] == []
    assert call.send("POST", "/panel/accounts", WISH).status_code == 201
    assert [entry["state"] for entry in call.books("accounts")] == ["deleted", "active"]


@pytest.mark.parametrize("action", ["suspend", "unsuspend", "password", "plan"])
def test_what_is_not_there_can_not_be_changed(call: Caller, action: str) -> None:
    body = {"password": {"password": "long enough 1"}, "plan": {"plan": "starter"}}.get(action, {})
    assert error_of(call.send("POST", f"{PATH}/{action}", body))[:2] == (404, "no_such_account")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"username": "Pinewood"}, "invalid_field", "username"),
        ({"username": "1pine"}, "invalid_field", "username"),
        ({"username": "a" * 17}, "invalid_field", "username"),
        ({"username": "pine\n"}, "invalid_field", "username"),
        ({"domain": "Pinewood.example"}, "invalid_field", "domain"),
        ({"domain": "pinewood"}, "invalid_field", "domain"),
        ({"domain": "-a.example"}, "invalid_field", "domain"),
        ({"domain": "a..example"}, "invalid_field", "domain"),
        ({"plan": "gold"}, "no_such_plan", "plan"),
        ({"password": "short"}, "invalid_field", "password"),
        ({"email": "nobody"}, "invalid_field", "email"),
        ({"marker": 5}, "invalid_field", "marker"),
        ({"quota": 5}, "unknown_field", "quota"),
    ],
)
def test_a_careless_wish_is_refused_at_its_field(
    call: Caller, changes: dict[str, object], code: str, field: str
) -> None:
    assert error_of(call.send("POST", "/panel/accounts", WISH | changes)) == (422, code, field)
    assert call.books("accounts") == []


def test_no_password_reaches_the_books(call: Caller, tmp_path: Path) -> None:
    call.send("POST", "/panel/accounts", WISH, key="job-1")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "sandbox").glob(f"{FILE_NAME}*"))
    assert b"pinewood" in kept
    assert b"long enough 1" not in kept


def test_the_version_names_the_plans(call: Caller) -> None:
    assert call.get("/panel/version")["plans"] == ["starter", "business"]
