"""Second factors on pages: what the admin and the portal answer alike."""

from __future__ import annotations

import io
import re
from uuid import UUID

import segno
from flask import current_app, make_response
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from core.identity import factors, passkeys
from core.identity.throttling import bucket_name, network_of, throttle
from core.identity.values import Identity, Party
from core.kernel.problems import NotFound
from core.web.current import house, now, visitor_ip

CHALLENGES, CHALLENGE_WINDOW = 60, 15 * 60  # from one network
_CODE = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}")


def challenge_for(party: Party | None, user_id: UUID | None) -> Response:
    """What a browser asks a passkey: of this user, or of whoever it is. Raises TooManyRequests, NotFound
    where no passkey can work."""
    if party is None:
        raise NotFound
    bucket = bucket_name("passkey-challenge", network_of(visitor_ip()))
    with house().db.transaction() as session:
        is_open = throttle(session, bucket, CHALLENGES, CHALLENGE_WINDOW, now())
        options = "" if not is_open else passkeys.authentication_options(
            session, party, user_id=user_id, ip=visitor_ip(), now=now()
        )  # fmt: skip
    if not options:
        raise TooManyRequests
    return _json(options)


def registration_for(party: Party | None, person: Identity) -> Response:
    """What a browser needs to make a passkey for this person. Raises NotFound where none can be."""
    if party is None:
        raise NotFound
    with house().db.transaction() as session:
        options = passkeys.registration_options(
            session, party, user_id=person.user_id, username=person.username, name=person.name,
            ip=visitor_ip(), now=now(),
        )  # fmt: skip
    return _json(options)


def prepared(person: Identity) -> str:
    """The secret of the app that this person is setting up, "" when there is none."""
    with house().db.read() as session:
        return factors.prepared(session, house().keys, person.user_id, now())


def spaced(secret: str) -> str:
    """In groups of four, for typing."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def picture(person: Identity, issuer: str) -> Response:
    """The QR code of the app that is being set up; nobody may keep it. Raises NotFound."""
    secret = prepared(person)
    if not secret:
        raise NotFound
    file = io.BytesIO()
    uri = factors.totp_uri(secret, person.username, issuer)
    segno.make(uri, error="m").save(file, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    response = make_response(file.getvalue())
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Cache-Control"] = "no-store"
    return response


def codes_file(sent: str, heading: str) -> Response:
    """Recovery codes as a file: the page that showed them sends them, for nothing keeps them. Raises
    NotFound without any."""
    codes = [one for one in sent.split() if _CODE.fullmatch(one)][: factors.CODES]
    if not codes:
        raise NotFound
    response = make_response("\n".join([heading, "", *codes, ""]))
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=recovery-codes.txt"
    return response


def _json(text: str) -> Response:
    return current_app.response_class(text, content_type="application/json")
