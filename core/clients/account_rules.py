"""Checking the form of a client account. Pure; every field is looked at, so that all is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from uuid import UUID

from core.brands.values import BrandView
from core.clients import custom, places, tax_ids
from core.clients.custom import FieldView
from core.clients.rules import check_text, tidy
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields

OWN_DAY = "own"
YES = frozenset({"1", "on", "yes", "true"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountForm:
    """The form as somebody filled it in: text as typed, under the names of its fields.

    ``billing_day`` is "", a day, or "own" with the day in ``billing_day_own``.
    """

    company_name: str = ""
    theme: str = ""
    client_group: str = ""
    status: str = ""
    billing_day: str = ""
    billing_day_own: str = ""
    billing_country: str = ""
    is_taxable: str = ""
    tax_id: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, form: Mapping[str, str]) -> AccountForm:
        """Take the fields it knows from what was posted; everything else is ignored."""
        texts = {one.name: form.get(one.name, "") for one in fields(cls) if one.name != "custom"}
        own = {name: text for name, text in form.items() if name.startswith(custom.PREFIX)}
        return cls(**texts, custom=own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``kind`` is a status's behaviour or a group's description."""

    id: UUID
    label: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be chosen. ``brands`` are pairs (slug, name)."""

    brands: tuple[tuple[str, str], ...]
    statuses: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanAccount:
    """An account that was checked and put in order; ``custom`` by key, of ``fields``."""

    brand: BrandView
    company_name: str
    group_id: UUID | None
    status_id: UUID
    billing_day: int | None
    billing_country: str
    is_taxable: bool
    tax_id: str
    fields: tuple[FieldView, ...]
    custom: Mapping[str, str]


def check_account(
    form: AccountForm,
    choices: Choices,
    brand: BrandView,
    zones: frozenset[str],
    kept: Mapping[str, str],
) -> CleanAccount:
    """Check what was posted and put it in order.

    ``zones`` are the countries the brand taxes in: there a client who is not taxable needs a tax number.
    A country that was not posted is the brand's own; a status that was not posted the first active one.
    ``kept`` are the custom values so far. Raises InvalidFields.
    """
    check = _Check(form, choices)
    company_name = check.company_name()
    group = check.one_of("client_group", choices.groups, _("Choose a group from the list."))
    status_id = check.status()
    day = check.billing_day()
    country = check.country(brand.country)
    is_taxable = form.is_taxable.strip().lower() in YES
    tax_id = check.tax_id(country, must=not is_taxable and country in zones)
    values, wrong = custom.check(choices.fields, form.custom, kept)
    check.errors |= wrong
    if check.errors or status_id is None:
        raise InvalidFields(check.errors)
    return CleanAccount(
        brand=brand, company_name=company_name, group_id=group.id if group else None, status_id=status_id,
        billing_day=day, billing_country=country, is_taxable=is_taxable, tax_id=tax_id,
        fields=choices.fields, custom=values,
    )  # fmt: skip


class _Check:
    """Collects a sentence for each field that needs one while the form is gone through."""

    def __init__(self, form: AccountForm, choices: Choices) -> None:
        self.form = form
        self.choices = choices
        self.errors: dict[str, str] = {}

    def company_name(self) -> str:
        name = tidy(self.form.company_name)
        if wrong := check_text(name):
            self.errors["company_name"] = wrong
        return name

    def one_of(self, name: str, offered: tuple[Choice, ...], sentence: str) -> Choice | None:
        """The choice by its id or, in whatever case, its label; None for nothing."""
        typed = tidy(getattr(self.form, name)).casefold()
        if not typed:
            return None
        found = next((one for one in offered if typed in (str(one.id), one.label.casefold())), None)
        if found is None:
            self.errors[name] = sentence
        return found

    def status(self) -> UUID | None:
        """By id, label or behaviour."""
        wanted = tidy(self.form.status).casefold() or "active"
        offered = self.choices.statuses
        by_behaviour = next((one for one in offered if one.kind == wanted), None)
        named = next((one for one in offered if wanted in (str(one.id), one.label.casefold())), None)
        found = named or by_behaviour
        if found is None:
            self.errors["status"] = _("Choose a status from the list.")
        return found.id if found else None

    def billing_day(self) -> int | None:
        text = tidy(self.form.billing_day)
        name = "billing_day"
        if text == OWN_DAY:
            text, name = tidy(self.form.billing_day_own), "billing_day_own"
            if not text:
                self.errors[name] = _("Enter a day from 1 to 31, or obey the system-wide settings.")
                return None
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 2 and 1 <= int(text) <= 31):
            self.errors[name] = _("Enter a day from 1 to 31.")
            return None
        return int(text)

    def country(self, otherwise: str) -> str:
        code = tidy(self.form.billing_country).upper() or otherwise
        if len(code) != 2 or places.address_rules(code) is None:
            self.errors["billing_country"] = _("Choose a country from the list.")
        return code

    def tax_id(self, country: str, *, must: bool) -> str:
        if "billing_country" in self.errors:
            return ""
        try:
            number = tax_ids.read(self.form.tax_id, country)
        except ValueError as problem:
            self.errors["tax_id"] = str(problem)
            return ""
        if must and not number:
            name = places.country_name(country)
            self.errors["tax_id"] = _(
                "We charge tax in {country}: enter the tax number of a client who is not taxable."
            ).format(country=name)
        return number
