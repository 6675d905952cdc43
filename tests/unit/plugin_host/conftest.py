from __future__ import annotations

from tests.fixtures.plugins import load, outside, write_plugin

__all__ = ["load", "outside", "write_plugin"]
