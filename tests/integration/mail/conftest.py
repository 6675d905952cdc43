"""The demo shop with a mail server that listens on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select, update

from core.app import Innkeeper
from core.clients.models import Contact, ContactMailChoice
from core.clients.service import CONTACT_COLUMNS
from core.kernel.db import Database
from core.kernel.ids import new_id
from core.mail.models import MailMessage
from core.web.paper import NoPdf
from core.work.inline import InlineEngine
from tests.fixtures.innkeeper import Inn, open_house
from tests.fixtures.innkeeper import demo_database_url as database_url
from tests.integration.mail.post import PostOffice

__all__ = ["Mails", "database_url"]

GERMAN = {"language": "de", "email_format": "text"}
Opened = Callable[..., PostOffice]


@pytest.fixture
def open_post() -> Iterator[Opened]:
    """Opens post offices; they are closed at the end."""
    opened: list[PostOffice] = []

    def make(**how: Any) -> PostOffice:
        office = PostOffice(**how)
        office.open()
        opened.append(office)
        return office

    yield make
    for office in opened:
        office.close()


def _no_pdf(_html: str) -> bytes:
    raise NoPdf


@pytest.fixture(autouse=True)
def without_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invoices take a second to draw. Tests that are about them take ``with_paper``."""
    monkeypatch.setattr("core.web.paper.pdf", _no_pdf)


@pytest.fixture
def with_paper(monkeypatch: pytest.MonkeyPatch, without_paper: None) -> None:
    """A drawing that takes no second; the real one is tried with the shop's page."""
    monkeypatch.setattr("core.web.paper.pdf", lambda html: b"%PDF-" + html.encode())


@pytest.fixture
def post(open_post: Opened) -> PostOffice:
    return open_post()


@pytest.fixture
def posting(inn: Inn, post: PostOffice) -> Inn:
    """``inn`` with its mails going to ``post``."""
    return with_settings(inn, smtp_url=SecretStr(post.url))


def with_settings(inn: Inn, **changes: object) -> Inn:
    """The same shop, database and clock, built again with other settings."""
    house: Innkeeper = open_house(inn.house.settings.model_copy(update=changes), inn.clock, inn.db)
    assert isinstance(house.engine, InlineEngine)
    return replace(inn, house=house, engine=house.engine)


class Mails:
    """What stands in the table of mails, and what readers chose."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self, name: str = "") -> list[MailMessage]:
        statement = select(MailMessage).order_by(MailMessage.number)
        with self._db.read() as session:
            rows = session.scalars(statement.where(MailMessage.type == name) if name else statement)
            return list(rows)

    def one(self, name: str) -> MailMessage:
        (found,) = self.all(name)
        return found

    @property
    def types(self) -> list[str]:
        return [mail.type for mail in self.all()]

    @property
    def states(self) -> set[str]:
        return {mail.state for mail in self.all()}

    def order_of(self, name: str = "order_received") -> UUID:
        found = self.all(name)[-1].order_id
        assert found is not None
        return found

    def choose(self, *kinds: str, email_format: str = "") -> None:
        """All readers want these kinds only, and this form."""
        with self._db.transaction() as session:
            session.execute(delete(ContactMailChoice).where(ContactMailChoice.mail_type.not_in(kinds)))
            if email_format:
                session.execute(update(Contact).values(email_format=email_format))

    def to(self, recipient: str) -> list[str]:
        """The types of the mails to one address."""
        return [mail.type for mail in self.all() if mail.recipient == recipient]

    def another_reader(self, email: str, kinds: Iterable[str], **values: Any) -> UUID:
        """A second contact of the only client, copied from the first."""
        with self._db.transaction() as session:
            first = session.scalars(select(Contact).where(Contact.is_primary)).one()
            same = {name: getattr(first, name) for name in CONTACT_COLUMNS}
            row = Contact(
                id=new_id(), client_id=first.client_id, roles=[], **(same | {"email": email} | values)
            )
            session.add(row)
            session.flush()
            for kind in kinds:
                session.add(ContactMailChoice(id=new_id(), contact_id=row.id, mail_type=kind))
            return row.id

    def set(self, **values: Any) -> None:
        """Change every mail's row."""
        with self._db.transaction() as session:
            session.execute(update(MailMessage).values(**values))


@pytest.fixture
def mails(db: Database) -> Mails:
    return Mails(db)


def subjects(letters: Sequence[Any]) -> list[str]:
    return [str(letter.mail["Subject"]) for letter in letters]
