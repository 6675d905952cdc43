"""Groups of clients: what their members have in common, and changing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clients.models import Client, ClientGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPolicy:
    """How a client's group changes what is charged.

    ``discount_value`` is basis points of a percent discount (1000 = 10 %), or minor units of the brand's
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
    row = session.scalar(
        select(ClientGroup).join(Client, Client.group_id == ClientGroup.id).where(Client.id == client_id)
    )
    return NO_POLICY if row is None else _policy(row)


def _policy(row: ClientGroup) -> GroupPolicy:
    return GroupPolicy(
        name=row.name,
        discount_kind=row.discount_kind,  # type: ignore[arg-type]  # checked when it was written
        discount_value=row.discount_value,
        product_ids=frozenset(UUID(one) for one in row.discount_products),
        due_days=row.due_days,
        tax_exempt=row.tax_policy == "exempt",
        suspends=row.suspends,
        is_reseller=row.is_reseller,
    )
