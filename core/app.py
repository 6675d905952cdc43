"""The application: built once per process from the settings, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import Flask

from core.identity import resetting
from core.identity import service as identity
from core.kernel import audit_seal, i18n
from core.kernel.clock import Clock, SystemClock
from core.kernel.crypto import KeyRing
from core.kernel.db import Database
from core.kernel.outbox import Fact, Outbox, Subscriber
from core.kernel.work import Engine, Task
from core.mail import delivery as mail
from core.mail.transport import Paper
from core.orders import delivery as orders
from core.orders import lapsing, sweeping
from core.payments import attempts, detaching, expiring
from core.payments import schedules as payment_schedules
from core.payments import service as payments
from core.plugin_api.context import Mode
from core.plugin_api.events import Event, Subscription
from core.plugin_host.registry import Registry, load_plugins
from core.plugin_host.values import PluginSettings
from core.provisioning import jobs
from core.provisioning import service as provisioning
from core.records import figures
from core.records.importing import running as importing
from core.records.importing import service as imports
from core.settings import Settings, key_ring

EngineFactory = Callable[[Database, Registry, Settings], Engine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Innkeeper:
    """Everything a use case may need. Frozen: nothing is put in later."""

    settings: Settings
    db: Database
    clock: Clock
    keys: KeyRing
    plugins: Registry
    outbox: Outbox
    engine: Engine


def build(
    settings: Settings, engine: EngineFactory, *, clock: Clock | None = None, db: Database | None = None
) -> Innkeeper:
    """Put the application together. Raises SettingsError and, with strict plugins, PluginLoadError."""
    clock = clock or SystemClock()
    db = db or Database(settings.database)
    keys = key_ring(settings)
    audit_seal.seal_with(db, keys)
    plugins = load_plugins(plugin_settings(settings), clock, strict=settings.plugins.strict)
    i18n.learn(plugins.locale_folders())
    house = Innkeeper(
        settings=settings,
        db=db,
        clock=clock,
        keys=keys,
        plugins=plugins,
        outbox=Outbox(),
        engine=engine(db, plugins, settings),
    )
    listen(house)
    return house


def plugin_settings(settings: Settings) -> PluginSettings:
    kinds = ("gateways", "provisioners", "registrars", "registers", "themes")
    tables = {f"{kind}.{name}": table for kind in kinds for name, table in getattr(settings, kind).items()}
    return PluginSettings(
        enabled=settings.plugins.enabled,
        configs=tables,
        plugin_path=settings.plugins.path,
        config_file=settings.config_file,
        mode=Mode.TEST if settings.is_demo else Mode.LIVE,
    )


def listen(house: Innkeeper) -> None:
    """Connect who listens: slices first, then plugins."""
    for subscriber in (*resetting.subscribers(house), *orders.subscribers(house), *mail.subscribers(house)):
        house.outbox.subscribe(subscriber)
    for subscription in house.plugins.subscriptions:
        house.outbox.subscribe(_plugin_subscriber(subscription))


def _plugin_subscriber(subscription: Subscription) -> Subscriber:
    def handle(fact: Fact) -> None:
        subscription.handler(
            Event(id=fact.id, name=fact.name, occurred_at=fact.occurred_at, payload=fact.payload)
        )

    return Subscriber(name=subscription.name, event=subscription.event, handle=handle)


def tasks(house: Innkeeper) -> tuple[Task, ...]:
    """The durable work of the slices. The outbox's own task is the engine room's."""
    return (
        Task(name=attempts.TASK, run=lambda attempt_id: payments.run(house, attempt_id)),
        Task(name=detaching.TASK, run=lambda account_id: detaching.run(house, account_id)),
        Task(name=jobs.TASK, run=lambda job_id: provisioning.run(house, job_id)),
        Task(name=mail.TASK, run=lambda message_id: mail.send(house, message_id, papers=_paper(house))),
        Task(name=importing.TASK, run=lambda import_id: importing.run(house, import_id)),
    )


def _paper(house: Innkeeper) -> mail.Papers:
    """Draws the invoice that goes with a mail, from the web's printable page."""

    def draw(invoice_id: UUID, locale: str) -> Paper | None:
        from core.web.paper import for_mails  # noqa: PLC0415 - a worker loads of the web only this, when asked

        return for_mails(house)(invoice_id, locale)

    return draw


def schedules(house: Innkeeper) -> tuple[tuple[str, float, Callable[[], None]], ...]:
    """What is done by the clock: (name, every so many seconds, what). Each may run in several processes."""
    settle_every = 3.0 if house.settings.is_demo else 900.0
    return (
        ("payments.look", 1.0, lambda: payment_schedules.look_at_due(house)),
        ("payments.settle", settle_every, lambda: payment_schedules.collect_settlements(house)),
        ("billing_accounts.detach", 15.0, lambda: detaching.detach_due(house)),
        ("billing_accounts.expiring", 3600.0, lambda: _warn_of_expiry(house)),
        ("provisioning.due", 1.0, lambda: provisioning.run_due(house)),
        ("mail.due", 5.0, lambda: mail.send_due(house)),
        ("orders.sweep", 3600.0, lambda: _sweep_carts(house)),
        ("orders.lapse", 3600.0, lambda: _lapse_orders(house)),
        ("work.forget", 3600.0, _retention(house)),
        ("identity.sweep", 3600.0, lambda: _sweep_identity(house)),
        ("records.figures", 60.0, lambda: _count_figures(house)),
        ("records.sweep", 3600.0, lambda: _sweep_imports(house)),
    )


def _warn_of_expiry(house: Innkeeper) -> None:
    expiring.warn(house)


def _retention(house: Innkeeper) -> Callable[[], None]:
    from core.work.retention import Retention  # noqa: PLC0415 - a web process never runs it

    days = house.settings
    return Retention(
        house,
        events_days=days.keep_events_days,
        mail_texts_days=days.keep_mail_texts_days,
        webhook_texts_days=days.keep_webhook_texts_days,
    )


def _sweep_carts(house: Innkeeper) -> None:
    while sweeping.sweep(house):
        pass  # a chunk at a time, so that others write in between


def _lapse_orders(house: Innkeeper) -> None:
    wanted = house.settings
    lapsing.lapse(house, days=wanted.unpaid_order_days, by_hand_days=wanted.unpaid_transfer_days)


def _sweep_identity(house: Innkeeper) -> None:
    with house.db.transaction() as session:
        identity.sweep(session, house.clock.now())


def _count_figures(house: Innkeeper) -> None:
    figures.refresh_due(house)


def _sweep_imports(house: Innkeeper) -> None:
    imports.sweep(house)


def create_app(house: Innkeeper) -> Flask:
    """The web application of a house."""
    from core.web.flask_app import create_flask  # noqa: PLC0415 - a worker never loads the web

    identity.warm_up()
    return create_flask(house)
