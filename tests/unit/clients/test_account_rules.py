"""The form of a client account, field by field."""

# ruff: noqa: RUF001 (people are called what they are called, in every script)

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from core.brands.values import BrandView
from core.clients import tax_ids
from core.clients.account_rules import AccountForm, Choice, Choices, CleanAccount, check_account
from core.clients.custom import FieldView
from core.kernel.problems import InvalidFields

ACTIVE, SUSPENDED, RETAIL = UUID(int=1), UUID(int=2), UUID(int=3)
BRAND = BrandView(
    id=uuid4(), slug="main", name="Wayside", theme="lobby", tokens={}, currency="USD", timezone="UTC",
    locale="en", legal_name="", legal_address="", tax_number="", country="US", mail_sender="",
    support_email="", number_prefix="", invoice_due_days=14, tax_rounding="line",
)  # fmt: skip
CHOICES = Choices(
    brands=(("main", "Wayside"),), fields=(),
    statuses=(
        Choice(id=ACTIVE, label="Running", kind="active"),
        Choice(id=SUSPENDED, label="Suspended", kind="suspended"),
    ),
    groups=(Choice(id=RETAIL, label="Retail", kind=""),),
)  # fmt: skip
ZONES = frozenset({"US", "DE"})


def check(
    fields: tuple[FieldView, ...] = (), kept: dict[str, str] | None = None, **form: str
) -> CleanAccount:
    choices = Choices(
        brands=CHOICES.brands, statuses=CHOICES.statuses, groups=CHOICES.groups, fields=fields
    )  # fmt: skip
    posted = {"is_taxable": "1"} | form
    return check_account(AccountForm.read(posted), choices, BRAND, ZONES, kept or {})


def wrong(**form: str) -> dict[str, str]:
    with pytest.raises(InvalidFields) as refused:
        check(**form)
    return refused.value.messages


def test_an_empty_form_is_a_taxable_active_private_person_at_home() -> None:
    clean = check()
    assert (clean.company_name, clean.status_id, clean.billing_country) == ("", ACTIVE, "US")
    assert (clean.group_id, clean.billing_day, clean.is_taxable, clean.tax_id) == (None, None, True, "")


@pytest.mark.parametrize(
    "name",
    [
        "Kowalczyk & Söhne GmbH", "株式会社パインウッド", "مخبز الصنوبر", "פיינווד בע״מ", "Пекарня «Сосна»",
        "Bäckerei 🥐", "O'Neill Ltd.", "می‌خواهم", "x" * 300, "1&1 24/7", "  Two   blanks ",
    ],
)  # fmt: skip
def test_good_company_names(name: str) -> None:
    assert check(company_name=name).company_name == " ".join(name.split(" ")).replace("   ", " ").strip()


@pytest.mark.parametrize(
    "name",
    ["x" * 301, "a\x00b", "a\nb", "a\u202eb", "a\u200bb", "4242 4242 4242 4242", "ACME 5555555555554444"],
)
def test_bad_company_names(name: str) -> None:
    assert wrong(company_name=name).keys() == {"company_name"}


@pytest.mark.parametrize("typed", ["1", "15", "31", " 31 ", "01"])
def test_good_billing_days(typed: str) -> None:
    assert check(billing_day=typed).billing_day == int(typed)
    assert check(billing_day="own", billing_day_own=typed).billing_day == int(typed)


@pytest.mark.parametrize("typed", ["0", "32", "-1", "1.5", "x", "٣", "015", "1e1"])
def test_bad_billing_days(typed: str) -> None:
    assert wrong(billing_day=typed).keys() == {"billing_day"}
    assert wrong(billing_day="own", billing_day_own=typed).keys() == {"billing_day_own"}


@pytest.mark.parametrize("typed", [str(SUSPENDED), "Suspended", "SUSPENDED", " suspended "])
def test_good_statuses(typed: str) -> None:
    assert check(status=typed).status_id == SUSPENDED


def test_a_status_by_what_it_stands_for() -> None:
    assert check(status="active").status_id == ACTIVE


@pytest.mark.parametrize("typed", ["closed", "0192f6b0-0000-7000-8000-000000000000", "'; --"])
def test_bad_statuses(typed: str) -> None:
    assert wrong(status=typed).keys() == {"status"}


def test_groups() -> None:
    assert check(client_group="retail").group_id == RETAIL
    assert check(client_group=str(RETAIL)).group_id == RETAIL
    assert wrong(client_group="wholesale").keys() == {"client_group"}


@pytest.mark.parametrize("typed", ["XX", "USA", "Germany", "🇩🇪"])
def test_bad_countries(typed: str) -> None:
    assert wrong(billing_country=typed).keys() == {"billing_country"}


@pytest.mark.parametrize("typed", ["1", "on", "yes", "true", "TRUE"])
def test_what_counts_as_ticked(typed: str) -> None:
    assert check(is_taxable=typed).is_taxable


def test_not_taxable_needs_a_number_inside_a_zone_only() -> None:
    assert wrong(is_taxable="", billing_country="DE").keys() == {"tax_id"}
    assert not check(is_taxable="", billing_country="DE", tax_id="DE136695976").is_taxable
    assert check(is_taxable="", billing_country="JP").tax_id == ""


def test_everything_wrong_is_told_at_once() -> None:
    found = wrong(company_name="a\x00b", status="x", billing_day="40", client_group="x", tax_id="12345")
    assert found.keys() == {"company_name", "status", "billing_day", "client_group", "tax_id"}


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("DE", "136 695 976", "DE136695976"), ("DE", "de136695976", "DE136695976"),
        ("GR", "GR 094259216", "EL094259216"), ("FR", "40 303 265 045", "FR40303265045"),
        ("US", "911144442", "91-1144442"), ("GB", "GB 980 7806 84", "980780684"),
        ("JP", "5-8356-7825-6246", "5835678256246"), ("MY", "C 1234-5", "C 1234-5"), ("US", "", ""),
        ("AT", "ＡＴＵ１３５８５６２７", "ATU13585627"),
    ],
)  # fmt: skip
def test_good_tax_numbers(country: str, typed: str, kept: str) -> None:
    assert tax_ids.read(typed, country) == kept


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "DE136695977"), ("DE", "ATU13585627"), ("DE", "x" * 301), ("US", "12-345678"),
        ("US", "00-0000000"), ("MY", "<script>"), ("MY", "Ж1234"), ("MY", "no digits"), ("MY", "1\x002"),
        ("BR", "16.727.230/0001-98"), ("MY", "1" * 31), ("MY", "4242424242424242"),
    ],
)  # fmt: skip
def test_bad_tax_numbers(country: str, typed: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        tax_ids.read(typed, country)


def field(kind: str, **changes: Any) -> FieldView:
    values: dict[str, Any] = {
        "id": uuid4(), "owner": "client", "key": "x", "label": "X", "help": "", "kind": kind, "choices": (),
        "is_required": False, "position": 0, "is_archived": False, "version": 1,
    }  # fmt: skip
    return FieldView(**(values | changes))


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", " a  b ", "a b"), ("area", "one\r\ntwo\n", "one\ntwo"), ("number", "-12.50", "-12.50"),
        ("number", "\N{MINUS SIGN}3", "-3"), ("date", "2028-02-29", "2028-02-29"), ("choice", "B", "B"),
        ("check", "on", "1"), ("check", "", ""), ("number", "", ""),
    ],
)  # fmt: skip
def test_good_custom_values(kind: str, typed: str, kept: str) -> None:
    clean = check((field(kind, choices=("A", "B")),), custom_x=typed)
    assert clean.custom == {"x": kept}


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "x" * 301), ("text", "4242 4242 4242 4242"), ("area", "x" * 4001), ("area", "a\x00"),
        ("area", "fine\n4242424242424242"), ("number", "1e5"), ("number", "NaN"), ("number", "1,5"),
        ("number", "1" * 16), ("date", "2026-02-31"), ("date", "31.12.2026"), ("date", "2027-02-29"),
        ("date", "0000-01-01"), ("choice", "C"),
    ],
)  # fmt: skip
def test_bad_custom_values(kind: str, typed: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        check((field(kind, choices=("A", "B")),), custom_x=typed)
    assert refused.value.messages.keys() == {"custom_x"}


@pytest.mark.parametrize("kind", ["text", "area", "number", "date", "choice", "check"])
def test_what_must_be_filled_in(kind: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        check((field(kind, is_required=True, choices=("A",)),), custom_x="")
    assert refused.value.messages.keys() == {"custom_x"}


def test_a_choice_that_has_left_the_list_may_stay() -> None:
    assert check((field("choice", choices=("A",)),), {"x": "Gone"}, custom_x="Gone").custom == {"x": "Gone"}
