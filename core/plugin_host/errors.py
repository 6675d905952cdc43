"""What can go wrong while plugins are found, configured and asked for."""

from __future__ import annotations


class PluginLoadError(Exception):
    """Plugins can not be used. The text has a line for each that names the plugin, the file and the cause."""

    code = "plugin.load"


class PluginMissing(LookupError):
    """Nothing enabled offers this id: the plugin was disabled, removed or failed to load."""

    code = "plugin.missing"

    def __init__(self, kind: str, spec_id: str) -> None:
        super().__init__(f"no enabled plugin offers the {kind} {spec_id!r}")
        self.kind = kind
        self.spec_id = spec_id
