"""What other slices give to and get from provisioning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to build for one service. ``request`` holds what the plugin needs beside the identity."""

    service_id: UUID
    plugin: str  # spec id of a provisioner or registrar; empty: nothing to build
    pool_id: UUID | None
    domain: str
    options: Mapping[str, Any] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    id: UUID
    number: int
    service_id: UUID
    server_id: UUID | None
    server_name: str
    action: str
    idempotency_key: str
    state: str
    attempts: int
    turn: int
    request: Mapping[str, Any]
    operation: str | None
    in_doubt: bool
    next_try_at: datetime | None
    error_code: str
    staff_note: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerView:
    id: UUID
    name: str
    pool_id: UUID | None
    plugin: str
    capacity: int | None
    reserved: int
    weight: int
    state: str
