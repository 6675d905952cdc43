"""What VIES says, and what is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.kernel.clock import SystemClock
from core.plugin_api.register import TaxNumber, TaxNumberAnswer, Verdict
from core.plugin_host import calls
from core.plugin_host.building import Builder
from core.plugin_host.http import guarded_session
from core.testing.lab import DB
from core.testing.transport import Request, Response, WsgiTransport
from plugins.registers.vies.plugin import ViesConfig, register_tax_registers

YES = {"valid": True, "name": "KIT INN LIMITED", "address": "1 QUAY STREET\n GALWAY\n", "userError": "VALID"}


def ask(
    answer: dict[str, Any],
    *,
    status: int = 200,
    number: str = "IE6433435F",
    country: str = "IE",
    own: str = "",
) -> tuple[TaxNumberAnswer, dict[str, Any]]:
    """(what became of the answer, what VIES was asked)."""
    asked: dict[str, Any] = {}

    def commission(environ: Any, start_response: Any) -> Any:
        asked.update(Request(environ).get_json())
        return Response(json.dumps(answer), status=status, content_type="application/json")(
            environ, start_response
        )

    builder = Builder(
        SystemClock(), connect=lambda policy: guarded_session(policy, transport=WsgiTransport(commission))
    )
    (spec,) = register_tax_registers()
    context = builder.context(spec, ViesConfig(url="https://vies.kit.example/rest-api", requester=own))
    register = spec.implementation(context)
    told = calls.ask_register(
        lambda: register.ask(TaxNumber(country=country, number=number)), db=DB, plugin=register
    )
    return told, asked


def test_a_yes_brings_name_address_and_consultation_number() -> None:
    told, asked = ask({**YES, "requestIdentifier": "WAPI1"}, own="DE136695976")
    assert told == TaxNumberAnswer(
        verdict=Verdict.VALID, name="KIT INN LIMITED", address="1 QUAY STREET, GALWAY",
        consultation_number="WAPI1",
    )  # fmt: skip
    assert asked == {
        "countryCode": "IE", "vatNumber": "6433435F", "requesterMemberStateCode": "DE",
        "requesterNumber": "136695976",
    }  # fmt: skip


def test_a_state_that_tells_no_names() -> None:
    told, asked = ask({"valid": True, "name": "---", "address": "---"})
    assert (told.verdict, told.name, told.address) == (Verdict.VALID, "", "")
    assert "requesterNumber" not in asked


def test_greece_is_called_el() -> None:
    _, asked = ask(YES, country="GR", number="EL094259216")
    assert (asked["countryCode"], asked["vatNumber"]) == ("EL", "094259216")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}, 200),
        ({"actionSucceed": False, "errorWrappers": [{"error": "MS_MAX_CONCURRENT_REQ"}]}, 500),
        ({"valid": False, "userError": "MS_UNAVAILABLE"}, 200),
        ({"valid": False, "userError": "TIMEOUT"}, 200),
        ({"valid": "true"}, 200), ({"valid": None}, 200), ({}, 200), ({"valid": True}, 404),
        ({"valid": False, "errorWrappers": [{"error": "INVALID_REQUESTER_INFO"}]}, 400),
    ],
)  # fmt: skip
def test_what_is_no_plain_answer_is_unknown(answer: dict[str, Any], status: int) -> None:
    told, _ = ask(answer, status=status)
    assert told.verdict is Verdict.UNKNOWN
    assert told.note


def test_a_plain_no() -> None:
    assert ask({"valid": False, "userError": "INVALID"})[0].verdict is Verdict.INVALID
