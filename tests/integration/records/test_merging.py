"""Joining takes along whatever names a client: a new table is moved, or it is said here why it is not."""

from __future__ import annotations

import core.app as house
from core.kernel.db import Base
from core.records import merging

assert house  # with it all models are known
STAYS = {
    "client.merged_into_id",  # who was joined to the source still was
    "client_status_change.client_id",  # the source's own history
    "posting.client_id",  # the ledger is only added to: one more entry carries the balance over
}


def test_every_table_that_names_a_client_is_moved() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name == "client_id" or any(key.column.table.name == "client" for key in column.foreign_keys)
    }
    moved = {
        f"{owner.class_.__tablename__}.{owner.key}"
        for owner in (*(owner for _, _, owner in merging.MOVES), *(owner for _, owner in merging.UNSAID))
    }
    assert named - moved == STAYS
    assert moved <= named
