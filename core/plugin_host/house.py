"""What slices that call plugins need of the application."""

from __future__ import annotations

from typing import Protocol

from core.kernel.work import House
from core.plugin_host.registry import Registry


class PluginHouse(House, Protocol):
    @property
    def plugins(self) -> Registry: ...
