"""`innkeeper client`, by the same rules as at the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from core.brands.values import BrandView
from core.clients import contacts
from core.clients.cli import client_group
from core.clients.values import MAIL_TYPES
from core.kernel.work import House
from core.records import closing
from core.tax.zones import taxed_now
from tests.fixtures.house import SmallHouse

Run = Callable[..., Result]


@pytest.fixture
def run(house: SmallHouse, brand: BrandView) -> Run:
    """Run one command against the house."""

    @contextmanager
    def opened() -> Iterator[House]:
        yield house

    group = client_group(opened, taxed_now, closing.check)
    return lambda *words: CliRunner().invoke(group, list(words))


def added(run: Run, *words: str) -> tuple[str, UUID]:
    result = run("add", "--company-name", "Kowalczyk GmbH", "--billing-country", "DE", *words)
    assert result.exit_code == 0, result.output
    number, client_id = result.output.split()
    return number, UUID(client_id)


def test_a_client_is_added_shown_and_listed(run: Run) -> None:
    number, client_id = added(run, "--billing-day", "15", "--tax-id", "DE136695976", "--not-taxable")
    shown = run("show", number).output
    for line in (
        "billing_day: 15",
        "tax_id: DE136695976",
        "is_taxable: no",
        "status: Active",
        "new to Active",
    ):
        assert line in shown
    assert run("show", str(client_id)).output == shown
    assert run("list").output == f"{number}\tActive\tKowalczyk GmbH\t\n"


def test_what_is_wrong_is_told_by_field(run: Run) -> None:
    result = run("add", "--billing-country", "XX", "--billing-day", "40", "--status", "Asleep")
    assert result.exit_code == 2
    assert [line.partition(":")[0] for line in result.output.splitlines()] == [
        "status", "billing_day", "billing_country",
    ]  # fmt: skip


def test_the_status_is_changed_with_its_reason(run: Run) -> None:
    number, _ = added(run)
    assert run("set-status", number, "suspended", "--reason", "Owes much").output == "Changed.\n"
    assert "already" in run("set-status", number, "Suspended").output
    assert "Active to Suspended (Owes much)" in run("show", number).output


def test_fields_are_changed(run: Run) -> None:
    number, _ = added(run, "--billing-day", "15")
    assert run("edit", number, "company_name=Other GmbH", "billing_day=").output == "Saved.\n"
    shown = run("show", number).output
    assert "company_name: Other GmbH" in shown
    assert "billing_day: \n" in shown
    assert "Nothing changes" in run("edit", number, "company_name=Other GmbH").output
    assert run("edit", number, "credit=100").exit_code == 2
    assert run("edit", number, "nonsense").exit_code == 2


def test_a_contact_is_added_and_invited(house: SmallHouse, run: Run) -> None:
    number, client_id = added(run)
    fields = (
        "first_name=Jan", "last_name=Kowalczyk", "email=jan@kowalczyk.example", "country=DE", "city=Berlin",
        "street_address=Torstraße 1", "postal_code=10119", "primary_phone=+49 30 901820", "username=jan",
    )  # fmt: skip
    assert run("add-contact", number, *fields, "--role", "owner").exit_code == 0
    with house.db.read() as session:
        (one,) = contacts.people(session, client_id)
    assert (one.is_primary, one.is_invited, one.roles) == (True, True, ("owner",))
    assert len(one.mail_choices) == len(MAIL_TYPES)
    refused = run("add-contact", number, *fields, "password=on the command line")
    assert refused.exit_code == 2
    assert "do not go on a command line" in refused.output


def test_an_unknown_client(run: Run) -> None:
    assert "There is no client 9999." in str(run("show", "9999").exception)
