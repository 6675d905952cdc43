"""A sender is killed while it talks to the mail server. Nothing is lost, and little is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.mail.storing import LEASE
from tests.fixtures.innkeeper import Inn
from tests.integration.mail.conftest import Mails
from tests.integration.mail.post import PostOffice

pytestmark = pytest.mark.crash
ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 60


@pytest.mark.parametrize(("at", "copies"), [("on_reader", 1), ("on_message", 2)])
def test_a_sender_that_is_killed(
    at: str, copies: int, posting: Inn, post: PostOffice, mails: Mails, tmp_path: Path
) -> None:
    posting.place_order("manual", drain=False)
    posting.engine.drain(only=lambda run: run.task != "mail")
    mail = mails.one("order_received")
    victims: list[int] = []

    def kill() -> None:
        if victims:
            os.kill(victims.pop(), signal.SIGKILL)

    setattr(post, at, kill)
    process = start(posting, post, str(mail.id), tmp_path, victims)
    assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    assert len(post.letters) == copies - 1
    left = mails.one("order_received")
    assert (left.state, left.attempts) == ("queued", 1)

    posting.tick()
    assert len(post.letters) == copies - 1, "its lease holds: it could still be at work"
    posting.later(seconds=LEASE.total_seconds())
    posting.settle_down(hours=1)
    assert [letter.mail["Message-ID"] for letter in post.letters] == [mail.message_id] * copies
    assert mails.one("order_received").state == "sent"
    assert len({letter.mail.as_bytes() for letter in post.letters}) == 1


def start(
    inn: Inn, post: PostOffice, message_id: str, folder: Path, victims: list[int]
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tests.integration.mail.sender",
            inn.db.url.render_as_string(hide_password=False), str(folder), str(inn.world.port), post.url,
            message_id, inn.clock.now().isoformat(),
        ],
        cwd=ROOT,
    )  # fmt: skip
    victims.append(process.pid)
    return process
