"""Billing accounts on the desk: each kind through its form, the list, what pays for what, the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from core.clients import billing_accounts, service
from core.clients.models import BillingAccount
from core.kernel.paging import Window
from core.kernel.queries import list_audit
from core.plugin_api.values import BankAccount, StoredMethod
from core.services.models import Service
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import Desk, open_desk, sign_in, texts

BANK = {
    "method": "sandbox_echeck", "bank_name": "First Prairie Bank", "bank_state": "TX",
    "account_type": "checking", "routing_number": "1100-0000 0", "account_number": "0001 2345 6789",
    "license_id": "12345678", "license_state": "TX", "date_of_birth": "01/31/1980",
}  # fmt: skip
LONG = "x" * 300
# What no form may take; every field of a table is wrong at once, so that each error is told with the others.
BAD_BANK: dict[str, tuple[str, ...]] = {
    "bank_name": ("", LONG, "a\x00b"),
    "bank_state": ("", "Texas", "XX"),
    "account_type": ("", "current"),
    "routing_number": ("", "110000001", "11000000", "000000000", "\u0661" * 9),
    "account_number": ("", "12", "1" * 18),
    "license_id": ("", "<b>", LONG),
    "license_state": ("", "ZZ"),
    "date_of_birth": (
        "",
        "31/01/1980",
        "02/31/1980",
        "02/29/2023",
        "1/1/80",
        "01/01/1880",
        "01/01/2024",
        "soon",
    ),
}  # fmt: skip
BAD_CARD: dict[str, tuple[str, ...]] = {
    "name_on_card": ("", LONG, "a\x00b"),
    "card_type": ("Diners", LONG),
    "expiry_month": ("", "0", "13", "Dec"),
    "expiry_year": ("", "26", "9999"),
    "issue_number": ("abc", "123"),
    "start_date": ("13/2024", "2024", "01/2199"),
}  # fmt: skip


@dataclass(kw_only=True)
class Counter:
    """The desk with one client in front of it."""

    desk: Desk
    inn: Inn
    client_id: UUID

    @property
    def path(self) -> str:
        return f"/admin/clients/{self.client_id}/billing-accounts"

    def card(self, number: str = "4242424242424242", **changes: str) -> dict[str, str]:
        form = self.inn.payment("sandbox_card", number=number)
        form["method"] = form.pop("payment_method")
        return form | {"is_default": "1"} | changes

    def add(self, form: dict[str, str]) -> str:
        return self.desk.done(f"{self.path}/new", **form)

    def rows(self) -> list[BillingAccount]:
        with self.inn.db.read() as session:
            return list(session.scalars(select(BillingAccount).order_by(BillingAccount.id)))

    def source(self, account_id: UUID) -> object:
        with self.inn.db.read() as session:
            return service.load_source(session, self.inn.house, account_id)


@pytest.fixture
def counter(inn: Inn) -> Counter:
    inn.place_order("manual")
    desk = open_desk(inn)
    with inn.db.read() as session:
        client_id = session.scalars(select(Service.client_id)).one()
    return Counter(desk=desk, inn=inn, client_id=client_id)


def test_the_third_step_offers_every_gateway_and_a_way_out(counter: Counter) -> None:
    page = counter.desk.get(f"{counter.path}/new")
    assert "Step 3 of 3" in page
    assert re.findall(r'type="radio" name="method" value="([^"]+)"', page) == [
        "sandbox_card", "sandbox_echeck", "sandbox_wallet", "manual",
    ]  # fmt: skip
    assert page.count("nter one at a later time") == 2
    for secure in ("number", "code"):
        assert re.search(rf'<input[^>]*data-secure="{secure}"', page)
    assert not re.search(r'name="(number|code|card_number|card_code|keep_card)"', page)
    assert "without" not in page or "verify" not in page, (
        "no gateway of ours can be asked, so nothing offers it"
    )


def test_a_card_is_kept_as_a_token_with_what_is_printed_on_it(counter: Counter) -> None:
    page = counter.add(counter.card(issue_number="3", start_date="3 / 2024"))
    assert "The billing account is saved." in page
    (row,) = counter.rows()
    assert (row.brand, row.last4, row.holder, row.issue_number, row.start_date) == (
        "Visa", "4242", "Ada Okonkwo", "3", "03/2024",
    )  # fmt: skip
    assert (row.is_default, row.keep, row.kind) == (True, True, "card")
    assert isinstance(counter.source(row.id), StoredMethod)
    listed = texts(counter.desk.get(counter.path))
    for shown in ("Visa ending in 4242", "Ada Okonkwo", "03/2024", "Default"):
        assert shown in listed
    assert "Step 3 of 3" not in counter.desk.get(f"{counter.path}/new"), "the client is made by now"


def test_a_bank_account_is_sealed_with_its_mandate(counter: Counter) -> None:
    counter.add(BANK)
    (row,) = counter.rows()
    source = counter.source(row.id)
    assert isinstance(source, BankAccount)
    assert (source.routing_number, source.account_number) == ("110000000", "000123456789")
    assert (source.date_of_birth, source.holder) == (date(1980, 1, 31), "Ada Okonkwo")
    assert (row.last4, row.is_default) == ("6789", False)
    assert "authorizes the seller to debit it" in row.mandate["text"]
    assert "this order" not in row.mandate["text"]
    assert row.mandate["ip"] == "127.0.0.1"
    assert row.mandate["at"]
    assert "000123456789" not in counter.desk.get(counter.path)


def test_what_collects_nothing_is_kept_by_its_kind(counter: Counter) -> None:
    form = counter.desk.get(f"{counter.path}/new")
    assert form.count("Nothing to fill in here.") == 2
    counter.add({"method": "sandbox_wallet", "is_default": "1"})
    counter.add({"method": "manual", "is_default": "1"})
    assert [(row.kind, row.is_default, row.source_encrypted) for row in counter.rows()] == [
        ("redirect", False, ""), ("manual", True, ""),
    ]  # fmt: skip


def wrong_at_once(table: dict[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    """Forms in which every field of the table is wrong; each bad value comes at least once."""
    for turn in range(max(len(values) for values in table.values())):
        yield {field: values[turn % len(values)] for field, values in table.items()}


def test_errors_stand_beside_their_fields_and_secrets_are_not_drawn_again(counter: Counter) -> None:
    for bad in wrong_at_once(BAD_BANK):
        answer = counter.desk.post(f"{counter.path}/new", **{**BANK, **bad})
        assert answer.status_code == 422, bad
        for field in BAD_BANK:
            assert f'id="sandbox-echeck-{field}-error"'.replace("_", "-") in answer.text, (field, bad)
        assert "Eight fields need a change" in answer.text
        assert "1" * 18 not in answer.text
    assert counter.desk.post(f"{counter.path}/new", **BANK | {"method": "nobody"}).status_code == 422
    typed = counter.desk.post(f"{counter.path}/new", **BANK | {"routing_number": "1"}).text
    assert 'value="First Prairie Bank"' in typed
    assert "0001 2345 6789" not in typed
    assert "It was not kept: enter it again." in typed
    assert "It was not kept" not in counter.desk.get(f"{counter.path}/new")
    assert counter.rows() == []


def test_a_card_that_can_not_be(counter: Counter) -> None:
    good = counter.card()
    for bad in wrong_at_once(BAD_CARD):
        answer = counter.desk.post(f"{counter.path}/new", **{**good, **bad})
        assert answer.status_code == 422, bad
        for field in BAD_CARD:
            assert f'id="sandbox-card-{field}-error"'.replace("_", "-") in answer.text, (field, bad)
        assert good["payment_token"] not in answer.text
    answer = counter.desk.post(f"{counter.path}/new", **good | {"payment_token": ""})
    assert 'id="sandbox-card-number-error"' in answer.text
    answer = counter.desk.post(f"{counter.path}/new", **good | {"expiry_year": "2019"})
    assert "This card expired in 12 / 2019." in answer.text
    assert counter.rows() == []


def test_a_card_number_typed_into_another_field_goes_no_further(counter: Counter) -> None:
    answer = counter.desk.post(f"{counter.path}/new", **counter.card(name_on_card="4242 4242 4242 4242"))
    assert answer.status_code == 422
    assert "4242 4242" not in answer.text
    assert counter.rows() == []


def test_sent_twice_it_is_kept_once(counter: Counter) -> None:
    form = counter.card()
    for fields in (form, form, BANK, BANK, {"method": "manual"}, {"method": "manual"}):
        counter.add(fields)
    assert [row.kind for row in counter.rows()] == ["card", "echeck", "manual"]


def test_the_default_moves_and_is_written_down(counter: Counter) -> None:
    counter.add(counter.card())
    counter.add(counter.card("5555555555554444", is_default=""))
    first, second = counter.rows()
    assert (first.is_default, second.is_default) == (True, False)
    page = counter.desk.done(f"{counter.path}/{second.id}/default")
    assert "This one pays from now on" in page
    assert [row.is_default for row in counter.rows()] == [False, True]
    with counter.inn.db.read() as session:
        entry = list_audit(session, Window(size=1)).items[0]
    assert (entry.action, entry.before, entry.after) == (
        "billing_account.default", {"billing_account": "Visa ending in 4242"},
        {"billing_account": "Mastercard ending in 4444"},
    )  # fmt: skip


def test_a_service_chooses_what_pays_for_it(counter: Counter) -> None:
    counter.add(counter.card())
    (account,) = counter.rows()
    with counter.inn.db.read() as session:
        service_id = session.scalars(select(Service.id)).one()
    chosen = {f"service-{service_id}": str(account.id), f"was-{service_id}": "default"}
    assert "Changed for 1 service." in counter.desk.done(f"{counter.path}/services", **chosen)
    assert counter.desk.post(f"{counter.path}/services", **chosen).status_code == 409, (
        "drawn before it changed"
    )
    page = counter.desk.get(f"{counter.path}/{account.id}/remove")
    assert "It pays for these services" in page
    counter.desk.done(f"{counter.path}/{account.id}/remove")
    with counter.inn.db.read() as session:
        assert session.scalars(select(Service.billing_account_id)).one() is None


def test_removed_here_detached_there_and_told(counter: Counter) -> None:
    counter.add(counter.card())
    (account,) = counter.rows()
    source = counter.source(account.id)
    assert isinstance(source, StoredMethod)
    assert counter.inn.world.call("GET", f"/v1/tokens/{source.token}").status == 200
    page = counter.desk.done(f"{counter.path}/{account.id}/remove")
    assert "Being detached" in page
    counter.inn.drain()
    assert "Forgotten there and here." in counter.desk.get(counter.path)
    assert counter.inn.world.call("GET", f"/v1/tokens/{source.token}").status == 404
    assert "was removed already" in counter.desk.done(f"{counter.path}/{account.id}/remove")


def test_a_removal_that_no_gateway_answers_ends_with_a_person(counter: Counter) -> None:
    counter.add(counter.card())
    (account,) = counter.rows()
    counter.inn.misbehave("tokens", "server_error", times=50, method="DELETE")
    counter.desk.done(f"{counter.path}/{account.id}/remove")
    counter.inn.drain()
    for _ in range(9):
        counter.inn.later(days=1)
    sign_in(counter.desk, "marta.lindqvist")
    assert "Needs a person" in counter.desk.get(counter.path)
    assert "1 removed way to pay not forgotten by the gateway" in texts(counter.desk.get("/admin/"))
    answer = counter.desk.post(f"{counter.path}/{account.id}/settle", note=" ")
    assert answer.status_code == 409
    assert "Noted" in counter.desk.done(f"{counter.path}/{account.id}/settle", note="Deleted by hand")
    (row,) = counter.rows()
    assert (row.source_encrypted, row.detached_at is not None) == ("", True)


def test_another_clients_account_is_not_there(counter: Counter) -> None:
    counter.add(counter.card())
    (account,) = counter.rows()
    counter.inn.place_order("manual")
    with counter.inn.db.read() as session:
        other = session.scalars(select(Service.client_id).where(Service.client_id != counter.client_id)).one()
    for verb in ("default", "remove", "detach", "settle"):
        path = f"/admin/clients/{other}/billing-accounts/{account.id}/{verb}"
        assert counter.desk.post(path, note="x").status_code == 404, verb
    with counter.inn.db.read() as session:
        assert billing_accounts.default_of(session, counter.client_id) is not None


def test_who_may_only_look_finds_no_buttons(inn: Inn) -> None:
    inn.place_order("manual")
    with inn.db.read() as session:
        client_id = session.scalars(select(Service.client_id)).one()
    desk = open_desk(inn, ("clients.view",))
    page = desk.get(f"/admin/clients/{client_id}/billing-accounts")
    assert "Add billing account" not in page
    desk.get(f"/admin/clients/{client_id}/billing-accounts/new", 403)
