"""A worker: engine, janitor and schedules of one process, started and stopped together."""

from __future__ import annotations

from typing import Generic

from core.kernel.db import Database
from core.plugin_host.registry import Registry
from core.settings import Settings
from core.work import outbox_task
from core.work.application import Application, EngineFactory, HouseT
from core.work.engine import ClientEngine, DurableEngine
from core.work.janitor import Janitor
from core.work.limits import server_limits
from core.work.schedules import Schedule, Scheduler


def worker_engine(name: str) -> EngineFactory:
    """For a process that works under this name."""

    def make(db: Database, plugins: Registry, _settings: Settings) -> DurableEngine:
        return DurableEngine(db, executor_id=name, limits=server_limits(plugins))

    return make


def client_engine(db: Database, plugins: Registry, _settings: Settings) -> ClientEngine:
    """For a process that only asks for work."""
    return ClientEngine(db, limits=server_limits(plugins))


class Worker(Generic[HouseT]):
    """Works until it is stopped. Start it after a fork, never before: it has threads."""

    def __init__(self, application: Application[HouseT], house: HouseT) -> None:
        """Raises TypeError when the house was built with an engine that runs nothing."""
        if not isinstance(house.engine, DurableEngine):
            raise TypeError("a worker needs an engine that runs work")
        self._engine = house.engine
        self._engine.register([outbox_task.task(house), *application.tasks(house)])
        self._janitor = Janitor(house.db, house.clock, self._engine)
        timed = [
            Schedule(name=name, every_seconds=seconds, run=run)
            for name, seconds, run in application.schedules(house)
        ]
        self._scheduler = Scheduler([outbox_task.schedule(house), *self._janitor.schedules(), *timed])

    def start(self) -> None:
        """Say that we live before taking up what we had begun, so that nobody else takes it up too."""
        self._janitor.beat()
        self._engine.launch()
        self._scheduler.start()

    def stop(self) -> None:
        """Let what is under way come to its end, for some seconds."""
        self._scheduler.stop()
        self._engine.shutdown()
        self._janitor.leave()
