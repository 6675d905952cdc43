"""Whatever a plugin does, core gets an outcome it can record."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.kernel.money import Money
from core.plugin_api.context import HealthReport, PluginConfig, SecretStr
from core.plugin_api.errors import InvalidFields, Misconfigured, NoAnswer, NotSent, PluginError
from core.plugin_api.provisioner import ProvisionOutcome, RemoteAccount
from core.plugin_api.registrar import RegistrarOutcome
from core.plugin_api.values import DeclineCode, PaymentOutcome, Status
from core.plugin_host.calls import ask, ask_all, call_gateway, call_provisioner, call_registrar
from core.plugin_host.health import check

FREE = SimpleNamespace(in_transaction=False)
BUSY = SimpleNamespace(in_transaction=True)
CALLERS = [
    (call_gateway, PaymentOutcome),
    (call_provisioner, ProvisionOutcome),
    (call_registrar, RegistrarOutcome),
]
PAID = PaymentOutcome(status=Status.SUCCEEDED, reference="ch_1", amount=Money(1000, "USD"))


class Config(PluginConfig):
    key: SecretStr = SecretStr("canary-secret")


PLUGIN = SimpleNamespace(ctx=SimpleNamespace(config=Config()))


def raising(error: BaseException) -> Callable[[], Any]:
    def fn() -> Any:
        raise error

    return fn


def test_an_outcome_comes_back_as_it_is() -> None:
    assert call_gateway(lambda: PAID, db=FREE) == PAID


@pytest.mark.parametrize(("caller", "kind"), CALLERS)
@pytest.mark.parametrize(
    ("error", "status", "note"),
    [
        (NotSent("refused"), Status.NOT_SENT, "refused"),
        (NoAnswer("timed out"), Status.UNKNOWN, "timed out"),
        (Misconfigured("bad key"), Status.NOT_SENT, "misconfigured: bad key"),
        (InvalidFields({"a": "b"}), Status.UNKNOWN, "a"),
        (PluginError(), Status.UNKNOWN, "PluginError"),
        (ValueError("oops"), Status.UNKNOWN, "ValueError: oops"),
        (KeyError("id"), Status.UNKNOWN, "KeyError: 'id'"),
        (RecursionError("deep"), Status.UNKNOWN, "RecursionError: deep"),
        (SystemExit(3), Status.UNKNOWN, "SystemExit: 3"),
        (AssertionError(), Status.UNKNOWN, "AssertionError: AssertionError"),
    ],
)
def test_an_exception_becomes_an_outcome(
    caller: Any, kind: Any, error: BaseException, status: Status, note: str
) -> None:
    outcome = caller(raising(error), db=FREE)
    assert type(outcome) is kind
    assert (outcome.status, outcome.staff_note) == (status, note)


@pytest.mark.parametrize(("caller", "kind"), CALLERS)
@pytest.mark.parametrize("answer", [None, "succeeded", True, 1, {"status": "succeeded"}, object(), PAID])
def test_garbage_is_unknown(caller: Any, kind: Any, answer: object) -> None:
    if isinstance(answer, kind):
        return
    outcome = caller(lambda: answer, db=FREE)
    assert type(outcome) is kind
    assert outcome.status is Status.UNKNOWN
    assert "the plugin answered with a" in outcome.staff_note


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "paid"),
        ("amount", 1000),
        ("amount", "10.00"),
        ("reference", 7),
        ("code", "card_declined"),
        ("raw", None),
        ("staff_note", None),
        ("action", {"url": "x"}),
    ],
)
def test_a_wrong_type_inside_is_unknown(field: str, value: object) -> None:
    broken = PaymentOutcome(status=Status.SUCCEEDED, reference="ch_1")
    object.__setattr__(broken, field, value)
    outcome = call_gateway(lambda: broken, db=FREE)
    assert outcome.status is Status.UNKNOWN
    assert field in outcome.staff_note


def test_changed_must_be_a_truth_value() -> None:
    broken = ProvisionOutcome(status=Status.SUCCEEDED)
    object.__setattr__(broken, "changed", 1)
    assert call_provisioner(lambda: broken, db=FREE).status is Status.UNKNOWN


def test_a_keyboard_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        call_gateway(raising(KeyboardInterrupt()), db=FREE)


def test_nothing_is_called_inside_a_transaction() -> None:
    called: list[int] = []

    def fn() -> PaymentOutcome:
        called.append(1)
        return PAID

    for call in (
        lambda: call_gateway(fn, db=BUSY),
        lambda: ask(fn, PaymentOutcome, db=BUSY),
        lambda: ask_all(lambda: [fn()], PaymentOutcome, db=BUSY),
    ):
        with pytest.raises(RuntimeError, match="while a transaction is open"):
            call()
    assert called == []


def test_secrets_are_masked_in_notes_and_raw(caplog: pytest.LogCaptureFixture) -> None:
    declined = PaymentOutcome(
        status=Status.DECLINED,
        code=DeclineCode.CARD_DECLINED,
        staff_note="key canary-secret, account 000123456789",
        raw={"request": "Bearer canary-secret", "account": "000123456789"},
    )
    with caplog.at_level(logging.DEBUG):
        outcome = call_gateway(lambda: declined, db=FREE, plugin=PLUGIN, secrets=["000123456789"])
        failed = call_gateway(raising(ValueError("canary-secret")), db=FREE, plugin=PLUGIN)
    written = repr(outcome) + repr(dict(outcome.raw)) + repr(failed) + caplog.text
    assert "canary-secret" not in written
    assert "000123456789" not in written
    assert dataclasses.replace(outcome, staff_note="", raw={}) == dataclasses.replace(
        declined, staff_note="", raw={}
    )


def test_raw_is_cut_to_what_may_be_stored() -> None:
    long = PaymentOutcome(status=Status.UNKNOWN, raw=cast(Any, {"body": "x" * 10_000, "n": 3}))
    outcome = call_gateway(lambda: long, db=FREE)
    assert (len(outcome.raw["body"]), outcome.raw["n"]) == (2000, "3")


def test_ask_gives_the_answer_or_a_plugin_error() -> None:
    assert ask(lambda: None, RemoteAccount, type(None), db=FREE) is None
    with pytest.raises(NoAnswer, match="answered with a str, not a RemoteAccount or NoneType"):
        ask(lambda: "yes", RemoteAccount, type(None), db=FREE)
    with pytest.raises(NoAnswer, match=r"ZeroDivisionError: x"):
        ask(raising(ZeroDivisionError("x")), RemoteAccount, db=FREE)
    with pytest.raises(InvalidFields):
        ask(raising(InvalidFields({"a": "b"})), RemoteAccount, db=FREE)


def test_ask_masks_what_a_plugin_error_says() -> None:
    with pytest.raises(NotSent) as raised:
        ask(raising(NotSent("canary-secret")), str, db=FREE, plugin=PLUGIN)
    assert "canary" not in str(raised.value)


def test_ask_all_runs_the_generator_to_its_end() -> None:
    def half() -> Iterator[int]:
        yield 1
        raise ValueError("half way")

    assert ask_all(lambda: iter([1, 2]), int, db=FREE) == (1, 2)
    with pytest.raises(NoAnswer, match="half way"):
        ask_all(half, int, db=FREE)
    with pytest.raises(NoAnswer, match="not a int"):
        ask_all(lambda: ["x"], int, db=FREE)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda: HealthReport(ok=True, detail="fine"), HealthReport(ok=True, detail="fine")),
        (raising(Misconfigured("wrong key")), HealthReport(ok=False, detail="wrong key")),
        (raising(NotSent()), HealthReport(ok=False, detail="plugin.not_sent")),
        (raising(ValueError("x")), HealthReport(ok=False, detail="ValueError: x")),
        (lambda: True, HealthReport(ok=False, detail="the plugin answered with a bool, not a HealthReport")),
    ],
)
def test_a_check_never_raises(answer: Any, expected: HealthReport) -> None:
    plugin = cast(Any, SimpleNamespace(check=answer, ctx=PLUGIN.ctx))
    assert check(plugin, db=FREE) == expected
