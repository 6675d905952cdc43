"""What people change of themselves: name and language, second factors, recovery codes, sessions.

Who changes a factor is signed out everywhere else, and gets a new token here.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.identity import factors, passkeys, staffing
from core.identity.models import Staff, User
from core.identity.sessions import revoke_one, revoke_sessions, rotate
from core.identity.values import Identity, Party
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.i18n import languages
from core.kernel.lines import is_line
from core.kernel.problems import Conflict, InvalidFields, NotFound, Stale
from core.kernel.work import House, publish

FACTOR_CHANGED = "user.factor_changed"


def change_profile(
    house: House, session: Session, by: Identity, *, name: str, locale: str, version: int
) -> bool:  # fmt: skip
    """One's own name and language, as one of the staff; False when they are that already.

    Raises InvalidFields, Stale.
    """
    was, clean = staffing.staff(session, by.user_id), " ".join(name.split())
    wrong = {}
    if not is_line(clean, staffing.LONGEST_NAME):
        wrong["name"] = _("Enter a name of up to 100 characters.")
    if locale not in dict(languages()):
        wrong["language"] = _("Choose one of the languages.")
    if wrong:
        raise InvalidFields(wrong)
    if (clean, locale) == (was.name, was.locale):
        return False
    advance = update(Staff).where(Staff.user_id == by.user_id, Staff.version == version)
    if not changed(session, advance.values(name=clean, version=version + 1)):
        raise Stale(was.version, {"name": was.name, "language": was.locale})
    session.execute(update(User).where(User.id == by.user_id).values(locale=locale))
    audit.record(
        session, actor=by.actor, action="user.edit", target=f"user:{by.user_id}",
        before={"name": was.name, "language": was.locale}, after={"name": clean, "language": locale},
        now=house.clock.now(),
    )  # fmt: skip
    return True


def confirm_app(house: House, by: Identity, *, code: str, label: str) -> tuple[str, tuple[str, ...]]:
    """The first code of an authenticator app. Gives the session's new token, and recovery codes with the
    first factor. Raises InvalidFields, Conflict."""
    if not factors.count_try(house, by.user_id):
        raise InvalidFields({"code": _("Too many tries. Wait a quarter of an hour.")})
    with house.db.transaction() as session:
        is_first = not factors.has_any(session, by.user_id)
        if factors.confirm_totp(session, house.keys, by.user_id, code, label, house.clock.now()):
            return _after(house, session, by, "user.add_factor", "totp", is_first=is_first)
    raise InvalidFields({"code": _("That is not the code the app shows now. Check the clock of your phone.")})


def add_passkey(
    house: House, by: Identity, party: Party, *, credential: str, label: str
) -> tuple[str, tuple[str, ...]]:  # fmt: skip
    """Keep a passkey. Gives what ``confirm_app`` gives. Raises InvalidFields, Conflict."""
    with house.db.transaction() as session:
        is_first, now = not factors.has_any(session, by.user_id), house.clock.now()
        if passkeys.register(session, party, user_id=by.user_id, credential=credential, label=label, now=now):
            return _after(house, session, by, "user.add_factor", "passkey", is_first=is_first)
    raise InvalidFields({"credential": _("The passkey was not taken. Try again.")})


def remove_factor(house: House, session: Session, by: Identity, factor_id: UUID, *, must_have: bool) -> str:
    """Take one's own factor away; gives the session's new token. With the last one go the recovery codes.

    Raises NotFound, and Conflict when it is the last and one ``must_have`` one.
    """
    own = factors.list_factors(session, by.user_id)
    found = next((one for one in own if one.id == factor_id), None)
    if found is None:
        raise NotFound(_("There is no such second factor."))
    if must_have and len(own) == 1:
        raise Conflict(_("This is your last one, and you must have one. Add another first."))
    factors.remove(session, by.user_id, factor_id)
    if len(own) == 1:
        factors.remove_all(session, by.user_id)
    token, _codes = _after(house, session, by, "user.remove_factor", found.kind, is_first=False)
    return token


def new_codes(house: House, session: Session, by: Identity) -> tuple[str, ...]:
    """Ten fresh recovery codes; the older ones stop working. Raises Conflict without any factor."""
    if not factors.has_any(session, by.user_id):
        raise Conflict(_("Recovery codes stand in for a second factor. Set one up first."))
    codes = factors.new_codes(session, by.user_id)
    _note(house, session, by, "user.new_recovery_codes")
    return codes


def end_session(house: House, session: Session, by: Identity, session_id: UUID) -> None:
    """End another session of one's own. Raises NotFound."""
    if not revoke_one(session, by.user_id, session_id, house.clock.now()):
        raise NotFound(_("This session is over already."))
    _note(house, session, by, "user.end_session")


def end_others(house: House, session: Session, by: Identity) -> int:
    """Sign out everywhere but here; returns of how many sessions."""
    count = revoke_sessions(session, by.user_id, house.clock.now(), keep=by.session_id)
    _note(house, session, by, "user.end_sessions")
    return count


def _after(
    house: House, session: Session, by: Identity, action: str, kind: str, *, is_first: bool
) -> tuple[str, tuple[str, ...]]:  # fmt: skip
    now = house.clock.now()
    factors.forget_tries(session, by.user_id)
    codes = factors.new_codes(session, by.user_id) if is_first else ()
    revoke_sessions(session, by.user_id, now, keep=by.session_id)
    token = rotate(session, by.session_id, factor_at=now)
    if token is None:
        raise Conflict(_("You were signed out meanwhile."))
    audit.record(
        session, actor=by.actor, action=action, target=f"user:{by.user_id}", after={"kind": kind}, now=now
    )  # fmt: skip
    what = "added" if action == "user.add_factor" else "removed"
    publish(house, session, FACTOR_CHANGED, {"user_id": by.user_id, "what": what, "area": by.area})
    return token, codes


def _note(house: House, session: Session, by: Identity, action: str) -> None:
    audit.record(session, actor=by.actor, action=action, target=f"user:{by.user_id}", now=house.clock.now())
