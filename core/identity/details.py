"""What a person signs in with, changed by staff or by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.identity.models import User
from core.identity.rules import check_username, clean_email, clean_username, fold
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields

UNUSABLE = "!"  # the record of no password: nobody signs in with it until they have chosen one


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    username: str
    email: str
    locale: str
    has_password: bool


def details(session: Session, user_id: UUID) -> Details:
    """Raises NoResultFound."""
    row = session.get_one(User, user_id)
    return Details(
        username=row.username, email=row.email, locale=row.locale, has_password=row.password_hash != UNUSABLE
    )  # fmt: skip


def change_details(session: Session, user_id: UUID, *, username: str, email: str, locale: str) -> bool:
    """Change what a user signs in with and is written to; False when it is that already.

    Raises InvalidFields: malformed, or taken by somebody else.
    """
    was = details(session, user_id)
    if (was.username, was.email, was.locale) == (username, email, locale):
        return False
    _check(session, user_id, username, email)
    values = {
        "username": clean_username(username), "username_folded": fold(username), "email": email,
        "email_folded": fold(email), "locale": locale,
    }  # fmt: skip
    try:
        with session.begin_nested():
            session.execute(update(User).where(User.id == user_id).values(**values))
    except IntegrityError:  # somebody else took one of them a moment ago
        _check(session, user_id, username, email)
        raise
    return True


def _check(session: Session, user_id: UUID, username: str, email: str) -> None:
    wrong: dict[str, str] = {}
    others = select(User.id).where(User.id != user_id)
    if sentence := check_username(username):
        wrong["username"] = sentence
    elif session.scalar(others.where(User.username_folded == fold(username))) is not None:
        wrong["username"] = _("This user name is taken. Choose another.")
    if clean_email(email) is None:
        wrong["email"] = _("Enter an email address, as in name@example.com.")
    elif session.scalar(others.where(User.email_folded == fold(email))) is not None:
        wrong["email"] = _("Somebody else signs in with this email. Use another address.")
    if wrong:
        raise InvalidFields(wrong)
