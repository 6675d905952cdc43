"""The registrar."""

from __future__ import annotations

from datetime import date

import pytest

from core.testing.sandbox.registrar import years_later
from tests.unit.testing.sandbox.caller import Caller, error_of

WISH = {
    "domain": "pinewood.example", "years": 1, "nameservers": ["ns1.host.example", "ns2.host.example"],
    "contact": {"first_name": "Adaeze", "email": "a@pinewood.example", "address_2": ""}, "marker": "ik:1",
}  # fmt: skip
PATH = "/registrar/domains/pinewood.example"


@pytest.mark.parametrize(
    ("domain", "available", "reason"),
    [
        ("pinewood.example", True, None),
        ("xn--bcher-kva.com", True, None),
        ("mistaken.org", False, "taken"),
        ("pinewood.io", False, "unsupported"),
        ("a.b.example", False, "unsupported"),
    ],
)
def test_names_are_checked(call: Caller, domain: str, available: bool, reason: str | None) -> None:
    answer = call.get(f"/registrar/check?domain={domain}")
    assert (answer["available"], answer["reason"]) == (available, reason)


@pytest.mark.parametrize("domain", ["", "example", "Pinewood.example", "pine wood.example", "-x.example"])
def test_what_is_no_name_is_refused(call: Caller, domain: str) -> None:
    assert error_of(call.send("GET", f"/registrar/check?domain={domain}")) == (422, "invalid_field", "domain")


def test_a_name_is_registered_once(call: Caller) -> None:
    answer = call.send("POST", "/registrar/domains", WISH, key="job-1")
    assert answer.status_code == 201
    domain = answer.get_json()
    assert (domain["domain"], domain["expires_on"], domain["marker"]) == (
        "pinewood.example", "2027-05-13", "ik:1",
    )  # fmt: skip
    assert call.get(PATH) == domain
    assert call.get("/registrar/domains")["data"] == call.books("domains") == [domain]
    assert call.get("/registrar/check?domain=pinewood.example")["available"] is False
    assert error_of(call.send("POST", "/registrar/domains", WISH, key="job-2")) == (409, "taken", "domain")
    assert call.send("POST", "/registrar/domains", WISH, key="job-1").data == answer.data


def test_a_renewal_starts_from_the_expiry_the_caller_knows(call: Caller) -> None:
    call.post("/registrar/domains", WISH)
    order = {"years": 2, "expires_on": "2027-05-13"}
    assert call.post(f"{PATH}/renew", order, key="r1")["expires_on"] == "2029-05-13"
    assert call.post(f"{PATH}/renew", order, key="r1")["expires_on"] == "2029-05-13"
    assert error_of(call.send("POST", f"{PATH}/renew", order, key="r2")) == (
        409,
        "stale_expiry",
        "expires_on",
    )
    ahead = {"years": 8, "expires_on": "2029-05-13"}
    assert error_of(call.send("POST", f"{PATH}/renew", ahead)) == (422, "too_long", "years")
    assert call.books("domains")[0]["renewals"] == 1


def test_name_servers_are_replaced(call: Caller) -> None:
    call.post("/registrar/domains", WISH)
    body = {"nameservers": ["ns9.host.example"]}
    answer = call.send("PUT", f"{PATH}/nameservers", body, key="n1")
    assert answer.get_json()["nameservers"] == ["ns9.host.example"]
    missing = call.send("PUT", "/registrar/domains/none.example/nameservers", body)
    assert error_of(missing)[:2] == (404, "no_such_domain")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"domain": "pinewood.io"}, "unsupported_ending", "domain"),
        ({"domain": "Pinewood.example"}, "invalid_field", "domain"),
        ({"years": 0}, "invalid_field", "years"),
        ({"years": 11}, "invalid_field", "years"),
        ({"nameservers": ["ns1.host.example", "ns1.host.example"]}, "invalid_field", "nameservers"),
        ({"nameservers": ["not a host"]}, "invalid_field", "nameservers"),
        ({"nameservers": "ns1.host.example"}, "invalid_field", "nameservers"),
        ({"contact": {}}, "invalid_field", "contact"),
        ({"contact": {"email": "nobody"}}, "invalid_field", "contact"),
        ({"contact": {"email": "a@b.example", "phone": 5}}, "invalid_field", "contact"),
        ({"price": 5}, "unknown_field", "price"),
    ],
)
def test_a_careless_wish_is_refused_at_its_field(
    call: Caller, changes: dict[str, object], code: str, field: str
) -> None:
    assert error_of(call.send("POST", "/registrar/domains", WISH | changes)) == (422, code, field)
    assert call.books("domains") == []


def test_a_leap_day_moves_to_the_28th() -> None:
    assert years_later(date(2028, 2, 29), 1) == date(2029, 2, 28)
    assert years_later(date(2028, 2, 29), 4) == date(2032, 2, 29)
