"""Client accounts as staff keep them: adding one, changing one. Whom to write to: see ``contacts``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.brands import service as brands
from core.brands.queries import ids as brand_ids
from core.brands.queries import names as brand_names
from core.brands.values import BrandView
from core.clients import account_rules, custom, fate, search, statuses
from core.clients.account_rules import AccountForm, Choice, Choices, CleanAccount
from core.clients.models import Client, ClientGroup, ClientStatus, Contact
from core.clients.service import FIRST_NUMBER, ensure_statuses
from core.kernel import audit, numbers
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import InvalidFields, NotFound, Stale
from core.kernel.work import House, publish

# Which countries a brand taxes in: rules of tax stand a floor above, so whoever calls brings them.
Zones = Callable[[Session, UUID], frozenset[str]]
_PLAIN = ("company_name", "billing_day", "billing_country", "is_taxable", "tax_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A client account as its form shows it; ``custom`` by key."""

    id: UUID
    number: int
    version: int
    brand: BrandView
    company_name: str
    status_id: UUID
    group_id: UUID | None
    billing_day: int | None
    billing_country: str
    is_taxable: bool
    tax_id: str
    tax_id_answer: Mapping[str, Any] | None
    custom: Mapping[str, str]
    has_primary: bool

    def form(self) -> dict[str, str]:
        """As its form fields hold it."""
        own_day = self.billing_day is not None
        return {
            "company_name": self.company_name, "theme": self.brand.slug,
            "client_group": str(self.group_id or ""), "status": str(self.status_id),
            "billing_day": "own" if own_day else "", "billing_day_own": str(self.billing_day or ""),
            "billing_country": self.billing_country, "is_taxable": "1" if self.is_taxable else "",
            "tax_id": self.tax_id, "version": str(self.version),
        } | {custom.PREFIX + key: value for key, value in self.custom.items()}  # fmt: skip


def choices(session: Session) -> Choices:
    """What the form of an account can choose from, in the host's order."""
    found = session.scalars(select(ClientStatus).order_by(ClientStatus.position, ClientStatus.id))
    groups = session.scalars(select(ClientGroup).order_by(ClientGroup.position, ClientGroup.name))
    return Choices(
        brands=tuple((one.slug, one.name) for one in brand_names(session)),
        statuses=tuple(Choice(id=one.id, label=one.label, kind=one.behaviour) for one in found),
        groups=tuple(Choice(id=one.id, label=one.name, kind=one.description) for one in groups),
        fields=custom.fields_of(session, "client"),
    )


def check(
    session: Session, form: Mapping[str, str], zones: Zones, *, kept: Account | None = None
) -> CleanAccount:
    """Raises InvalidFields with a sentence for every field that needs one."""
    ensure_statuses(session)
    offered = choices(session)
    brand = kept.brand if kept else _brand(session, form.get("theme", ""))
    taxed = zones(session, brand.id)
    values = kept.custom if kept else {}
    return account_rules.check_account(AccountForm.read(form), offered, brand, taxed, values)


def _brand(session: Session, slug: str) -> BrandView:
    """The brand that was chosen; the default one where nothing was."""
    if not slug.strip():
        return brands.default_brand(session)
    found = next((one.id for one in brand_names(session) if one.slug == slug), None)
    if found is None:
        raise InvalidFields({"theme": _("Choose a theme from the list.")})
    return brands.brand_by_id(session, found)


def add(
    session: Session, house: House, form: Mapping[str, str], *, zones: Zones, actor: str, ip: str = ""
) -> UUID:
    """Make a client account, without a contact yet. Raises InvalidFields. A repeat makes another one."""
    clean = check(session, form, zones)
    now = house.clock.now()
    client = Client(
        id=new_id(), brand_id=clean.brand.id, created_at=now, currency=clean.brand.currency,
        number=numbers.take(session, f"client:{clean.brand.id}", first=FIRST_NUMBER)[0],
        status_id=clean.status_id, group_id=clean.group_id, **_values(clean),
    )  # fmt: skip
    session.add(client)
    session.flush()
    first = session.get_one(ClientStatus, clean.status_id)
    if first.behaviour == statuses.CLOSED:
        client.closed_at = now
    custom.save(session, client.id, clean.fields, clean.custom)
    search.reindex(session, client.id)
    statuses.note(session, client.id, None, first, reason="", actor=actor, now=now)
    after = {"number": client.number, "brand": clean.brand.slug, **_told(session, _values(clean))}
    audit.record(
        session, actor=actor, action="client.create", target=f"client:{client.id}", after=after, ip=ip,
        now=now,
    )  # fmt: skip
    publish(house, session, "client.created", {"client_id": client.id})
    return client.id


def _values(clean: CleanAccount) -> dict[str, Any]:
    return {name: getattr(clean, name) for name in _PLAIN}


def account(session: Session, client_id: UUID) -> Account:
    """Raises NotFound."""
    row = session.get(Client, client_id)
    if row is None:
        raise NotFound(_("There is no such client."))
    return Account(
        id=row.id, number=row.number, version=row.version, brand=brands.brand_by_id(session, row.brand_id),
        status_id=row.status_id, group_id=row.group_id, tax_id_answer=row.tax_id_answer,
        custom=custom.values_of(session, row.id), has_primary=_has_primary(session, row.id),
        **{name: getattr(row, name) for name in _PLAIN},
    )  # fmt: skip


def numbered(session: Session, number: int) -> tuple[UUID, ...]:
    """The clients of that number: each brand counts its own."""
    known = select(Client.id).where(Client.brand_id.in_(brand_ids(session)), Client.number == number)
    return tuple(session.scalars(known)) if number < 2**31 else ()


def _has_primary(session: Session, client_id: UUID) -> bool:
    found = select(Contact.id).where(Contact.client_id == client_id, Contact.is_primary)
    return session.scalar(found) is not None


def change(
    session: Session, house: House, client_id: UUID, form: Mapping[str, str], *, version: int, zones: Zones,
    closing: statuses.Closing, actor: str, ip: str = "",
) -> bool:  # fmt: skip
    """Change an account to what the form says; False when that is what it was.

    ``version`` is the one the form was drawn from. A status in the form is changed with ``reason`` as by
    ``statuses.change_status``, with its ``closing``; the brand stays what it is. Raises NotFound,
    InvalidFields, Stale, and Conflict where a status is refused or the client is gone.
    """
    fate.hold_living(session, client_id)
    kept = account(session, client_id)
    if kept.version != version:
        raise Stale(kept.version, kept.form())
    clean = check(session, form, zones, kept=kept)
    before, after = _differences(session, kept, clean)
    old, new = custom.save(session, client_id, clean.fields, clean.custom)
    if after or new:
        _write(session, client_id, version, clean, is_other_number=clean.tax_id != kept.tax_id)
        audit.record(
            session, actor=actor, action="client.edit", target=f"client:{client_id}", before=before | old,
            after=after | new, ip=ip, now=house.clock.now(),
        )  # fmt: skip
    moved = clean.status_id != kept.status_id and statuses.change_status(
        session, house, client_id, clean.status_id, closing=closing, reason=form.get("reason", ""),
        actor=actor, ip=ip,
    )  # fmt: skip
    return bool(after or new or moved)


def _write(
    session: Session, client_id: UUID, version: int, clean: CleanAccount, *, is_other_number: bool
) -> None:
    values: dict[str, Any] = {**_values(clean), "group_id": clean.group_id, "version": version + 1}
    if is_other_number:  # what a register said was said of the old one
        values |= {"tax_id_checked_at": None, "tax_id_answer": None}
    held = update(Client).where(Client.id == client_id, Client.version == version)
    if not changed(session, held.values(**values)):
        session.expire_all()
        now = account(session, client_id)
        raise Stale(now.version, now.form())
    search.reindex(session, client_id)


def _differences(
    session: Session, kept: Account, clean: CleanAccount
) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in (*_PLAIN, "group_id") if getattr(kept, name) != getattr(clean, name)]
    before = _told(session, {name: getattr(kept, name) for name in names})
    return before, _told(session, {name: getattr(clean, name) for name in names})


def _told(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """As the audit log tells it: a group by its name."""
    told = dict(values)
    if "group_id" in told:
        group_id = told.pop("group_id")
        group = session.get(ClientGroup, group_id) if group_id else None
        told["client_group"] = group.name if group else ""
    return told
