"""Schedules run, again and again, each for itself."""

from __future__ import annotations

import threading
import time

import pytest

from core.work.schedules import Schedule, Scheduler, run_once


def test_a_failing_schedule_neither_stops_itself_nor_others() -> None:
    enough, other = threading.Event(), threading.Event()
    turns: list[int] = []

    def fail() -> None:
        turns.append(1)
        if len(turns) == 3:
            enough.set()
        raise ValueError("again")

    scheduler = Scheduler(
        [
            Schedule(name="failing", every_seconds=0.01, run=fail),
            Schedule(name="other", every_seconds=60, run=other.set),
        ]
    )
    scheduler.start()
    assert enough.wait(10)
    assert other.wait(10)
    scheduler.stop()


def test_a_slow_schedule_is_late_alone() -> None:
    release, quick = threading.Event(), threading.Semaphore(0)
    scheduler = Scheduler(
        [
            Schedule(name="slow", every_seconds=0.01, run=release.wait),
            Schedule(name="quick", every_seconds=0.01, run=quick.release),
        ]
    )
    scheduler.start()
    assert all(quick.acquire(timeout=10) for _turn in range(3))
    release.set()
    scheduler.stop()


def test_stop_waits_for_a_turn_but_not_for_ever() -> None:
    release, begun, ended = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        release.wait()
        ended.set()

    scheduler = Scheduler([Schedule(name="slow", every_seconds=60, run=slow)])
    scheduler.start()
    assert begun.wait(10)
    started = time.monotonic()
    scheduler.stop(wait_seconds=0.1)
    assert time.monotonic() - started < 5
    assert not ended.is_set()
    release.set()
    scheduler.stop()
    assert ended.is_set()


def test_run_once_says_whether_it_went_well() -> None:
    assert run_once(Schedule(name="good", every_seconds=1, run=lambda: None))
    assert not run_once(Schedule(name="bad", every_seconds=1, run=lambda: 1 // 0))


def test_names_are_unique() -> None:
    one = Schedule(name="twice", every_seconds=1, run=lambda: None)
    with pytest.raises(ValueError, match="twice"):
        Scheduler([one, one])
