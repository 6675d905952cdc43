"""HEAD is GET without the body (RFC 9110, 9.3.2): views, and the check of forms, only ever see GET."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class HeadIsGet:
    """Wraps the application. What a HEAD request carries in its body is dropped unread."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "HEAD":
            return self._application(environ, start_response)
        asked = environ | {"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0", "wsgi.input": BytesIO()}
        body = self._application(asked, start_response)
        if close := getattr(body, "close", None):
            close()
        return ()
