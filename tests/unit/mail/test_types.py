"""The list of mail types fits events, choices and templates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.clients.values import MAIL_TYPES
from core.mail.facts import _GATHER
from core.mail.rendering import TEMPLATES
from core.mail.types import TYPES, MailType, good_for
from core.plugin_api.events import EVENTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "mails.md"
CHOICES = {key for key, _ in MAIL_TYPES}


@pytest.mark.parametrize("mail_type", TYPES, ids=lambda one: one.name)
def test_a_type_is_complete(mail_type: MailType) -> None:
    assert mail_type.event in EVENTS
    assert set(mail_type.boxes) <= CHOICES
    assert bool(mail_type.boxes) is not mail_type.for_staff
    assert mail_type.name in _GATHER
    assert timedelta(hours=1) <= mail_type.good_for <= timedelta(days=7)
    for ending in ("html", "txt", "words"):
        assert (TEMPLATES / "mail" / f"{mail_type.name}.{ending}").is_file()


def test_no_event_writes_two_mails_to_one_reader() -> None:
    events = [one.event for one in TYPES]
    assert len(set(events)) == len(events)


def test_a_type_of_the_past_may_still_be_sent_again() -> None:
    assert good_for("a_type_of_1999") == timedelta(days=3)
    assert good_for("echeck_pending") == timedelta(days=2)


@pytest.mark.parametrize("mail_type", TYPES, ids=lambda one: one.name)
def test_a_type_is_documented(mail_type: MailType) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{mail_type.name}` |")]
    assert f"`{mail_type.event}`" in row
    assert f"{mail_type.good_for.days} days" in row
