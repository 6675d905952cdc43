"""What payments do by the clock: look at what is due, ask banks what settled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.kernel.db import changed
from core.payments import attempts
from core.payments.models import Attempt, SettlementCursor, WebhookEvent
from core.payments.webhooks import take
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import Settles
from core.plugin_api.values import PaymentEvent
from core.plugin_host.calls import ask_all
from core.plugin_host.house import PluginHouse

log = logging.getLogger(__name__)
OVERLAP = timedelta(days=3)  # asked for again each time, for what is reported late; known ones are dropped


def look_at_due(house: PluginHouse) -> None:
    """Give every attempt whose time has come to a worker. Harmless in several processes at once."""
    with house.db.read() as session:
        found = attempts.due(session, house.clock.now())
    for attempt_id in found:
        with house.db.transaction() as session:
            attempts.ask(session, house, attempt_id, only_due=True)


def collect_settlements(house: PluginHouse) -> None:
    """Ask every gateway that settles later what has cleared or come back since it was last asked."""
    for gateway, entry in house.plugins.gateways.items():
        if entry.spec.can(Settles):
            _collect(house, gateway)


def _collect(house: PluginHouse, gateway: str) -> None:
    since = _since(house, gateway)
    if since is None:
        return  # nothing was ever sent there
    plugin = house.plugins.build_gateway(gateway)
    assert isinstance(plugin, Settles)
    try:
        events = ask_all(lambda: plugin.settlements(since), PaymentEvent, db=house.db, plugin=plugin)
    except PluginError as error:
        log.warning("settlements not read", extra={"gateway": gateway, "code": error.code})
        return
    in_order = sorted(_unknown_yet(house, gateway, events), key=lambda event: event.occurred_at)
    if events and all([_taken(house, gateway, event) for event in in_order]):
        _read_until(house, gateway, max(event.occurred_at for event in events))


def _since(house: PluginHouse, gateway: str) -> datetime | None:
    """Where the last reading ended, by the bank's clock. Webhooks do not count: they may have gaps."""
    with house.db.read() as session:
        cursor = session.get(SettlementCursor, gateway)
        first = session.scalar(select(func.min(Attempt.created_at)).where(Attempt.gateway == gateway))
    start = cursor.read_until if cursor else first
    return start - OVERLAP if start else None


def _unknown_yet(house: PluginHouse, gateway: str, events: Sequence[PaymentEvent]) -> list[PaymentEvent]:
    with house.db.read() as session:
        known = set(
            session.scalars(
                select(WebhookEvent.event_id).where(
                    WebhookEvent.gateway == gateway,
                    WebhookEvent.event_id.in_([event.event_id for event in events]),
                )
            )
        )
    return [event for event in events if event.event_id not in known]


def _taken(house: PluginHouse, gateway: str, event: PaymentEvent) -> bool:
    """One event that can not be booked holds up no other; it is read again next time."""
    try:
        take(house, gateway, event, {}, b"", how="settlement")
    except Exception:
        log.exception("settlement not booked", extra={"gateway": gateway, "event_id": event.event_id})
        return False
    return True


def _read_until(house: PluginHouse, gateway: str, moment: datetime) -> None:
    """Move the cursor on, never back: others read the same report at the same moment."""
    further = update(SettlementCursor).where(
        SettlementCursor.gateway == gateway, SettlementCursor.read_until < moment
    )
    with house.db.transaction() as session:
        if session.get(SettlementCursor, gateway) is None:
            try:
                with session.begin_nested():
                    session.execute(insert(SettlementCursor).values(gateway=gateway, read_until=moment))
            except IntegrityError:
                pass  # another process read it first: the update sees its row
        changed(session, further.values(read_until=moment))
