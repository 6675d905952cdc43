"""Groups of clients: what their members have in common, and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from core.clients import ordering
from core.clients.group_rules import check
from core.clients.models import Client, ClientGroup
from core.clients.values import Form
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.money import exponent, round_half_up
from core.kernel.problems import Conflict, InvalidFields, NotFound, Stale
from core.kernel.work import House


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPolicy:
    """How a client's group changes what is charged.

    ``discount_value`` is basis points of a percent discount (1000 = 10 %), or minor units of the client's
    currency off each document. An empty ``product_ids`` means every product. ``due_days`` None: as the
    brand has it. ``tax_exempt``: no tax at all, whatever the client says.
    """

    name: str = ""
    discount_kind: Literal["none", "percent", "fixed"] = "none"
    discount_value: int = 0
    product_ids: frozenset[UUID] = frozenset()
    due_days: int | None = None
    tax_exempt: bool = False
    suspends: bool = True  # services may be suspended for debts
    is_reseller: bool = False

    def covers(self, product_id: UUID) -> bool:
        return not self.product_ids or product_id in self.product_ids


NO_POLICY = GroupPolicy()


def policy_of(session: Session, client_id: UUID) -> GroupPolicy:
    """The policy of the client's group; one that changes nothing for clients without a group."""
    found = session.execute(
        select(ClientGroup, Client.currency)
        .join(Client, Client.group_id == ClientGroup.id)
        .where(Client.id == client_id)
    ).one_or_none()
    return NO_POLICY if found is None else _policy(*found)


def _policy(row: ClientGroup, currency: str) -> GroupPolicy:
    return GroupPolicy(
        name=row.name,
        discount_kind=row.discount_kind,  # type: ignore[arg-type]  # checked when it was written
        discount_value=_in(row, currency),
        product_ids=frozenset(UUID(one) for one in row.discount_products),
        due_days=row.due_days,
        tax_exempt=row.tax_policy == "exempt",
        suspends=row.suspends,
        is_reseller=row.is_reseller,
    )


def _in(row: ClientGroup, currency: str) -> int:
    """The value, of an amount in minor units: it is kept in hundredths, whatever currency a brand has."""
    if row.discount_kind != "fixed":
        return row.discount_value
    return round_half_up(Fraction(row.discount_value * 10 ** exponent(currency), 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group as its form and the list show it. ``members`` counts its clients."""

    id: UUID
    version: int
    name: str
    colour: str
    description: str
    discount_kind: str
    discount_value: int
    product_ids: tuple[str, ...]
    due_days: int | None
    tax_policy: str
    suspends: bool
    is_reseller: bool
    members: int

    def form(self) -> dict[str, str]:
        """As its form fields hold it; several ticked values as one text."""
        return {
            "name": self.name, "colour": self.colour, "description": self.description,
            "discount_kind": self.discount_kind, "discount_value": _major(self.discount_value),
            "discount_products": ", ".join(self.product_ids),
            "due_days": "" if self.due_days is None else str(self.due_days), "tax_policy": self.tax_policy,
            "suspends": "1" if self.suspends else "", "is_reseller": "1" if self.is_reseller else "",
            "version": str(self.version),
        }  # fmt: skip


def _major(hundredths: int) -> str:
    """ "12.5" of 1250: percents and money are both kept in hundredths here."""
    return f"{(Decimal(hundredths) / 100).normalize():f}" if hundredths else ""


def groups(session: Session) -> tuple[Group, ...]:
    """All groups in the host's order."""
    counts = (
        select(Client.group_id, func.count()).where(Client.group_id.is_not(None)).group_by(Client.group_id)
    )
    members = {group_id: count for group_id, count in session.execute(counts)}
    rows = session.scalars(select(ClientGroup).order_by(ClientGroup.position, ClientGroup.name))
    return tuple(_group(row, members.get(row.id, 0)) for row in rows)


def group(session: Session, group_id: UUID) -> Group:
    """Raises NotFound."""
    row = _row(session, group_id)
    counted = select(func.count()).select_from(Client).where(Client.group_id == group_id)
    return _group(row, session.scalar(counted) or 0)


def _row(session: Session, group_id: UUID) -> ClientGroup:
    row = session.get(ClientGroup, group_id)
    if row is None:
        raise NotFound(_("There is no such group."))
    return row


def _group(row: ClientGroup, members: int) -> Group:
    return Group(
        id=row.id, version=row.version, name=row.name, colour=row.colour, description=row.description,
        discount_kind=row.discount_kind, discount_value=row.discount_value,
        product_ids=tuple(row.discount_products), due_days=row.due_days, tax_policy=row.tax_policy,
        suspends=row.suspends, is_reseller=row.is_reseller, members=members,
    )  # fmt: skip


def save(
    session: Session, house: House, group_id: UUID | None, form: Form, *, products: frozenset[str],
    version: int = 0, actor: str, ip: str = "",
) -> UUID:  # fmt: skip
    """Add a group (``group_id`` None) or change one to what the form says; its id.

    ``products`` are the ids that may be chosen. Raises NotFound, InvalidFields, Stale.
    """
    values = check(session, group_id, form, products)
    before = {} if group_id is None else _told(group(session, group_id))
    if group_id is None:
        last = session.scalar(select(func.max(ClientGroup.position)))
        row = ClientGroup(id=new_id(), position=(last or 0) + 1, **values)
        session.add(row)
        session.flush()
        group_id = row.id
    else:
        _change(session, group_id, version, values)
    after = _told(group(session, group_id))
    names = [name for name in after if before.get(name) != after[name]]
    if names:
        audit.record(
            session, actor=actor, action="group.edit" if before else "group.create", ip=ip,
            target=f"client_group:{group_id}", before={name: before[name] for name in names if before},
            after={name: after[name] for name in names}, now=house.clock.now(),
        )  # fmt: skip
    return group_id


def _change(session: Session, group_id: UUID, version: int, values: Mapping[str, object]) -> None:
    held = update(ClientGroup).where(ClientGroup.id == group_id, ClientGroup.version == version)
    if not changed(session, held.values(**values, version=version + 1)):
        session.expire_all()
        now = group(session, group_id)
        raise Stale(now.version, now.form())
    session.expire_all()


def _told(found: Group) -> dict[str, str]:
    return {name: text for name, text in found.form().items() if name != "version"}


def move_members(
    session: Session, house: House, group_id: UUID, to_id: UUID | None, *, actor: str, ip: str = ""
) -> int:
    """Give a group's clients another one, or none; how many there were. Raises NotFound."""
    old, new = _row(session, group_id).name, _row(session, to_id).name if to_id else ""
    if to_id == group_id:
        raise InvalidFields({"to": _("Choose another group.")})
    moved = (
        update(Client).where(Client.group_id == group_id).values(group_id=to_id, version=Client.version + 1)
    )
    count = cast("CursorResult[Any]", session.execute(moved)).rowcount
    if count:
        audit.record(
            session, actor=actor, action="group.move_members", target=f"client_group:{group_id}", ip=ip,
            before={"client_group": old}, after={"client_group": new, "clients": count},
            now=house.clock.now(),
        )  # fmt: skip
    return count


def delete_group(session: Session, house: House, group_id: UUID, *, actor: str, ip: str = "") -> None:
    """Raises NotFound, Conflict while it has clients: move them first."""
    found = group(session, group_id)
    if found.members:
        raise Conflict(_("{name} has clients. Move them to another group first.").format(name=found.name))
    session.execute(delete(ClientGroup).where(ClientGroup.id == group_id))
    audit.record(
        session, actor=actor, action="group.delete", target=f"client_group:{group_id}", ip=ip,
        before={"name": found.name}, now=house.clock.now(),
    )  # fmt: skip


def reorder(session: Session, group_id: UUID, *, up: bool) -> None:
    """Move a group one place. Raises NotFound."""
    _row(session, group_id)
    rows = session.scalars(select(ClientGroup).order_by(ClientGroup.position, ClientGroup.name)).all()
    ordering.move(rows, group_id, up=up)
    session.flush()
