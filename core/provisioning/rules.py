"""Placement, names and patience. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.plugin_api.provisioner import UsernameRules
from core.provisioning.values import ServerView

TRY_AGAIN = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 7200))
MAX_TRIES = 8
BUILDS_FOR = timedelta(days=3)  # nothing takes longer to build without somebody looking
NAME_CANDIDATES = 5
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
NAME_LENGTH = 8
SUFFIX_LENGTH = 3


class JobState(StrEnum):
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    NEEDS_STAFF = "needs_staff"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


def next_try(tries: int, now: datetime) -> datetime | None:
    """When to try again after ``tries`` tries; None when a person has to look."""
    return None if tries >= MAX_TRIES else now + TRY_AGAIN[min(tries, len(TRY_AGAIN)) - 1]


def next_question(since: datetime, now: datetime) -> datetime | None:
    """When to ask again after what the panel is building, when it gave no answer: polls are no tries."""
    return None if now - since > BUILDS_FOR else now + TRY_AGAIN[3]


def sentence(text: str) -> str:
    """A note as a sentence: plugins and libraries end theirs in all manners."""
    text = text.strip()
    return text if not text or text[-1] in ".!?:;\u2026" else f"{text}."


def marker_of(service_id: UUID) -> str:
    """How an account says on the panel that it is ours."""
    return f"ik:{service_id}"


def choose_server(servers: Sequence[ServerView], strategy: str) -> Iterator[ServerView]:
    """Servers to try, best first. "fill" packs the fullest, "spread" takes the emptiest by weight."""
    able = [s for s in servers if s.state == "ok" and (s.capacity is None or s.reserved < s.capacity)]
    if strategy == "fill":
        return iter(sorted(able, key=lambda s: (-s.reserved, s.name)))
    return iter(sorted(able, key=lambda s: (s.reserved / max(s.weight, 1), s.name)))


def usernames(domain: str, service_id: UUID, rules: UsernameRules) -> Iterator[str]:
    """Candidates for one service: the same ones each time, so that a repeat finds its own account."""
    for turn in range(NAME_CANDIDATES):
        name = _username(domain, service_id, rules, turn)
        if name not in rules.reserved:
            yield name


def _username(domain: str, service_id: UUID, rules: UsernameRules, turn: int) -> str:
    label = domain.removeprefix("xn--").partition(".")[0]
    letters = "".join(c for c in label.lower() if c.isascii() and c.isalnum() and c in rules.alphabet)
    base = letters.lstrip(BASE36[:10]) or "ik"
    digest = int.from_bytes(hashlib.sha256(f"{service_id}:{turn}".encode()).digest()[:8], "big")
    suffix = "".join(BASE36[digest // 36**place % 36] for place in range(SUFFIX_LENGTH))
    length = min(NAME_LENGTH, rules.max_length) - SUFFIX_LENGTH
    return base[:length] + suffix
