"""Second factors: codes of an authenticator app (RFC 6238), passkeys, and codes for the day both are lost."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.identity import passkeys
from core.identity.models import RecoveryCode, SecondFactor
from core.identity.throttling import bucket_name, clear, throttle
from core.identity.values import Answer, Party
from core.kernel.crypto import DecryptionError, KeyRing
from core.kernel.db import changed
from core.kernel.ids import hash_token, new_id
from core.kernel.work import House

TOTP, PASSKEY = passkeys.TOTP, passkeys.PASSKEY
TRIES, WINDOW_SECONDS = 5, 15 * 60
STEP_SECONDS = 30
NEIGHBOURS = (0, -1, 1)  # steps that count: clocks differ (RFC 6238, 5.2)
CODES = 10  # recovery codes at a time
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike
LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorView:
    """Something a user has set up."""

    id: UUID
    kind: str
    label: str
    created_at: datetime
    last_used_at: datetime | None


def has_any(session: Session, user_id: UUID) -> bool:
    """Whether a second factor must be shown: one is set up and was tried once."""
    return bool(session.scalar(select(are_set_up(user_id))))


def are_set_up(user_id: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """``has_any`` as a column of a statement that reads the user."""
    mine = select(SecondFactor.id).where(
        SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    )
    return mine.exists()


def list_factors(session: Session, user_id: UUID) -> tuple[FactorView, ...]:
    """What counts, oldest first."""
    rows = session.scalars(
        select(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
        .order_by(SecondFactor.id)
    )
    return tuple(
        FactorView(
            id=row.id, kind=row.kind, label=row.label, created_at=row.created_at,
            last_used_at=row.last_used_at,
        )
        for row in rows
    )  # fmt: skip


def codes_left(session: Session, user_id: UUID) -> int:
    """How many recovery codes are unused."""
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def count_try(house: House, user_id: UUID) -> bool:
    """Count a try to show a factor, or to prove oneself; False after five within a quarter of an hour.

    The count is the user's, whatever network it comes from: only who has the password gets here.
    """
    with house.db.transaction() as session:
        return throttle(session, _bucket(user_id), TRIES, WINDOW_SECONDS, house.clock.now())


def forget_tries(session: Session, user_id: UUID) -> None:
    clear(session, _bucket(user_id))


def _bucket(user_id: UUID) -> str:
    return bucket_name("factor", str(user_id))


def accept(session: Session, house: House, user_id: UUID, answer: Answer, party: Party | None) -> str:
    """Use an answer up: which kind it was (totp, passkey, recovery), "" when it does not hold."""
    now = house.clock.now()
    if answer.credential:
        good = party is not None and passkeys.answered(session, user_id, answer.credential, party, now)
        return PASSKEY if good else ""
    if _totp(session, house.keys, user_id, answer.code, now):
        return TOTP
    return "recovery" if _recovery(session, user_id, answer.code, now) else ""


def _totp(session: Session, keys: KeyRing, user_id: UUID, code: str, now: datetime) -> bool:
    typed = _digits(code)
    if not typed:
        return False
    rows = session.scalars(
        select(SecondFactor).where(
            SecondFactor.user_id == user_id, SecondFactor.kind == TOTP, SecondFactor.confirmed_at.is_not(None)
        )
    ).all()
    return any(_fits(session, keys, row, typed, now) for row in rows)


def _digits(code: str) -> str:
    """The six digits that were typed, blanks or not; "" for anything else."""
    typed = "".join(code.split())
    return typed if len(typed) == 6 and typed.isascii() and typed.isdigit() else ""


def _fits(session: Session, keys: KeyRing, row: SecondFactor, typed: str, now: datetime) -> bool:
    try:
        otp = pyotp.TOTP(open_secret(keys, row.id, row.secret_encrypted))
    except DecryptionError:
        return False
    here = int(now.timestamp()) // STEP_SECONDS
    steps = [here + offset for offset in NEIGHBOURS]
    found = [step for step in steps if hmac.compare_digest(otp.generate_otp(step), typed)]
    return any(_use_step(session, row.id, step, now) for step in found)


def _use_step(session: Session, factor_id: UUID, step: int, now: datetime) -> bool:
    """A code counts once (RFC 6238, 5.2): no step that was used, and none before it."""
    statement = update(SecondFactor).where(SecondFactor.id == factor_id, SecondFactor.last_used_step < step)
    return changed(session, statement.values(last_used_step=step, last_used_at=now))


def _recovery(session: Session, user_id: UUID, code: str, now: datetime) -> bool:
    statement = update(RecoveryCode).where(
        RecoveryCode.user_id == user_id,
        RecoveryCode.code_hash == _hash_code(code),
        RecoveryCode.used_at.is_(None),
    )
    return changed(session, statement.values(used_at=now))


def seal_secret(keys: KeyRing, factor_id: UUID, secret: str) -> str:
    return keys.encrypt(secret.encode(), f"second_factor/secret_encrypted/{factor_id}")


def open_secret(keys: KeyRing, factor_id: UUID, record: str) -> str:
    """Raises DecryptionError."""
    return keys.decrypt(record, f"second_factor/secret_encrypted/{factor_id}").decode()


def begin_totp(session: Session, keys: KeyRing, user_id: UUID, now: datetime) -> UUID:
    """Prepare an authenticator app; it counts once ``confirm_totp`` saw a code of it. What was prepared
    before and never confirmed is forgotten."""
    session.execute(
        delete(SecondFactor).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_(None))
    )
    factor_id = new_id()
    row = SecondFactor(
        id=factor_id, user_id=user_id, kind=TOTP, label="",
        secret_encrypted=seal_secret(keys, factor_id, pyotp.random_base32()), created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return factor_id


def prepared(session: Session, keys: KeyRing, user_id: UUID, now: datetime) -> str:
    """The secret of the app that is being set up, "" when there is none or it waits for a day already."""
    row = _unconfirmed(session, user_id)
    if row is None or (now - row.created_at).total_seconds() > 86400:
        return ""
    return open_secret(keys, row.id, row.secret_encrypted)


def confirm_totp(
    session: Session, keys: KeyRing, user_id: UUID, code: str, label: str, now: datetime
) -> bool:  # fmt: skip
    """The first code of the app: from now on it counts. False for a wrong one."""
    row, typed = _unconfirmed(session, user_id), _digits(code)
    if row is None or not typed or not _fits(session, keys, row, typed, now):
        return False
    row = session.get_one(SecondFactor, row.id)
    row.confirmed_at, row.label = now, label.strip()[:LONGEST_LABEL] or "Authenticator app"
    session.flush()
    return True


def _unconfirmed(session: Session, user_id: UUID) -> SecondFactor | None:
    return session.scalars(
        select(SecondFactor)
        .where(
            SecondFactor.user_id == user_id, SecondFactor.kind == TOTP, SecondFactor.confirmed_at.is_(None)
        )
        .order_by(SecondFactor.id.desc())
        .limit(1)
    ).first()


def totp_uri(secret: str, username: str, issuer: str) -> str:
    """What the picture says: ``otpauth://totp/...``."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def remove(session: Session, user_id: UUID, factor_id: UUID) -> bool:
    """Take one factor of the user away; False when it is not there."""
    statement = delete(SecondFactor).where(SecondFactor.id == factor_id, SecondFactor.user_id == user_id)
    return changed(session, statement)


def remove_all(session: Session, user_id: UUID) -> None:
    """Take every factor and recovery code away: the person begins anew."""
    session.flush()
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def new_codes(session: Session, user_id: UUID) -> tuple[str, ...]:
    """Ten fresh recovery codes, shown this once; the older ones stop working."""
    session.flush()
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = tuple(_new_code() for _ in range(CODES))
    session.add_all(RecoveryCode(id=new_id(), user_id=user_id, code_hash=_hash_code(code)) for code in codes)
    session.flush()
    return codes


def _new_code() -> str:
    """Four groups of four of 31 letters: 79 bits, so that a plain hash of it can not be turned around."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _hash_code(code: str) -> str:
    return hash_token("".join(char for char in code.casefold() if char.isalnum())[:64])
