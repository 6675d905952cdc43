"""Signing in to the portal as a client: audited with both ids, and closed for money and passwords."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from core.clients import signing_in
from core.identity import service as identity
from core.kernel import audit
from core.kernel.problems import Conflict
from core.web import cookies
from core.web.admin import access
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.current import brand, house, now, visitor_ip
from core.web.portal import access as portal

LONGEST_AGENT = 300


@blueprint.post("/clients/<uuid:client_id>/sign-in-as", endpoint="client_sign_in_as")
@needs("clients.impersonate", proven=True)
def sign_in_as(client_id: UUID) -> Response:
    """An hour inside at most, and no longer than one's own session. Raises NotFound, Conflict."""
    frame.read(client_id)
    with house().db.transaction() as session:
        user_id = signing_in.user_of(session, client_id, brand().id)
        if user_id is None:
            raise Conflict(
                "Nobody who signs in for this client can be used: add a user to its primary contact first."
            )
        token = identity.open_acting(
            session, user_id=user_id, staff_id=access.person().user_id, ip=visitor_ip(),
            agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT], now=now(),
        )  # fmt: skip
        audit.record(
            session, actor=access.actor(), acting_for=f"client:{user_id}", action="client.sign_in_as",
            target=f"client:{client_id}", ip=visitor_ip(), now=now(),
        )  # fmt: skip
    identity.sign_out(house(), portal.token())  # whoever was signed in to the shop in this browser
    response = redirect(url_for("portal.home"), 303)
    cookies.write(response, portal.COOKIE, token)
    return response
