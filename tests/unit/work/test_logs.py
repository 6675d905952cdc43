"""One form for every logger, and no local variables in tracebacks."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.work import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in (*logs.OURS, "innkeeper.access"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def fail(secret: str) -> None:
    hidden = secret
    raise ValueError("no" if hidden else "yes")


def test_supervisors_get_one_json_object_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(for_people=False)
    structlog.get_logger("core.work").info("worker is gone", worker="w1")
    logging.getLogger("plugins.acme").warning("slow", extra={"panel": "p1"})
    logging.getLogger("chatty.library").info("buy our cloud")
    structlog.get_logger("innkeeper.access").info("request", path="/")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("worker is gone", "info"), ("slow", "warning"), ("request", "info"),
    ]  # fmt: skip
    assert (lines[0]["worker"], lines[1]["panel"]) == ("w1", "p1")


@pytest.mark.parametrize("for_people", [True, False])
def test_tracebacks_show_no_values(capsys: pytest.CaptureFixture[str], for_people: bool) -> None:
    logs.configure(for_people=for_people)
    secret = "-".join(["s3cret", "value"])  # a traceback quotes our source, where it must not stand
    try:
        fail(secret)
    except ValueError:
        structlog.get_logger("core.work").exception("task failed", task="charge")
        logging.getLogger("plugins.acme").exception("also failed")
    words = capsys.readouterr().err
    assert words.count("ValueError") >= 2
    assert "s3cret-value" not in words
    assert "charge" in words


def test_people_are_not_told_of_every_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(for_people=True)
    structlog.get_logger("innkeeper.access").info("request", path="/")
    structlog.get_logger("core.work").info("worker is gone")
    assert "request" not in (words := capsys.readouterr().err)
    assert "worker is gone" in words
