"""What payments do by the clock: look at what is due, ask banks what settled."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import func, select

from core.payments import attempts
from core.payments.models import Attempt, WebhookEvent
from core.payments.webhooks import take
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import Settles
from core.plugin_api.values import PaymentEvent
from core.plugin_host.calls import ask_all
from core.plugin_host.house import PluginHouse

log = logging.getLogger(__name__)
OVERLAP = timedelta(days=1)  # asked for again each time; known events are dropped


def look_at_due(house: PluginHouse) -> None:
    """Give every attempt whose time has come to a worker. Harmless in several processes at once."""
    with house.db.read() as session:
        found = attempts.due(session, house.clock.now())
    for attempt_id in found:
        with house.db.transaction() as session:
            attempts.ask(session, house, attempt_id)


def collect_settlements(house: PluginHouse) -> None:
    """Ask every gateway that settles later what has cleared or come back since it was last asked."""
    for gateway, entry in house.plugins.gateways.items():
        if entry.spec.can(Settles):
            _collect(house, gateway)


def _collect(house: PluginHouse, gateway: str) -> None:
    with house.db.read() as session:
        first = session.scalar(select(func.min(Attempt.created_at)).where(Attempt.gateway == gateway))
        last = session.scalar(
            select(func.max(WebhookEvent.occurred_at)).where(WebhookEvent.gateway == gateway)
        )
    if first is None:
        return  # nothing was ever sent there
    plugin = house.plugins.build_gateway(gateway)
    assert isinstance(plugin, Settles)
    try:
        since = (last or first) - OVERLAP
        events = ask_all(lambda: plugin.settlements(since), PaymentEvent, db=house.db, plugin=plugin)
    except PluginError as error:
        log.warning("settlements not read", extra={"gateway": gateway, "code": error.code})
        return
    for event in events:
        take(house, gateway, event, {}, b"", how="settlement")
