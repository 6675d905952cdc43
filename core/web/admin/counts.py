"""The small counts in the menu: how much needs a person, by section."""

from __future__ import annotations

from typing import cast

from flask import g

from core.kernel import counting
from core.kernel.db import DbSession
from core.mail import queries as mail
from core.payments import queries as payments
from core.provisioning import queries as provisioning
from core.web.current import house

LIMIT = 100  # counting stops here: "100 or more" says enough
_FAILED, _FOR_STAFF = (provisioning.waiting_count(state, LIMIT) for state in ("failed", "needs_staff"))
_COUNTS = counting.together(
    {
        "payments": payments.needing_count(LIMIT),
        "jobs": _FAILED + _FOR_STAFF,
        "mails": mail.failing_count(LIMIT),
    }
)


def read_counts(session: DbSession) -> None:
    """For who has a snapshot open: what ``counts`` will answer in this request."""
    g.menu_counts = counting.read(session, _COUNTS)


def counts() -> dict[str, int]:
    """One statement, once a request: every page of the admin asks it."""
    if "menu_counts" not in g:
        with house().db.read() as session:
            read_counts(session)
    return cast("dict[str, int]", g.menu_counts)
