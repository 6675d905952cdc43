"""Asking a register whether a client's tax number is registered, and keeping what it said as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from core.clients.accounts import account
from core.clients.models import Client
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict
from core.plugin_api.errors import PluginError
from core.plugin_api.register import TaxNumber, TaxNumberAnswer, Verdict
from core.plugin_host import calls
from core.plugin_host.house import PluginHouse


def register_for(house: PluginHouse, country: str) -> str:
    """The enabled register that knows a country's numbers, by its spec id; "" when there is none."""
    known = (one.spec for one in house.plugins.registers.values() if country in one.spec.countries)
    return next((spec.id for spec in known), "")


def check(house: PluginHouse, client_id: UUID, *, actor: str, ip: str = "") -> TaxNumberAnswer:
    """Ask about the client's number, outside any transaction, and keep the answer with its instant.

    An UNKNOWN answer is kept as well, beside what was known: it never makes a number valid, nor does it
    undo an earlier answer. Raises NotFound, and Conflict when there is nothing to ask, or nobody, or
    when the number was changed meanwhile.
    """
    with house.db.read() as session:
        asked = account(session, client_id)
    spec_id = register_for(house, asked.billing_country)
    if not asked.tax_id or not spec_id:
        raise Conflict(_("No register can be asked about this tax number."))
    answer = _ask(house, spec_id, TaxNumber(country=asked.billing_country, number=asked.tax_id))
    now = house.clock.now()
    evidence = {"register": spec_id, "number": asked.tax_id, "asked_at": now.isoformat(), **_told(answer)}
    with house.db.transaction() as session:
        held = update(Client).where(Client.id == client_id, Client.tax_id == asked.tax_id)
        if not changed(session, held.values(**_kept(asked.tax_id_answer, evidence, answer, now))):
            raise Conflict(_("The tax number was changed while the register was asked. Ask again."))
        audit.record(
            session, actor=actor, action="client.check_tax_id", target=f"client:{client_id}", ip=ip, now=now,
            after={"tax_id": asked.tax_id, "register": spec_id, "verdict": answer.verdict.value},
        )  # fmt: skip
    return answer


def _ask(house: PluginHouse, spec_id: str, number: TaxNumber) -> TaxNumberAnswer:
    try:
        register = house.plugins.build_register(spec_id)
    except PluginError as error:
        return TaxNumberAnswer(verdict=Verdict.UNKNOWN, note=str(error))
    return calls.ask_register(lambda: register.ask(number), db=house.db, plugin=register)


def _told(answer: TaxNumberAnswer) -> dict[str, str]:
    return {
        "verdict": answer.verdict.value, "name": answer.name, "address": answer.address,
        "consultation_number": answer.consultation_number, "note": answer.note,
    }  # fmt: skip


def _kept(
    before: Mapping[str, Any] | None, evidence: dict[str, str], answer: TaxNumberAnswer, now: datetime
) -> dict[str, Any]:
    """A verdict replaces what was known; a failed try stands beside it."""
    if answer.verdict is not Verdict.UNKNOWN:
        return {"tax_id_answer": evidence, "tax_id_checked_at": now}
    known = {name: value for name, value in (before or {}).items() if name != "last_try"}
    return {"tax_id_answer": {**known, "last_try": evidence} if known else evidence}
