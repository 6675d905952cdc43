"""Where payment providers tell us things. No cookie and no form: the signature in the headers proves it."""

from __future__ import annotations

from flask import Blueprint, make_response, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from core.payments import webhooks as inbox
from core.web import csrf
from core.web.current import house

blueprint = Blueprint("webhooks", __name__)


@blueprint.post("/webhooks/<gateway>")
@csrf.exempt
def receive(gateway: str) -> Response:
    """Hand over headers and the raw body; answer with the status the inbox decides."""
    if gateway not in house().plugins.gateways:
        raise NotFound
    headers = {name.lower(): value for name, value in request.headers.items()}
    status = inbox.receive(house(), gateway, headers, request.get_data(cache=False))
    response = make_response("", status)
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    return response
