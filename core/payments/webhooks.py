"""The webhook inbox: verified, stored once, matched, and taken into the books in one transaction."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel.ids import new_id
from core.payments import attempts
from core.payments.models import WebhookEvent
from core.payments.recording import record
from core.payments.unmatched import hold
from core.plugin_api.errors import NotificationRejected, PluginError
from core.plugin_api.gateway import Notifies
from core.plugin_api.values import Notification, PaymentEvent, Status
from core.plugin_host.calls import ask_all
from core.plugin_host.house import PluginHouse

log = logging.getLogger(__name__)
KEPT_HEADERS = ("content-type", "user-agent")  # never signatures or credentials
BODY_LIMIT = 256 * 1024


def receive(house: PluginHouse, gateway: str, headers: Mapping[str, str], body: bytes) -> int:
    """Take one notification; returns the HTTP status to answer.

    404 no such gateway, 400 not genuine, 413 too large, 503 the gateway could not be asked (the
    provider sends again), 200 stored and worked on. The same event any number of times is one.
    """
    entry = house.plugins.gateways.get(gateway)
    if entry is None or not entry.spec.can(Notifies):
        return 404
    if len(body) > BODY_LIMIT:
        return 413
    plugin = house.plugins.build_gateway(gateway)
    assert isinstance(plugin, Notifies)
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        notification = Notification(body=body, headers=lowered, received_at=house.clock.now())
        events = ask_all(
            lambda: plugin.parse_notification(notification), PaymentEvent, db=house.db, plugin=plugin
        )
    except NotificationRejected:
        log.warning("notification rejected", extra={"gateway": gateway})
        return 400
    except PluginError as error:
        log.warning("notification not read", extra={"gateway": gateway, "code": error.code})
        return 503
    for event in events:
        take(house, gateway, event, lowered, body, how="webhook")
    return 200


def take(
    house: PluginHouse,
    gateway: str,
    event: PaymentEvent,
    headers: Mapping[str, str],
    body: bytes,
    *,
    how: str,
) -> bool:
    """Store one event and everything that follows from it, together. False when it was known."""
    return house.db.run(lambda session: _take(session, house, gateway, event, headers, body, how))


def _take(
    session: Session,
    house: PluginHouse,
    gateway: str,
    event: PaymentEvent,
    headers: Mapping[str, str],
    body: bytes,
    how: str,
) -> bool:
    row_id = _store(session, house, gateway, event, headers, body)
    if row_id is None:
        return False
    mode, told = house.plugins.gateways[gateway].mode, event.outcome
    attempt = attempts.match(
        session, gateway, mode, reference=told.reference, idempotency_key=event.idempotency_key
    )
    row = session.get_one(WebhookEvent, row_id)
    if attempt is None:
        row.state = "unmatched"
        if told.status is Status.SUCCEEDED:
            hold(
                session, house, gateway=gateway, event_id=event.event_id, reason="no_attempt",
                reference=told.reference or "", attempt_id=None, amount=told.amount,
            )  # fmt: skip
        return True
    row.state, row.note = "done", f"A-{attempt.number}"
    session.flush()
    record(session, house, attempt.id, told, how=how)
    if told.status is Status.PENDING and attempt.approve_url:
        attempts.ask(session, house, attempt.id)  # approved, maybe: the browser need not come back
    return True


def _store(
    session: Session,
    house: PluginHouse,
    gateway: str,
    event: PaymentEvent,
    headers: Mapping[str, str],
    body: bytes,
) -> UUID | None:
    row_id = new_id()
    statement = insert(WebhookEvent).values(
        id=row_id, gateway=gateway, event_id=event.event_id,
        headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
        body=base64.b64encode(body).decode(), state="received", note="",
        occurred_at=event.occurred_at, received_at=house.clock.now(),
    )  # fmt: skip
    known = select(WebhookEvent.id).where(
        WebhookEvent.gateway == gateway, WebhookEvent.event_id == event.event_id
    )
    if session.execute(known).first():
        return None
    try:
        with session.begin_nested():
            session.execute(statement)
    except IntegrityError:
        return None  # the same event arrived twice at the same moment
    return row_id
