"""Passkeys (WebAuthn 3). Each checks its owner itself (user verification), so that one is both factors.

Challenges are made here, kept as one-time tokens (their hash), and used up by the answer they come in.
"""

from __future__ import annotations

import ipaddress
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core.identity import tokens
from core.identity.models import SecondFactor
from core.identity.values import Party
from core.kernel.ids import new_id

TOTP, PASSKEY = "totp", "passkey"
LONGEST_ANSWER = 16_384
LONGEST_LABEL = 60
_ID = re.compile(r"[A-Za-z0-9_-]{1,1400}")  # at most 1023 bytes (WebAuthn, 4)
_VERIFIED = UserVerificationRequirement.REQUIRED


def party_of(public_url: str) -> Party | None:
    """Whom passkeys are for, by the configured address and never by what a request says.

    A host that is a number can not have any (WebAuthn, 5.1.3); the machine itself is called localhost.
    """
    parts = urlsplit(public_url)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        is_local = host == "localhost"
    else:
        if not address.is_loopback:
            return None
        host, is_local = "localhost", True
    if not host or (parts.scheme != "https" and not is_local):  # browsers offer them over TLS alone
        return None
    return Party(id=host, origin=f"{parts.scheme}://{host}{port}")


def registration_options(
    session: Session, party: Party, *, user_id: UUID, username: str, name: str, ip: str, now: datetime
) -> str:
    """What the browser needs to make a passkey for this user, as JSON."""
    options = generate_registration_options(
        rp_id=party.id, rp_name=party.name, user_id=user_id.bytes, user_name=username, user_display_name=name,
        challenge=_challenge(session, user_id, ip, now),
        exclude_credentials=_descriptors(session, user_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFIED
        ),
    )  # fmt: skip
    return options_to_json(options)


def register(
    session: Session, party: Party, *, user_id: UUID, credential: str, label: str, now: datetime
) -> bool:  # fmt: skip
    """Keep a passkey that the browser made; False when its answer does not hold or it is known already."""
    read = _read(credential)
    if read is None or not tokens.take_from(session, read[1], tokens.PASSKEY, user_id, now):
        return False
    try:
        made = verify_registration_response(
            credential=read[0], expected_challenge=base64url_to_bytes(read[1]), expected_rp_id=party.id,
            expected_origin=party.origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    credential_id = bytes_to_base64url(made.credential_id)
    if _find(session, credential_id) is not None:
        return False
    row = SecondFactor(
        id=new_id(), user_id=user_id, kind=PASSKEY, label=label.strip()[:LONGEST_LABEL] or "Passkey",
        credential_id=credential_id, public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count, created_at=now, confirmed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return True


def authentication_options(
    session: Session, party: Party, *, user_id: UUID | None, ip: str, now: datetime
) -> str:  # fmt: skip
    """What the browser needs to ask a passkey, as JSON; without a user whichever the person chooses."""
    options = generate_authentication_options(
        rp_id=party.id, challenge=_challenge(session, user_id, ip, now),
        allow_credentials=_descriptors(session, user_id) if user_id is not None else None,
        user_verification=_VERIFIED,
    )  # fmt: skip
    return options_to_json(options)


def answered(session: Session, user_id: UUID, credential: str, party: Party, now: datetime) -> bool:
    """Whether a passkey of this user gave this answer to a challenge that was made for them."""
    return _answered(session, user_id, credential, party, now) == user_id


def who_answered(session: Session, credential: str, party: Party, now: datetime) -> UUID | None:
    """Whose passkey gave this answer to a challenge that was made for nobody in particular."""
    return _answered(session, None, credential, party, now)


def _answered(
    session: Session, asked: UUID | None, credential: str, party: Party, now: datetime
) -> UUID | None:  # fmt: skip
    read = _read(credential)
    if read is None or not tokens.take_from(session, read[1], tokens.PASSKEY, asked, now):
        return None
    row = _find(session, str(read[0].get("id")))
    if row is None or row.confirmed_at is None or (asked is not None and row.user_id != asked):
        return None
    try:
        shown = verify_authentication_response(
            credential=read[0], expected_challenge=base64url_to_bytes(read[1]), expected_rp_id=party.id,
            expected_origin=party.origin, credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    row.sign_count, row.last_used_at = shown.new_sign_count, now
    session.flush()
    return row.user_id


def _challenge(session: Session, user_id: UUID | None, ip: str, now: datetime) -> bytes:
    token = tokens.make(session, user_id, tokens.PASSKEY, tokens.LONGEST[tokens.PASSKEY], ip, now)
    return base64url_to_bytes(token)


def _read(credential: str) -> tuple[dict[str, Any], str] | None:
    """The browser's answer, and the challenge it says it is to: text that nothing is believed of yet."""
    if len(credential) > LONGEST_ANSWER:
        return None
    try:
        answer = json.loads(credential)
        said = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        return answer, str(said["challenge"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _find(session: Session, credential_id: str) -> SecondFactor | None:
    if _ID.fullmatch(credential_id) is None:
        return None
    return session.scalars(select(SecondFactor).where(SecondFactor.credential_id == credential_id)).first()


def _descriptors(session: Session, user_id: UUID | None) -> list[PublicKeyCredentialDescriptor]:
    rows = session.scalars(
        select(SecondFactor.credential_id).where(
            SecondFactor.user_id == user_id, SecondFactor.kind == PASSKEY
        )
    )
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in rows if one]
