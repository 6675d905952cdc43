"""Rows that are clients: the account with its primary contact.

A client is known by its ``reference``, the key it had in the books it comes from: one that is here already
is left as it is, so a file read twice doubles nothing and changes nothing. Rows without a reference are
always new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.clients import account_rules, accounts, custom, taking_over
from core.clients.account_rules import AccountForm, CleanAccount
from core.clients.taking_over import Newcomer, NewPerson
from core.clients.values import CleanContact
from core.identity.rules import fold
from core.kernel.clock import local_date
from core.kernel.i18n import gettext as _
from core.records.importing import parsing, people
from core.records.importing.finding import Finder, check_reference
from core.records.importing.reader import Gathered, Place, Reader
from core.records.importing.values import Field, Texts
from core.tax.zones import taxed_countries

REFERENCE = Field(
    name="reference", label="Reference", also=("id", "client id", "customer number", "external id"),
    help="Its key in the books it comes from. A client whose reference is here already is left as it is.",
)  # fmt: skip


def _account_fields() -> tuple[Field, ...]:
    return (
        REFERENCE,
        Field(name="client_group", label="Client group", also=("group", "groupid", "customer group")),
        Field(name="status", label="Status", help="Active when nothing is said."),
        Field(name="billing_day", label="Monthly billing day", help="1 to 31; empty: as the system has it."),
        Field(name="billing_country", label="Billing country", help="The contact's when nothing is said."),
        Field(name="is_taxable", label="Is taxable", help="Yes when nothing is said.", also=("taxable",)),
        Field(name="tax_id", label="Tax ID number", also=("vat", "vat number", "tax number", "ust id")),
        Field(
            name="client_since", label="Client since",
            also=("date created", "created", "created at", "signup date", "registered"),
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """A client that was checked. ``own`` are the contact's custom values by key."""

    reference: str
    account: CleanAccount
    contact: CleanContact
    own: dict[str, str]
    since: datetime | None


class Clients(Reader[ClientRow]):
    """What a client may be of its brand is asked once a run."""

    def __init__(self, place: Place, session: Session) -> None:
        super().__init__(place)
        self._choices = accounts.choices(session)
        today = local_date(place.house.clock.now(), place.brand.timezone)
        self._zones = taxed_countries(session, place.brand.id, today)
        self._finder = Finder(place.brand.id)
        self._contact_fields = custom.fields_of(session, "contact")

    @property
    def fields(self) -> tuple[Field, ...]:
        own = (*self._choices.fields, *self._contact_fields)
        return (*_account_fields(), *people.contact_fields(), *people.custom_fields(own))

    def keys(self, texts: Texts) -> tuple[tuple[str, str], ...]:
        found = [("reference", texts["reference"])] if texts.get("reference") else []
        if texts.get("username"):
            found.append(("username", fold(texts["username"])))
        return tuple(found)

    def describe(self, texts: Texts) -> str:
        return people.describe(texts)

    def check(self, texts: Texts) -> ClientRow:
        gathered = Gathered()
        texts = people.readable(texts, self.place)
        contact = gathered.under(lambda: people.check(texts))
        account = gathered.under(lambda: self._account(texts, gathered))
        since = gathered.take("client_since", lambda: self._since(texts.get("client_since", "")), None)
        if "country" in gathered.messages and not texts.get("billing_country"):  # it is said there
            gathered.messages.pop("billing_country", None)
        own, wrong = custom.check(self._contact_fields, texts)
        gathered.messages |= wrong
        if sentence := check_reference(texts.get("reference", "")):
            gathered.messages["reference"] = sentence
        gathered.raise_if_any()
        assert account is not None  # or there was something to raise
        assert contact is not None
        reference = texts.get("reference", "")
        return ClientRow(reference=reference, account=account, contact=contact, own=own, since=since)

    def _account(self, texts: Texts, gathered: Gathered) -> CleanAccount:
        form = dict(texts)
        taxable = gathered.take(
            "is_taxable", lambda: parsing.read_yes(texts.get("is_taxable") or "yes"), True
        )
        form["is_taxable"] = "1" if taxable else ""
        form["billing_country"] = texts.get("billing_country") or texts.get("country", "")
        return account_rules.check_account(
            AccountForm.read(form), self._choices, self.place.brand, self._zones, {}
        )

    def _since(self, text: str) -> datetime | None:
        if not text:
            return None
        day = parsing.read_day(text, self.place.mapped.dates)
        at = datetime.combine(day, time(12), tzinfo=ZoneInfo(self.place.brand.timezone))
        if at > self.place.house.clock.now():
            raise ValueError(_("This day is still to come."))
        return at.astimezone(UTC)

    def prefetch(self, session: Session, rows: Sequence[ClientRow]) -> None:
        self._finder.load(session, (row.reference for row in rows))

    def look(self, session: Session, row: ClientRow) -> bool:
        if row.reference and self._finder.has_reference(row.reference):
            return True
        if row.contact.username:
            people.free(session, row.contact)
        return False

    def write(self, session: Session, rows: Sequence[ClientRow]) -> None:
        newcomers = [
            Newcomer(
                account=row.account, reference=row.reference, since=row.since,
                person=NewPerson(contact=row.contact, roles=("owner", "billing"), custom=row.own),
            )
            for row in rows
        ]  # fmt: skip
        taking_over.take_over(session, self.place.house, newcomers, actor=self.place.actor)
