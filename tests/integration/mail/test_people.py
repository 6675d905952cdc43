"""Mails about accounts: a link that is a key reaches its reader and stands nowhere else."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from core.clients.models import Client, ClientStatus
from core.identity import resetting
from core.identity.models import User
from core.kernel.problems import Conflict
from core.kernel.work import publish
from core.mail import delivery
from core.mail.letters import HIDDEN_LINK
from core.mail.models import MailMessage
from tests.fixtures.innkeeper import Inn
from tests.integration.mail.conftest import Mails
from tests.integration.mail.post import PostOffice

LINK = re.compile(r"https?://\S+/portal/reset/\S+")


def ask(inn: Inn) -> str:
    """A client forgets the password; returns the user name."""
    inn.place_order("sandbox_card")
    with inn.db.read() as session:
        username = session.scalars(select(User.username).where(User.username.startswith("adaeze"))).one()
    resetting.ask(inn.house, area="portal", username=username, ip="203.0.113.7")
    return username


def test_the_link_is_in_the_mail_and_nowhere_else(posting: Inn, post: PostOffice, mails: Mails) -> None:
    mails.choose()
    ask(posting)
    posting.drain()
    letter = post.letters[-1]
    assert letter.mail["Subject"] == "Choose a new password"
    link = LINK.search(letter.text)
    assert link is not None
    assert link.group() in letter.html
    kept = mails.one("password_reset")
    assert kept.state == "sent"
    assert kept.link_encrypted == ""
    for text in (kept.body_text, kept.body_html):
        assert HIDDEN_LINK in text
        assert "/portal/reset/" not in text
    with pytest.raises(Conflict):
        delivery.resend(posting.house, kept.id, "staff:test")


def test_while_it_waits_the_link_is_sealed(posting: Inn, post: PostOffice, mails: Mails) -> None:
    post.close()
    ask(posting)
    posting.drain()
    waiting = mails.one("password_reset")
    assert waiting.state == "queued"
    assert waiting.link_encrypted
    assert "/portal/reset/" not in waiting.link_encrypted
    posting.later(minutes=20)
    given_up = mails.one("password_reset")
    assert given_up.state == "failed"
    assert given_up.link_encrypted == ""


@pytest.mark.parametrize(("ticked", "written"), [(("new_device",), True), (("invoice",), False)])
def test_a_new_browser_is_told_of_to_who_wants_it(
    ticked: tuple[str, ...], written: bool, posting: Inn, mails: Mails
) -> None:
    posting.place_order("sandbox_card")
    mails.choose(*ticked)
    with posting.db.transaction() as session:
        user = session.scalars(select(User).where(User.username.startswith("adaeze"))).one()
        fact = {"user_id": user.id, "session_id": user.id, "area": "portal"}
        publish(posting.house, session, "user.new_device", fact)
    posting.drain()
    assert bool(mails.all("new_device")) is written


def test_a_mail_to_whom_a_closed_client_signs_in_as_is_the_clients(posting: Inn, mails: Mails) -> None:
    """No contact of theirs is written to any more; the account still is, and is erased with the client."""
    posting.place_order("sandbox_card")
    mails.choose()
    with posting.db.transaction() as session:
        closed = select(ClientStatus.id).where(ClientStatus.label == "Closed").scalar_subquery()
        session.execute(update(Client).values(status_id=closed))
        user = session.scalars(select(User).where(User.username.startswith("adaeze"))).one()
        publish(posting.house, session, "user.password_changed", {"user_id": user.id, "area": "", "ip": ""})
    posting.drain()
    told = mails.one("password_changed")
    assert (told.client_id is None, told.contact_id, told.state) == (False, None, "sent")


def test_who_may_not_sign_in_gets_no_link(posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_card")
    with posting.db.transaction() as session:
        user = session.scalars(select(User).where(User.username.startswith("adaeze"))).one()
        publish(posting.house, session, "user.password_changed", {"user_id": user.id, "area": "", "ip": ""})
        session.execute(update(User).values(status="disabled"))
    posting.drain()
    with posting.db.read() as session:
        assert session.scalars(select(MailMessage).where(MailMessage.type == "password_changed")).all() == []
