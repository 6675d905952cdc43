"""The browser's own mark, by which we know that somebody signed in with it before. It opens nothing."""

from __future__ import annotations

from werkzeug.wrappers import Response

from core.kernel.ids import new_token
from core.web import cookies

COOKIE = "ik_device"
DAYS = 400  # the longest a browser keeps a cookie (RFC 6265bis, 5.5)
LONGEST = 100


def mark() -> str:
    """This browser's mark; a new one when it has none."""
    return cookies.read(COOKIE)[:LONGEST] or new_token()


def keep(response: Response, device: str) -> Response:
    cookies.write(response, COOKIE, device, days=DAYS)
    return response
