"""The application as the engine room sees it: how a house is built, what is to be done in it.

``core.app`` lies above this room, so it is handed in from above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from core.kernel.db import Database
from core.kernel.work import Engine, House, Task
from core.plugin_host.registry import Registry
from core.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

EngineFactory = Callable[[Database, Registry, Settings], Engine]
TimedCall = tuple[str, float, Callable[[], None]]  # name, every so many seconds, what


class BuiltHouse(House, Protocol):
    """A house with its settings."""

    @property
    def settings(self) -> Settings: ...


HouseT = TypeVar("HouseT", bound=BuiltHouse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Generic[HouseT]):
    """What commands need of the rooms above."""

    build: Callable[[Settings, EngineFactory], HouseT]
    tasks: Callable[[HouseT], Iterable[Task]]
    schedules: Callable[[HouseT], Iterable[TimedCall]]
    create_app: Callable[[HouseT], WSGIApplication]
    set_up_demo: Callable[[HouseT], object]
