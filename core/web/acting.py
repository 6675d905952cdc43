"""Who asks from where, noted with everything that is recorded during a request."""

from __future__ import annotations

from flask import Flask

from core.kernel import audit
from core.web.current import request_id, visitor_ip


def register(flask_app: Flask) -> None:
    """Hang it behind ``tracing``, which numbers the request."""
    flask_app.before_request(begin)
    flask_app.teardown_request(end)


def begin() -> None:
    audit.set_circumstances(audit.Circumstances(ip=visitor_ip(), request_id=request_id()))


def begin_for(acting_for: str) -> None:
    """Once it is known that somebody acts in the account of another."""
    circumstances = audit.Circumstances(ip=visitor_ip(), request_id=request_id(), acting_for=acting_for)
    audit.set_circumstances(circumstances)


def end(_error: BaseException | None) -> None:
    """The thread goes on with somebody else."""
    audit.set_circumstances(audit.NOWHERE)
