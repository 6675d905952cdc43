"""Wrong passwords for one account, from wherever they come.

NIST SP 800-63B-4, 3.2.2, allows a hundred in a row. Whoever tries them spreads them over many networks, and
would shut the owner out by it: a browser that the owner has signed in with before goes on, and so does a
link by mail, after which the count begins anew. So it does after a month.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.identity import devices
from core.identity.rules import fold
from core.identity.throttling import bucket_name, clear, throttle

SCOPE = "sign-in-account"
IN_A_ROW = 100
WINDOW_SECONDS = 30 * 24 * 3600


def count(session: Session, user_id: UUID | None, username: str, device: str, now: datetime) -> bool:
    """Count a try; False when there were too many. A name that is nobody's is counted like any other."""
    bucket = _bucket(str(user_id or fold(username)))
    is_open = throttle(session, bucket, IN_A_ROW, WINDOW_SECONDS, now)
    is_known = user_id is not None and devices.is_known(session, user_id, device)
    return is_open or is_known


def forget(session: Session, user_id: UUID) -> None:
    """The owner signed in, or has a new password."""
    clear(session, _bucket(str(user_id)))


def _bucket(whose: str) -> str:
    return bucket_name(SCOPE, whose)
