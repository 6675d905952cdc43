"""What core hands to a plugin, and how a plugin describes its settings."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import requests
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core.kernel.clock import Clock as Clock

__all__ = [
    "Clock", "Field", "HealthReport", "Mode", "PluginConfig", "PluginContext", "Response", "SecretStr",
    "Session",
]  # fmt: skip

Session = requests.Session
Response = requests.Response


class PluginConfig(BaseModel):
    """Base of every plugin's settings. ``SecretStr`` fields are write-only and encrypted at rest;
    ``Field(title=..., description=...)`` gives the label and help of the admin form."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoOptions(PluginConfig):
    """For a provisioner whose products need no settings of their own."""


class Mode(StrEnum):
    TEST = "test"
    LIVE = "live"


ConfigT_co = TypeVar("ConfigT_co", bound=PluginConfig, covariant=True)


@dataclass(frozen=True, slots=True)
class PluginContext(Generic[ConfigT_co]):
    """All a plugin needs: its settings, a guarded HTTP session, a clock and a logger.

    ``http`` is owned by core: TLS on, time-outs set, only the hosts of the spec allowed, secrets
    masked in logs. A request that never left raises ``NotSent``; one that left and got no usable
    answer raises ``NoAnswer``. Status codes are the plugin's to read.
    """

    config: ConfigT_co
    mode: Mode
    http: requests.Session
    clock: Clock
    log: logging.Logger


@dataclass(frozen=True, slots=True)
class HealthReport:
    """``detail`` is one sentence for staff: what was asked, what came back."""

    ok: bool
    detail: str = ""
