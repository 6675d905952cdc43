"""Mail servers that are down, slow, unwilling or rude; and mails that grow old meanwhile."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from sqlalchemy import text

from core import app
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, NotFound
from core.mail import delivery, transport
from core.mail.storing import LEASE
from core.settings import SettingsError
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race
from tests.integration.mail.conftest import Mails, Opened, with_settings
from tests.integration.mail.post import PostOffice

ORDER_RECEIVED = "order_received"


@pytest.fixture
def placed(posting: Inn, mails: Mails) -> Inn:
    """One mail is written and not sent: the order waits for a transfer."""
    posting.place_order("manual", drain=False)
    posting.engine.drain(only=lambda run: run.task != "mail")
    assert mails.types == [ORDER_RECEIVED]
    return posting


def test_a_server_that_is_down_and_comes_up(placed: Inn, post: PostOffice, mails: Mails) -> None:
    post.close()
    placed.drain()
    waiting = mails.one(ORDER_RECEIVED)
    assert (waiting.state, waiting.attempts) == ("queued", 1)
    assert waiting.error.startswith("ConnectionRefusedError")
    assert waiting.next_try_at == placed.clock.now() + delivery.RETRY[0]
    post.open()
    placed.later(seconds=29)
    assert post.letters == []
    placed.later(seconds=1)
    assert len(post.letters) == 1
    sent = mails.one(ORDER_RECEIVED)
    assert (sent.state, sent.error, sent.sent_at) == ("sent", "", placed.clock.now())


def test_the_ladder_grows_and_the_mail_is_given_up_when_it_is_no_use_any_more(
    placed: Inn, post: PostOffice, mails: Mails
) -> None:
    """Three days without a mail server: tried a dozen times, then a failed mail that says why."""
    post.close()
    placed.drain()
    waits = []
    while (mail := mails.one(ORDER_RECEIVED)).state == "queued":
        waits.append(mail.next_try_at - placed.clock.now())
        placed.later(seconds=waits[-1].total_seconds())
    assert waits[: len(delivery.RETRY)] == list(delivery.RETRY)
    assert set(waits[len(delivery.RETRY) :]) == {delivery.RETRY[-1]}
    assert dt.timedelta(days=2, hours=12) < sum(waits, dt.timedelta()) < dt.timedelta(days=3)
    assert mail.error.startswith(f"{delivery.LATE} ConnectionRefusedError")
    post.open()
    placed.settle_down()
    assert post.letters == []


def test_a_mail_that_nobody_fetched_in_time_is_not_sent_late(
    placed: Inn, post: PostOffice, mails: Mails
) -> None:
    placed.clock.advance(days=3)
    placed.drain()
    mail = mails.one(ORDER_RECEIVED)
    assert (mail.state, mail.error) == ("failed", delivery.LATE)
    assert post.letters == []


def test_a_fact_that_is_delivered_too_late_is_told_to_staff_only(
    posting: Inn, post: PostOffice, mails: Mails
) -> None:
    posting.place_order("manual", drain=False)
    posting.clock.advance(days=4)
    posting.drain()
    mail = mails.one(ORDER_RECEIVED)
    assert mail.state == "failed"
    assert "out of date before it could be written" in mail.error
    assert post.letters == []


@pytest.mark.parametrize("at", ["rcpt", "data", "mail"])
def test_a_final_no_is_final(at: str, placed: Inn, post: PostOffice, mails: Mails) -> None:
    post.at, post.answers = at, post.answers.__class__(["550 5.1.1 Nobody is called that here"])
    placed.drain()
    placed.settle_down()
    mail = mails.one(ORDER_RECEIVED)
    assert (mail.state, mail.attempts) == ("failed", 1)
    assert mail.error == "550 5.1.1 Nobody is called that here"
    assert post.letters == []


@pytest.mark.parametrize("at", ["rcpt", "data", "mail"])
def test_a_no_for_now_is_tried_again(at: str, placed: Inn, post: PostOffice, mails: Mails) -> None:
    post.at = at
    post.answers.extend(["450 4.2.1 Come again later", "451 4.3.0 Not yet"])
    placed.drain()
    assert "Come again later" in mails.one(ORDER_RECEIVED).error
    placed.later(seconds=30)
    placed.later(seconds=300)
    assert (mails.one(ORDER_RECEIVED).state, mails.one(ORDER_RECEIVED).attempts) == ("sent", 3)
    assert len(post.letters) == 1


def test_a_server_that_stalls_holds_nobody_for_long(
    placed: Inn, post: PostOffice, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.2)
    post.stall_seconds = 1
    placed.drain()
    assert "timed out" in mails.one(ORDER_RECEIVED).error
    post.stall_seconds = 0
    placed.later(seconds=30)
    assert mails.one(ORDER_RECEIVED).state == "sent"


def test_money_never_waits_for_mail(
    posting: Inn, post: PostOffice, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Templates that fail and a server that is gone: the order is paid and built all the same."""
    post.close()

    def broken(*_: object) -> None:
        raise RuntimeError("a template that fails")

    for module in ("storing", "packages"):
        monkeypatch.setattr(f"core.mail.{module}.render", broken)
    order = posting.place_order("sandbox_card")
    assert posting.view(order).state == "completed"
    assert posting.view(order).invoice_status == "paid"
    assert mails.all() == []
    monkeypatch.undo()
    posting.later(seconds=5)
    assert mails.types == [ORDER_RECEIVED, "payment", "package_info"]


def test_who_was_thought_dead_may_still_say_that_it_was_sent(
    placed: Inn, post: PostOffice, mails: Mails
) -> None:
    """A frozen sender wakes up: the mail left twice with one Message-ID, and both agree that it did."""
    message_id = mails.one(ORDER_RECEIVED).id
    again: list[int] = []

    def second_sender() -> None:
        if not again:
            again.append(1)
            placed.clock.advance(seconds=LEASE.total_seconds())
            race(1, lambda _: delivery.send(placed.house, message_id))

    post.on_message = second_sender
    delivery.send(placed.house, message_id)
    assert mails.one(ORDER_RECEIVED).state == "sent"
    assert mails.one(ORDER_RECEIVED).attempts == 2
    assert [letter.mail["Message-ID"] for letter in post.letters] == [
        mails.one(ORDER_RECEIVED).message_id
    ] * 2


def test_many_senders_at_once_send_one(placed: Inn, post: PostOffice, mails: Mails) -> None:
    message_id = mails.one(ORDER_RECEIVED).id
    race(8, lambda _: delivery.send(placed.house, message_id))
    assert len(post.letters) == 1
    assert mails.one(ORDER_RECEIVED).attempts == 1


def test_many_schedules_at_once_ask_for_one_run(placed: Inn, post: PostOffice, mails: Mails) -> None:
    placed.clock.advance(seconds=LEASE.total_seconds())
    race(8, lambda _: delivery.send_due(placed.house))
    assert mails.one(ORDER_RECEIVED).turn == 1
    placed.drain()
    assert len(post.letters) == 1


def test_a_run_that_was_lost_is_asked_for_again(placed: Inn, post: PostOffice, mails: Mails) -> None:
    """The engine forgets every run (a database restored without it): the schedule finds the mail."""
    house = with_settings(placed)
    house.later(seconds=LEASE.total_seconds())
    assert len(post.letters) == 1


def test_sent_again_by_staff_as_it_was_written(placed: Inn, post: PostOffice, mails: Mails) -> None:
    placed.drain()
    mail = mails.one(ORDER_RECEIVED)
    placed.clock.advance(days=30)
    delivery.resend(placed.house, mail.id, "staff:test")
    with pytest.raises(Conflict, match="on its way"):
        delivery.resend(placed.house, mail.id, "staff:test")
    placed.drain()
    first, second = post.letters
    assert first.mail.as_bytes() == second.mail.as_bytes()
    delivery.resend(placed.house, mail.id, "staff:test")
    placed.drain()
    assert len(post.letters) == 3
    assert mails.one(ORDER_RECEIVED).attempts == 3
    with pytest.raises(NotFound):
        delivery.resend(placed.house, new_id(), "staff:test")


def test_a_refused_mail_can_be_sent_again(placed: Inn, post: PostOffice, mails: Mails) -> None:
    post.answers.append("554 5.7.1 We do not like you")
    placed.drain()
    delivery.resend(placed.house, mails.one(ORDER_RECEIVED).id, "staff:test")
    placed.drain()
    assert mails.one(ORDER_RECEIVED).state == "sent"


def test_what_was_kept_leaves_once_there_is_a_server(inn: Inn, mails: Mails, post: PostOffice) -> None:
    inn.place_order("manual")
    assert mails.one(ORDER_RECEIVED).state == "kept"
    later = with_settings(inn, smtp_url=SecretStr(post.url))
    delivery.resend(later.house, mails.one(ORDER_RECEIVED).id, "staff:test")
    later.drain()
    assert mails.one(ORDER_RECEIVED).state == "sent"
    assert len(post.letters) == 1


def test_an_address_that_is_none_fails_once(placed: Inn, post: PostOffice, mails: Mails) -> None:
    mails.set(recipient="ada@pinewood.example\r\nBcc: victim@elsewhere.example")
    placed.drain()
    placed.settle_down(hours=1)
    mail = mails.one(ORDER_RECEIVED)
    assert (mail.state, mail.attempts) == ("failed", 1)
    assert mail.error.startswith("It can not be written as a mail")
    assert post.letters == []


def test_a_goodbye_that_fails_sends_no_second_mail(
    placed: Inn, post: PostOffice, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server took it and then hung up without a word."""
    monkeypatch.setattr("smtplib.SMTP.quit", lambda _self: (_ for _ in ()).throw(TimeoutError("gone")))
    placed.drain()
    assert mails.one(ORDER_RECEIVED).state == "sent"
    placed.later(seconds=LEASE.total_seconds())
    assert len(post.letters) == 1


def test_a_password_crosses_an_encrypted_line(
    inn: Inn, mails: Mails, open_post: Opened, tmp_path: Path
) -> None:
    post = open_post(tls=certificate(tmp_path), login=("ada", "a pass/word"))
    house = with_settings(inn, smtp_url=SecretStr(f"smtp://ada:a%20pass%2Fword@127.0.0.1:{post.port}"))
    house.place_order("manual")
    assert mails.one(ORDER_RECEIVED).state == "sent"
    assert post.letters[0].encrypted


def test_a_wrong_password_is_a_setting_to_be_put_right(inn: Inn, mails: Mails, open_post: Opened) -> None:
    post = open_post(login=("ada", "right"))
    house = with_settings(inn, smtp_url=SecretStr(f"smtp://ada:wr0ng@127.0.0.1:{post.port}"))
    house.place_order("manual")
    mail = mails.one(ORDER_RECEIVED)
    assert mail.state == "queued"
    assert mail.error.startswith("SMTPAuthenticationError")
    assert "wr0ng" not in mail.error
    right = with_settings(house, smtp_url=SecretStr(f"smtp://ada:right@127.0.0.1:{post.port}"))
    right.later(seconds=30)
    assert mails.one(ORDER_RECEIVED).state == "sent"


def test_a_password_never_crosses_a_network_in_the_clear(
    inn: Inn, mails: Mails, open_post: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = open_post(login=("ada", "right"))
    monkeypatch.setattr(transport, "LOOPBACK", ())  # as if the server stood somewhere else
    house = with_settings(inn, smtp_url=SecretStr(f"smtp://ada:right@127.0.0.1:{post.port}"))
    house.place_order("manual")
    assert "no encryption, so the password was not sent" in mails.one(ORDER_RECEIVED).error
    assert post.letters == []


def test_a_setting_that_is_no_server_ends_the_start(inn: Inn) -> None:
    settings = inn.house.settings.model_copy(update={"smtp_url": SecretStr("smtp://ada:hunter2/@:x")})
    with pytest.raises(SettingsError, match="smtp_url: write it as") as caught:
        app.build(settings, lambda *_: inn.engine, clock=inn.clock, db=inn.db)
    assert "hunter2" not in str(caught.value)


def test_no_secret_stands_in_a_mail(posting: Inn, post: PostOffice, mails: Mails) -> None:
    """Passwords of buyer and panel, card tokens, keys: nowhere in what was written or sent."""
    posting.place_order("sandbox_card")
    accounts = posting.world.books("accounts")
    secrets = [str(account["password"]) for account in accounts if account.get("password")]
    secrets += ["a short sentence is best", "sandbox-secret", "tok_"]
    written = "".join(letter.text + letter.html for letter in post.letters)
    assert written
    assert [secret for secret in secrets if secret in written] == []


def test_rows_from_before_there_was_an_end_are_sent(placed: Inn, post: PostOffice, mails: Mails) -> None:
    with placed.db.transaction() as session:
        session.execute(text("UPDATE mail_message SET expires_at = NULL"))
    placed.clock.advance(days=100)
    placed.drain()
    assert len(post.letters) == 1


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "post.pem"
    path.write_bytes(pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context
