"""The address of the server, the message with its headers, the file."""

from __future__ import annotations

import email
import logging
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import uuid4

import pytest

from core.brands.values import BrandView
from core.mail.models import MailMessage
from core.mail.transport import BadServer, MailServer, Rejected, compose, keep_file, tls_context


def message(**changes: object) -> MailMessage:
    values: dict[str, object] = {
        "number": 7, "sender": "billing@wayside.example", "recipient": "ada@pinewood.example",
        "contact_id": uuid4(), "subject": "Your order", "body_text": "Hello\n", "body_html": "",
        "message_id": "<one@wayside.example>", "created_at": datetime(2026, 11, 20, 18, tzinfo=UTC),
    }  # fmt: skip
    return MailMessage(**(values | changes))


def as_received(mail: EmailMessage) -> EmailMessage:
    received = email.message_from_bytes(mail.as_bytes(), policy=default)
    assert isinstance(received, EmailMessage)
    return received


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer(host="mail.example", port=25)),
        ("smtp://mail.example:587", MailServer(host="mail.example", port=587)),
        ("smtps://mail.example", MailServer(host="mail.example", port=465, tls=True)),
        (
            "smtp://ada%40x.example:p%2Fw%3A@mail.example:587/",
            MailServer(host="mail.example", port=587, username="ada@x.example", password="p/w:"),
        ),
        ("smtp://[::1]:2525", MailServer(host="::1", port=2525)),
    ],
)
def test_the_address_of_a_server(url: str, server: MailServer) -> None:
    assert MailServer.parse(url) == server


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtp://", "smtp://user:hunter2/x@mail.example:587",
     "smtp://mail.example:99999", "smtp://user:hunter2@mail.example/path", "smtp://mail.example?tls=no"],
)  # fmt: skip
def test_what_is_no_address_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(BadServer, match="smtp_url") as caught:
        MailServer.parse(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in repr(MailServer.parse("smtp://ada:hunter2@mail.example"))


def test_certificates_are_checked_but_on_this_machine() -> None:
    far = tls_context(MailServer(host="mail.example", port=587))
    assert far.verify_mode is ssl.CERT_REQUIRED
    assert far.check_hostname
    assert tls_context(MailServer(host="127.0.0.1", port=587)).verify_mode is ssl.CERT_NONE


def test_the_headers(brand: BrandView) -> None:
    mail = as_received(compose(message(), brand))
    assert mail["From"] == "Wayside Hosting <billing@wayside.example>"
    assert mail["To"] == "ada@pinewood.example"
    assert mail["Reply-To"] == "Wayside Hosting <help@wayside.example>"
    assert mail["Subject"] == "Your order"
    assert mail["Message-ID"] == "<one@wayside.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Fri, 20 Nov 2026 18:00:00 +0000"


def test_plain_text_is_plain_text(brand: BrandView) -> None:
    mail = as_received(compose(message(), brand))
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["Hello"]


def test_html_comes_with_its_text(brand: BrandView) -> None:
    mail = as_received(compose(message(body_html="<p>Grüße</p>" + "x" * 3000), brand))
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert max(len(line) for line in mail.as_bytes().splitlines()) <= 998  # RFC 5322, 2.1.1


def test_staff_get_no_reply_to_themselves(brand: BrandView) -> None:
    assert compose(message(contact_id=None), brand)["Reply-To"] is None


def test_a_hostile_subject_and_name_stay_in_their_headers(brand: BrandView) -> None:
    evil = "Ada\r\nBcc: victim@elsewhere.example\r\n\r\n<script>"
    mail = as_received(compose(message(subject=evil), brand))
    assert mail["Subject"] == "Ada Bcc: victim@elsewhere.example <script>"
    assert mail["Bcc"] is None
    assert mail.get_content().splitlines() == ["Hello"]


@pytest.mark.parametrize(
    "recipient",
    ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a@b.example\x00", "a b@c.example",
     "<a@b.example>", "nonsense", "a@", "@b.example", "", "ü@b.example", "a;c@d.example"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(recipient: str, brand: BrandView) -> None:
    with pytest.raises(Rejected):
        compose(message(recipient=recipient), brand)


def test_a_domain_is_written_in_ascii(brand: BrandView) -> None:
    assert compose(message(recipient="ada@bücher.example"), brand)["To"] == "ada@xn--bcher-kva.example"


def test_a_file_is_the_mail_itself(brand: BrandView, tmp_path: Path) -> None:
    mail = compose(message(), brand)
    keep_file(tmp_path / "mail", 7, mail)
    keep_file(tmp_path / "mail", 7, mail)
    files = list((tmp_path / "mail").iterdir())
    assert [file.name for file in files] == ["000007.eml"]
    assert files[0].read_bytes() == mail.as_bytes()


def test_a_full_disk_stops_no_mail(
    brand: BrandView, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        keep_file(tmp_path / "mail", 7, compose(message(), brand))
    assert "M-7 was not kept" in caplog.text


def letters(text: str) -> str:
    """Without the spaces that lie between two encoded words, and without the sign of a cut."""
    return text.replace(" ", "").rstrip("…")


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>, Ltd. " * 5, 'Inn "The Golden Lion", Ltd.', "(Inn) @ the: corner; [x]\\",
     "Gasthof zum Löwen, GmbH " * 4, "旅館" * 60, "a" * 300],
)  # fmt: skip
def test_a_brands_name_stays_a_name(name: str, brand: BrandView) -> None:
    """Whatever it is called, there is one sender, and it is ours."""
    mail = as_received(compose(message(subject=name), replace(brand, name=name)))
    for header, address in (("From", "billing@wayside.example"), ("Reply-To", "help@wayside.example")):
        (sender,) = mail[header].addresses
        assert sender.addr_spec == address
        assert letters(name).startswith(letters(sender.display_name))
    assert len(mail["To"].addresses) == 1
    assert max(len(line) for line in mail.as_bytes().splitlines()) <= 998  # RFC 5322, 2.1.1
