"""How a message leaves: through SMTP, or as a file beside the demo. Nothing else is known here."""

from __future__ import annotations

import hashlib
import logging
import os
import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import idna

from core.brands.values import BrandView
from core.mail.letters import HIDDEN_LINK
from core.mail.models import MailMessage
from core.mail.words import one_line

TIMEOUT_SECONDS = 20  # for each answer of the server
PORTS = {"smtp": 25, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ADVICE = "smtp_url: write it as smtp://user:password@mail.example.net:587, or smtps:// for TLS from the start"

# The standard library drops the quotes of a name when it breaks its line, so names never reach a break.
POLICY = SMTP.clone(max_line_length=200)
LONGEST_NAME = 60

log = logging.getLogger("innkeeper.mail")


class Rejected(Exception):
    """This message was refused for good; offering it again gives the same answer."""


class BadServer(ValueError):
    """The setting is no address of a mail server. The text does not repeat it: it may hold a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails go. ``tls``: encrypted from the first byte."""

    host: str
    port: int
    tls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> MailServer:
        """Read ``smtp://user:password@host:port`` or ``smtps://...``. Raises BadServer."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError:
            raise BadServer(ADVICE) from None
        if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
            raise BadServer(ADVICE)
        return cls(
            host=host, port=port or PORTS[parts.scheme], tls=parts.scheme == "smtps",
            username=unquote(parts.username or ""), password=unquote(parts.password or ""),
        )  # fmt: skip

    @property
    def is_local(self) -> bool:
        """On this machine: nobody listens in between, and nobody issues certificates for it."""
        return self.host in LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The invoice that goes with a mail, as PDF."""

    name: str  # "WH-2026-004817.pdf"
    content: bytes = field(repr=False)


def compose(
    message: MailMessage, brand: BrandView, *, link: str = "", paper: Paper | None = None
) -> EmailMessage:
    """The message as it goes out, the same to the last byte each time, but for ``paper``. Its Message-ID is
    fixed, so that a second sending can be recognised. ``link`` takes the place that was left for it.

    Raises Rejected when an address can not be written to.
    """
    mail = EmailMessage(policy=POLICY)
    try:
        mail["From"] = _address(message.sender, brand.name)
        mail["To"] = _address(message.recipient)
        if brand.support_email and message.contact_id is not None:
            mail["Reply-To"] = _address(brand.support_email, brand.name)
        mail["Subject"] = one_line(message.subject)
        mail["Date"] = format_datetime(message.created_at)
        mail["Message-ID"] = message.message_id
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no autoresponder answers it
        mail.set_content(message.body_text.replace(HIDDEN_LINK, link or HIDDEN_LINK))
        if message.body_html:
            mail.add_alternative(_linked(message.body_html, link), subtype="html")
            mail.set_boundary(_boundary(message, "texts"))
        if paper is not None:
            mail.add_attachment(paper.content, maintype="application", subtype="pdf", filename=paper.name)
            mail.set_boundary(_boundary(message, "parts"))
        mail.as_bytes()
    except (ValueError, IndexError, AttributeError, LookupError, MessageError) as error:
        # The standard library's parser of addresses answers bad ones with any of these.
        raise Rejected(f"It can not be written as a mail: {type(error).__name__}: {error}") from error
    return mail


def _linked(html: str, link: str) -> str:
    return html.replace(HIDDEN_LINK, escape(link)) if link else html


def _boundary(message: MailMessage, part: str) -> str:
    return f"=_{hashlib.sha256(f'{part}:{message.message_id}'.encode()).hexdigest()[:32]}"


def _address(text: str, name: str = "") -> Address:
    """One mailbox, its domain in ASCII. Raises what the parser raises for anything else."""
    local, at, domain = text.rpartition("@")
    host = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    return Address(display_name=one_line(name, LONGEST_NAME), addr_spec=f"{local}{at}{host}")


def send(server: MailServer, mail: EmailMessage) -> None:
    """Hand it over; returns once the server has taken it.

    Raises Rejected for a final no, OSError or SMTPException when it may be tried again.
    """
    client = _connect(server, mail["From"].addresses[0].domain)
    try:
        _secure(client, server)
        client.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        raise _final(error, *next(iter(error.recipients.values()))) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise _final(error, error.smtp_code, error.smtp_error) from error
    finally:
        _leave(client)


def _connect(server: MailServer, domain: str) -> smtplib.SMTP:
    """``domain`` introduces us, so that nobody has to be asked for the machine's name."""
    if server.tls:
        return smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=domain, timeout=TIMEOUT_SECONDS,
            context=tls_context(server),
        )  # fmt: skip
    return smtplib.SMTP(server.host, server.port, local_hostname=domain, timeout=TIMEOUT_SECONDS)


def _secure(client: smtplib.SMTP, server: MailServer) -> None:
    """STARTTLS where it is offered; a password never crosses a network in the clear."""
    client.ehlo_or_helo_if_needed()
    encrypted = server.tls
    if not encrypted and client.has_extn("starttls"):
        client.starttls(context=tls_context(server))
        client.ehlo()
        encrypted = True
    if not server.username:
        return
    if not encrypted and not server.is_local:
        raise smtplib.SMTPException("The mail server offers no encryption, so the password was not sent.")
    client.login(server.username, server.password)


def tls_context(server: MailServer) -> ssl.SSLContext:
    """Certificates are checked, except on this very machine, whose relay signs its own."""
    context = ssl.create_default_context()
    if server.is_local:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _final(error: smtplib.SMTPException, code: int, detail: bytes | str) -> Exception:
    """5xx is final (RFC 5321, 4.2.1); everything else may be tried again."""
    if not 500 <= code < 600:
        return error
    text = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else detail
    return Rejected(f"{code} {one_line(text)}")


def _leave(client: smtplib.SMTP) -> None:
    """Say goodbye. What goes wrong here changes nothing: the mail was taken, or was not, before."""
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        client.close()


def keep_file(folder: Path, number: int, mail: EmailMessage) -> None:
    """Write the message as ``.eml`` for whoever tries the demo. Writing it again replaces it.

    A full disk stops no mail: it is logged.
    """
    path = folder / f"{number:06d}.eml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}.part")
        half.write_bytes(mail.as_bytes())
        half.replace(path)
    except OSError as error:
        log.warning("mail M-%d was not kept as a file: %s", number, error)
