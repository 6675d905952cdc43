"""Core's own way of calling a plugin: outside any transaction, and always with a usable result.

Exceptions become outcomes as the contract says: ``NotSent`` is NOT_SENT, ``NoAnswer`` is UNKNOWN, wrong
settings are NOT_SENT with a note for staff, and whatever nobody foresaw is UNKNOWN, because it can not
be said that nothing happened.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from core.kernel.money import Money
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent, PluginError
from core.plugin_api.provisioner import ProvisionCode, ProvisionOutcome, RemoteState
from core.plugin_api.register import TaxNumberAnswer, Verdict
from core.plugin_api.registrar import RegistrarOutcome
from core.plugin_api.values import Action, DeclineCode, PaymentOutcome, Status
from core.plugin_host.redaction import LONGEST_TEXT, Redactor, secrets_of

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Outcome = TypeVar("Outcome", PaymentOutcome, ProvisionOutcome, RegistrarOutcome)
UNFORESEEN = (Exception, SystemExit)
_TOLD = ("name", "address", "consultation_number", "note")


class Transactions(Protocol):
    """The part of Database that matters here."""

    @property
    def in_transaction(self) -> bool: ...


def call_gateway(
    fn: Callable[[], PaymentOutcome], *, db: Transactions, plugin: object = None, secrets: Iterable[str] = ()
) -> PaymentOutcome:
    """Run one gateway call. Never raises but for a transaction that is open in this thread.

    ``plugin`` is the built gateway: the secrets of its settings are masked in notes and raw answers,
    and so are ``secrets`` (an account number, a token).
    """
    return _call(fn, PaymentOutcome, db, _redactor(plugin, secrets))


def call_provisioner(
    fn: Callable[[], ProvisionOutcome],
    *,
    db: Transactions,
    plugin: object = None,
    secrets: Iterable[str] = (),
) -> ProvisionOutcome:
    """Run one call to a panel. As ``call_gateway``."""
    return _call(fn, ProvisionOutcome, db, _redactor(plugin, secrets))


def call_registrar(
    fn: Callable[[], RegistrarOutcome],
    *,
    db: Transactions,
    plugin: object = None,
    secrets: Iterable[str] = (),
) -> RegistrarOutcome:
    """Run one call to a registrar. As ``call_gateway``."""
    return _call(fn, RegistrarOutcome, db, _redactor(plugin, secrets))


def ask_register(
    fn: Callable[[], TaxNumberAnswer], *, db: Transactions, plugin: object = None
) -> TaxNumberAnswer:
    """Ask a register of tax numbers. Never raises but for a transaction that is open in this thread:
    whatever is no plain answer is UNKNOWN, with a note for staff."""
    redactor = _redactor(plugin, ())
    try:
        answer: Any = _guarded(fn, (TaxNumberAnswer,), db, redactor)
        texts = [getattr(answer, name) for name in _TOLD]
    except PluginError as error:
        return TaxNumberAnswer(verdict=Verdict.UNKNOWN, note=_note(redactor, error, ""))
    if not isinstance(answer.verdict, Verdict) or not all(isinstance(text, str) for text in texts):
        return TaxNumberAnswer(verdict=Verdict.UNKNOWN, note="the plugin's answer is none")
    told = {name: redactor.text(text)[:LONGEST_TEXT] for name, text in zip(_TOLD, texts, strict=True)}
    return TaxNumberAnswer(verdict=answer.verdict, **told)


def ask(
    fn: Callable[[], Answer],
    *wanted: type,
    db: Transactions,
    plugin: object = None,
    secrets: Iterable[str] = (),
) -> Answer:
    """Run a call that answers with something else than an outcome: ``inspect``, ``begin``, ``browser``.

    ``wanted`` are the types the answer may have (``type(None)`` among them where that is allowed).
    Raises only PluginErrors, their text masked: what the plugin raised, and NoAnswer for anything else.
    """
    return _guarded(fn, wanted, db, _redactor(plugin, secrets))


def ask_all(
    fn: Callable[[], Iterable[Answer]],
    wanted: type,
    *,
    db: Transactions,
    plugin: object = None,
    secrets: Iterable[str] = (),
) -> tuple[Answer, ...]:
    """As ``ask`` for many: settlements, accounts, events. The plugin's generator is run to its end here."""
    redactor = _redactor(plugin, secrets)
    items: tuple[Answer, ...] = _guarded(lambda: tuple(fn()), (tuple,), db, redactor)
    for item in items:
        if not isinstance(item, wanted):
            raise NoAnswer(f"the plugin answered with a {type(item).__name__}, not a {wanted.__name__}")
    return items


def outside(db: Transactions) -> None:
    """Raises RuntimeError inside a transaction: nothing there may wait for the outside world."""
    if db.in_transaction:
        raise RuntimeError("a plugin is called while a transaction is open in this thread")


def _call(fn: Callable[[], Outcome], kind: type[Outcome], db: Transactions, redactor: Redactor) -> Outcome:
    outside(db)
    try:
        answer: object = fn()
    except NotSent as error:
        return kind(status=Status.NOT_SENT, staff_note=_note(redactor, error, ""))
    except Misconfigured as error:
        return kind(status=Status.NOT_SENT, staff_note=_note(redactor, error, "misconfigured: "))
    except PluginError as error:
        return kind(status=Status.UNKNOWN, staff_note=_note(redactor, error, ""))
    except UNFORESEEN as error:
        _report(redactor, error)
        return kind(status=Status.UNKNOWN, staff_note=_note(redactor, error, f"{type(error).__name__}: "))
    return _checked(answer, kind, redactor)


def _guarded(
    fn: Callable[[], Answer], wanted: tuple[type, ...], db: Transactions, redactor: Redactor
) -> Answer:
    outside(db)
    try:
        answer = fn()
    except PluginError as error:
        error.args = tuple(redactor.text(str(arg)) for arg in error.args)
        raise
    except UNFORESEEN as error:
        _report(redactor, error)
        raise NoAnswer(_note(redactor, error, f"{type(error).__name__}: ")) from None
    if not isinstance(answer, wanted):
        names = " or ".join(one.__name__ for one in wanted)
        raise NoAnswer(f"the plugin answered with a {type(answer).__name__}, not a {names}")
    return answer


def _checked(answer: object, kind: type[Outcome], redactor: Redactor) -> Outcome:
    """The outcome with its texts masked; UNKNOWN when it is not one."""
    if not isinstance(answer, kind):
        return _garbage(kind, f"the plugin answered with a {type(answer).__name__}, not a {kind.__name__}")
    for name, wanted in _WANTED[kind].items():
        value = getattr(answer, name)
        if not isinstance(value, wanted) or isinstance(value, bool) is not (wanted is bool):
            return _garbage(kind, f"the plugin's {kind.__name__} has a {type(value).__name__} as {name}")
    return dataclasses.replace(answer, **_masked(answer, redactor))


def _garbage(kind: type[Outcome], note: str) -> Outcome:
    log.error("%s", note)
    return kind(status=Status.UNKNOWN, staff_note=note)


_TEXT: tuple[type, ...] = (str, type(None))
_WANTED: Mapping[type, Mapping[str, Any]] = {
    PaymentOutcome: {
        "status": Status,
        "reference": _TEXT,
        "amount": (Money, type(None)),
        "code": (DeclineCode, type(None)),
        "provider_code": _TEXT,
        "action": (Action, type(None)),
        "staff_note": str,
        "raw": Mapping,
    },
    ProvisionOutcome: {
        "status": Status,
        "state": RemoteState,
        "changed": bool,
        "remote_id": _TEXT,
        "code": (ProvisionCode, type(None)),
        "operation": _TEXT,
        "staff_note": str,
        "facts": Mapping,
    },
    RegistrarOutcome: {
        "status": Status,
        "changed": bool,
        "code": (ProvisionCode, type(None)),
        "operation": _TEXT,
        "staff_note": str,
        "facts": Mapping,
    },
}


def _masked(answer: object, redactor: Redactor) -> dict[str, Any]:
    masked: dict[str, Any] = {"staff_note": redactor.text(getattr(answer, "staff_note", ""))[:LONGEST_TEXT]}
    for name in ("raw", "facts"):
        if hasattr(answer, name):
            masked[name] = redactor.mapping(getattr(answer, name))
    return masked


def _redactor(plugin: object, secrets: Iterable[str]) -> Redactor:
    config = getattr(getattr(plugin, "ctx", None), "config", None)
    return Redactor((*secrets_of(config), *secrets))


def _note(redactor: Redactor, error: BaseException, prefix: str) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return redactor.text(f"{prefix}{words}")[:LONGEST_TEXT]


def _report(redactor: Redactor, error: BaseException) -> None:
    """A fault in the plugin's code: the trace goes to the log, masked."""
    shown = logging.Formatter().formatException((type(error), error, error.__traceback__))
    log.error("a plugin raised what its contract does not allow\n%s", redactor.text(shown))
