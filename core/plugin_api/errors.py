"""Everything a plugin may raise. An answer the provider gave is a value, not an exception."""

from __future__ import annotations

from collections.abc import Mapping


class PluginError(Exception):
    """Root. ``code`` is stable, documented and searchable in the logs."""

    code = "plugin.error"


class NotSent(PluginError):
    """The request never left, or was refused before the provider acted. Safe to repeat."""

    code = "plugin.not_sent"


class NoAnswer(PluginError):
    """The request left and no usable answer came. Core records UNKNOWN and looks it up."""

    code = "plugin.no_answer"


class Misconfigured(PluginError):
    """Wrong credentials or settings. Never repeated by itself; staff are told."""

    code = "plugin.misconfigured"


class NotificationRejected(PluginError):
    """Signature, time or source is wrong. Core answers 400 and says nothing more."""

    code = "plugin.notification_rejected"


class InvalidFields(PluginError):
    """What a person typed can not be used. ``messages`` maps field name to a sentence for them,
    in their language: see core.plugin_api.words."""

    code = "plugin.invalid_fields"

    def __init__(self, messages: Mapping[str, str]) -> None:
        super().__init__(", ".join(sorted(messages)))
        self.messages = dict(messages)
