"""Reach a pretend provider that runs in this process: requests on one side, WSGI on the other."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from werkzeug.test import Client
from werkzeug.wrappers import Request as Request  # for pretend providers
from werkzeug.wrappers import Response as Response


def reply(
    request: requests.PreparedRequest, status: int, body: bytes, content_type: str = "application/json"
) -> requests.Response:
    """A finished answer to ``request``."""
    response = requests.Response()
    response.status_code = status
    response.url = request.url or ""
    response.request = request
    response.headers = CaseInsensitiveDict({"Content-Type": content_type, "Content-Length": str(len(body))})
    response._content = body
    setattr(response, "_content_consumed", True)  # noqa: B010 - requests sets it, its types omit it
    return response


class WsgiTransport(BaseAdapter):
    """Sends each request to a WSGI application. No socket is opened.

    An application that ends a connection (ConnectionError) looks as it does on the wire.
    """

    def __init__(self, application: Any) -> None:
        super().__init__()
        self._application = application

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        parts = urlsplit(request.url or "")
        try:
            answer = Client(self._application).open(
                path=parts.path or "/",
                query_string=parts.query,
                base_url=f"{parts.scheme}://{parts.netloc}",
                method=request.method or "GET",
                headers=[(name, _text(value)) for name, value in request.headers.items()],
                data=request.body or b"",
            )
        except ConnectionError as error:
            raise requests.ConnectionError(str(error)) from error
        body = answer.get_data()
        response = reply(request, answer.status_code, body)
        response.headers = CaseInsensitiveDict(answer.headers)
        response.headers.setdefault("Content-Length", str(len(body)))
        return response

    def close(self) -> None:
        pass


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
