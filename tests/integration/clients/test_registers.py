"""A register is asked about a client's number, and what it said is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from core.brands.values import BrandView
from core.clients import accounts, registers
from core.clients.models import Client
from core.kernel.problems import Conflict
from core.plugin_api.register import RegisterSpec, TaxNumber, TaxNumberAnswer, Verdict
from core.records import closing
from tests.fixtures.house import SmallHouse


@dataclass
class Office:
    """Stands in for a built register; keeps what it was asked."""

    answer: TaxNumberAnswer | Exception
    asked: list[TaxNumber] = field(default_factory=list)

    def ask(self, number: TaxNumber) -> TaxNumberAnswer:
        self.asked.append(number)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(kw_only=True)
class Entry:
    spec: Any


@dataclass(kw_only=True)
class Plugins:
    office: Office

    @property
    def registers(self) -> dict[str, Entry]:
        spec: Any = RegisterSpec(
            id="office",
            name="Office",
            config=object,
            implementation=object,
            countries=frozenset({"DE"}),  # type: ignore[arg-type]
        )
        return {"office": Entry(spec=spec)}

    def build_register(self, spec_id: str) -> Office:
        assert spec_id == "office"
        return self.office


@pytest.fixture
def client_id(house: SmallHouse, brand: BrandView) -> UUID:
    assert brand.slug == "main"
    form = {"billing_country": "DE", "tax_id": "DE136695976"}
    with house.db.transaction() as session:
        return accounts.add(session, house, form, zones=lambda *_: frozenset(), actor="staff:1")


def ask(house: SmallHouse, client_id: UUID, answer: TaxNumberAnswer | Exception) -> TaxNumberAnswer:
    house.__dict__["plugins"] = Plugins(office=Office(answer))
    return registers.check(house, client_id, actor="staff:1")  # type: ignore[arg-type]


def kept(house: SmallHouse, client_id: UUID) -> Client:
    with house.db.read() as session:
        return session.get_one(Client, client_id)


VALID = TaxNumberAnswer(verdict=Verdict.VALID, name="Kowalczyk GmbH", consultation_number="WAPI1")


def test_the_answer_is_kept_as_evidence(house: SmallHouse, client_id: UUID) -> None:
    assert ask(house, client_id, VALID) == VALID
    row = kept(house, client_id)
    assert row.tax_id_checked_at == house.clock.now()
    assert row.tax_id_answer is not None
    assert (row.tax_id_answer["verdict"], row.tax_id_answer["consultation_number"]) == ("valid", "WAPI1")
    assert row.tax_id_answer["number"] == "DE136695976"


@pytest.mark.parametrize(
    "answer", [TaxNumberAnswer(verdict=Verdict.UNKNOWN, note="away"), TimeoutError("slow"), ValueError("?")]
)
def test_no_answer_makes_no_number_valid_and_undoes_none(
    house: SmallHouse, client_id: UUID, answer: TaxNumberAnswer | Exception
) -> None:
    assert ask(house, client_id, answer).verdict is Verdict.UNKNOWN
    first = kept(house, client_id)
    assert first.tax_id_checked_at is None
    assert first.tax_id_answer is not None
    assert first.tax_id_answer["verdict"] == "unknown"
    ask(house, client_id, VALID)
    ask(house, client_id, answer)
    after = kept(house, client_id).tax_id_answer
    assert after is not None
    assert (after["verdict"], after["last_try"]["verdict"]) == ("valid", "unknown")


def test_another_number_forgets_what_was_said_of_the_old_one(house: SmallHouse, client_id: UUID) -> None:
    ask(house, client_id, VALID)
    with house.db.transaction() as session:
        account = accounts.account(session, client_id)
        accounts.change(
            session, house, client_id, account.form() | {"tax_id": "DE129273398"}, version=account.version,
            zones=lambda *_: frozenset(), closing=closing.check, actor="staff:1",
        )  # fmt: skip
    assert kept(house, client_id).tax_id_answer is None


def test_there_may_be_nobody_to_ask(house: SmallHouse, client_id: UUID) -> None:
    with house.db.transaction() as session:
        session.get_one(Client, client_id).billing_country = "JP"
    with pytest.raises(Conflict):
        ask(house, client_id, VALID)
