"""A mail server on this machine, in a thread of its own, that does what a test tells it to."""

from __future__ import annotations

import asyncio
import email
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TAKEN = "250 OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail as it came in."""

    sender: str
    recipients: tuple[str, ...]
    mail: EmailMessage
    encrypted: bool

    @property
    def text(self) -> str:
        return _content(self.mail, "plain")

    @property
    def html(self) -> str:
        return _content(self.mail, "html")


def _content(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


@dataclass(kw_only=True)
class PostOffice:
    """``answers`` are given to the next messages instead of 250, each once. ``at`` says where: "rcpt",
    "data" or "mail". ``on_message`` is called when a message has arrived and was not answered yet,
    ``on_reader`` when its reader was named."""

    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    answers: deque[str] = field(default_factory=deque)
    at: str = "data"
    stall_seconds: float = 0
    on_message: Callable[[], None] = lambda: None
    on_reader: Callable[[], None] = lambda: None
    letters: list[Letter] = field(default_factory=list)
    port: int = 0
    _controller: Any = None

    def __post_init__(self) -> None:
        self.port = self.port or _free_port()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> None:
        more: dict[str, Any] = {"tls_context": self.tls} if self.tls else {}
        if self.login:
            more |= {"authenticator": self._authenticate, "auth_require_tls": self.tls is not None}
        self._controller = Controller(
            _Clerk(self), hostname="127.0.0.1", port=self.port, server_hostname="post", **more
        )
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def answer(self, place: str) -> str | None:
        return self.answers.popleft() if place == self.at and self.answers else None

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert self.login is not None
        right = (
            isinstance(given, LoginPassword) and (given.login.decode(), given.password.decode()) == self.login
        )
        return AuthResult(success=right, handled=right)


class _Clerk:
    """The handler that aiosmtpd calls."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (said := self._office.answer("mail")) is not None:
            return said
        envelope.mail_from = address
        return TAKEN

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.to_thread(self._office.on_reader)
        if (said := self._office.answer("rcpt")) is not None:
            return said
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self._office.stall_seconds)
        if (said := self._office.answer("data")) is not None:
            return said
        content = envelope.content
        mail = email.message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
        assert isinstance(mail, EmailMessage)
        letter = Letter(
            sender=str(envelope.mail_from), recipients=tuple(envelope.rcpt_tos), mail=mail,
            encrypted=session.ssl is not None,
        )  # fmt: skip
        self._office.letters.append(letter)
        await asyncio.to_thread(self._office.on_message)
        return TAKEN


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
