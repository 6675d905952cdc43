"""The host's own order of groups, statuses and fields: one step up or down."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.clients.models import ClientGroup, ClientStatus, CustomField


def move(rows: Sequence[ClientGroup | ClientStatus | CustomField], row_id: UUID, *, up: bool) -> None:
    """Change places with the neighbour and number all anew; the first stays first. ``rows`` are in order."""
    order = list(rows)
    index = next(place for place, row in enumerate(order) if row.id == row_id)
    other = index - 1 if up else index + 1
    if 0 <= other < len(order):
        order[index], order[other] = order[other], order[index]
    for place, row in enumerate(order):
        row.position = place
