"""The list of mail types fits events, choices and templates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.clients.values import MAIL_TYPES
from core.mail.facts import _GATHER
from core.mail.rendering import TEMPLATES
from core.mail.types import PACKAGES, TYPES, MailType, find, good_for
from core.plugin_api.events import EVENTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "mails.md"
OF_PEOPLE = ("new_device", "password_changed", "factor_changed", "password_reset", "invite")
WITHOUT_AN_EVENT_YET = {
    "domain_renewal_notice", "domain_transfer_success", "domain_transfer_failure", "order_review",
}  # fmt: skip
CHOICES = {key for key, _ in MAIL_TYPES}


@pytest.mark.parametrize("mail_type", TYPES, ids=lambda one: one.name)
def test_a_type_is_complete(mail_type: MailType) -> None:
    assert mail_type.event in EVENTS
    assert set(mail_type.boxes) <= CHOICES
    assert (mail_type.name in _GATHER) is (mail_type.name not in (*OF_PEOPLE, PACKAGES))
    assert timedelta(minutes=15) <= mail_type.good_for <= timedelta(days=7)
    for ending in ("html", "txt", "words"):
        assert (TEMPLATES / "mail" / f"{mail_type.name}.{ending}").is_file()


def test_each_box_lets_something_through_but_those_whose_facts_do_not_exist_yet() -> None:
    used = {box for one in TYPES for box in one.boxes}
    assert CHOICES - used == WITHOUT_AN_EVENT_YET


def test_what_has_no_box_is_asked_for_or_guards_an_account() -> None:
    free = [one.name for one in TYPES if not one.boxes and not one.for_staff]
    assert free == ["password_changed", "factor_changed", "password_reset", "invite"]


@pytest.mark.parametrize(
    ("name", "kind", "code", "box"),
    [
        ("payment", "card", "", "card_payment"),
        ("payment", "echeck", "", "echeck_payment"),
        ("payment", "redirect", "", "third_party_payment"),
        ("payment", "manual", "", "bank_draft_payment"),
        ("payment", "a_kind_of_2040", "", "bank_draft_payment"),
        ("echeck_pending", "echeck", "", "echeck_payment"),
        ("payment_declined", "card", "card_declined", "declined_payment"),
        ("payment_declined", "card", "processing_error", "payment_error"),
        ("payment_returned", "echeck", "returned", "payment_error"),
        ("payment", "card", "processing_error", "card_payment"),
    ],
)
def test_which_box_lets_a_payment_through(name: str, kind: str, code: str, box: str) -> None:
    assert find(name).box(kind, code) == box


def test_no_event_writes_two_mails_to_one_reader() -> None:
    events = [one.event for one in TYPES if one.event]
    assert len(set(events)) == len(events)


def test_a_type_of_the_past_may_still_be_sent_again() -> None:
    assert good_for("a_type_of_1999") == timedelta(days=3)
    assert good_for("echeck_pending") == timedelta(days=2)


@pytest.mark.parametrize("mail_type", TYPES, ids=lambda one: one.name)
def test_a_type_is_documented(mail_type: MailType) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{mail_type.name}` |")]
    assert f"`{mail_type.event}`" in row
    days = mail_type.good_for.days
    assert (f"{days} days" if days else "as long as its link works") in row
