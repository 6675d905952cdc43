"""Gateways and registers are asked whether they work: both have their settings in the configuration."""

from __future__ import annotations

from pathlib import Path

from core.kernel.clock import SystemClock
from core.plugin_host import health
from core.plugin_host.generator import write_plugin
from core.plugin_host.manifest import Kind
from core.plugin_host.registry import load_plugins
from core.plugin_host.values import PluginSettings
from core.testing.lab import DB

PLUGINS = {Kind.GATEWAY: "acme_card", Kind.REGISTER: "acme_tax"}


def test_one_plugin_is_asked_or_all(tmp_path: Path) -> None:
    for kind, name in PLUGINS.items():
        write_plugin(kind, name, tmp_path)
    settings = {"url": "https://api.acme.example", "api_key": "a-key"}
    registry = load_plugins(
        PluginSettings(
            enabled=tuple(f"{kind}.{name}" for kind, name in PLUGINS.items()),
            configs={f"{kind}s.{name}": settings for kind, name in PLUGINS.items()},
            plugin_path=(tmp_path,),
        ),
        SystemClock(),
        strict=True,
    )
    everyone = health.check_configured(registry, db=DB)
    assert [one.plugin_id for one in everyone] == ["gateway.acme_card", "register.acme_tax"]
    assert [one.report.ok for one in everyone] == [False, False]
    one = health.check_configured(registry, db=DB, plugin_id="register.acme_tax")
    assert [(each.plugin_id, each.spec_id) for each in one] == [("register.acme_tax", "acme_tax")]
