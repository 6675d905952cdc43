"""How a message leaves: through SMTP, or as a file beside the demo. Nothing else is known here."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from core.mail.models import MailMessage

TIMEOUT_SECONDS = 30
DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


class Rejected(Exception):
    """The server refused this message for good; sending it again gives the same answer."""


def compose(message: MailMessage, sender_name: str) -> EmailMessage:
    """The message as it goes out. Its Message-ID is fixed, so that a second sending can be recognised."""
    mail = EmailMessage()
    mail["From"] = formataddr((sender_name, message.sender))
    mail["To"] = message.recipient
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body_text)
    if message.body_html:
        mail.add_alternative(message.body_html, subtype="html")
    return mail


def send(url: str, mail: EmailMessage) -> None:
    """Hand over to ``smtp://user:password@host:port`` (STARTTLS where offered) or ``smtps://``.

    Raises Rejected for a final no, OSError or SMTPException when it may be tried again.
    """
    parts = urlsplit(url)
    try:
        with _connect(parts) as client:
            if parts.scheme == "smtp" and client.has_extn("starttls"):
                client.starttls(context=ssl.create_default_context())
            if parts.username:
                client.login(unquote(parts.username), unquote(parts.password or ""))
            client.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, detail = next(iter(error.recipients.values()))
        if 500 <= code < 600:
            raise Rejected(detail.decode("utf-8", "replace")) from error
        raise
    except smtplib.SMTPResponseException as error:
        if 500 <= error.smtp_code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError):
            raise Rejected(str(error.smtp_error)) from error
        raise


def _connect(parts: SplitResult) -> smtplib.SMTP:
    host, port = parts.hostname or "localhost", parts.port or DEFAULT_PORTS.get(parts.scheme, 25)
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    client = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    client.ehlo()
    return client


def keep_file(folder: Path, number: int, mail: EmailMessage) -> Path:
    """Write the message as ``.eml`` for whoever tries the demo. Writing it again replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:06d}.eml"
    path.write_bytes(bytes(mail))
    return path
