"""The HTTP session that core owns and hands to plugins. The only module that speaks HTTP.

What it holds to: hosts from the allow-list only, addresses checked after resolving, TLS verified,
time-outs always, no proxies or passwords from the environment, no cookies, no redirects by default and
none to another host, answers read to the end within a size and a time. What went wrong is told by one
question: had the request begun to leave? ``NotSent`` if not, ``NoAnswer`` if so.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent, PluginError
from core.plugin_host.hosts import HostPolicy

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 120.0  # for reading one answer to its end
LARGEST_ANSWER = 5 * 1024 * 1024  # bytes, after unpacking
CHUNK = 64 * 1024
LONGEST_NOTE = 1500  # bytes of an answer that are noted
USER_AGENT = "Innkeeper"


class Faults(Protocol):
    """The seam for tests: break the network of any plugin without knowing the plugin."""

    def before(self, request: requests.PreparedRequest) -> requests.Response | None:
        """Called before the request leaves. A response is taken instead of sending; a library's error
        means that it never left; NoAnswer, that it was lost on its way."""

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        """Called when the provider has acted. Raising means that its answer was lost."""


class _Ear(threading.local):
    """Where answers of this thread are noted, while somebody wants to know what was said."""

    heard: list[str] | None = None


_ear = _Ear()


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Note what providers answer to this thread's requests: status, kind and the beginning of the body.

    It may hold secrets: mask it before it is kept.
    """
    before, _ear.heard = _ear.heard, []
    try:
        yield _ear.heard
    finally:
        _ear.heard = before


def _note(response: requests.Response, where: str) -> None:
    if _ear.heard is not None:
        kind = response.headers.get("Content-Type", "no content type")
        body = response.content[:LONGEST_NOTE].decode("utf-8", "replace").replace("\0", "")
        _ear.heard.append(f"{where}: {response.status_code} {kind}\n{body}".rstrip())


class _Flight(threading.local):
    """Whether the request of this thread has begun to leave."""

    begun = False


class _Guarded(HTTPConnection):
    """Connects to a checked address and notes the moment the first byte leaves."""

    policy: HostPolicy
    flight: _Flight
    encrypted = False

    def _new_conn(self) -> socket.socket:
        found = self.policy.resolve(self._dns_host, self.port or 0, encrypted=self.encrypted)
        last: OSError | None = None
        for family, kind, protocol, _, place in found:
            try:
                return self._open(family, kind, protocol, place)
            except TimeoutError as error:
                raise ConnectTimeoutError(self, f"connecting to {self.host} took too long") from error
            except OSError as error:
                last = error
        raise NewConnectionError(self, f"could not connect to {self.host}: {last}") from last

    def _open(self, family: int, kind: int, protocol: int, place: Any) -> socket.socket:
        opened = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                opened.setsockopt(*option)
            opened.settimeout(self.timeout)
            opened.connect(place)
        except BaseException:
            opened.close()
            raise
        return opened

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.flight.begun = True
        super().send(data)


class GuardedAdapter(HTTPAdapter):
    """Judges, sends and reads one request. ``transport`` and ``faults`` are for tests."""

    def __init__(
        self, policy: HostPolicy, *, transport: BaseAdapter | None = None, faults: Faults | None = None
    ) -> None:
        self._policy = policy
        self._transport = transport
        self._faults = faults
        self._flight = _Flight()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        common = {"policy": self._policy, "flight": self._flight}
        plain = type("GuardedConnection", (_Guarded,), common)
        secure = type("GuardedTLS", (_Guarded, HTTPSConnection), {**common, "encrypted": True})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("GuardedTLSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Raises Misconfigured, NotSent or NoAnswer; otherwise the whole answer has been read."""
        self._policy.check_url(request.url or "")
        where = _where(request)
        self._flight.begun = self._transport is not None
        try:
            response = self._instead(request)
            if response is None:
                response = self._dispatch(request, timeout or (CONNECT_SECONDS, READ_SECONDS), verify, cert)
                _read_whole(response, where)
            response = response if self._faults is None else self._faults.after(request, response)
            _note(response, where)
            return response
        except PluginError:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            kind = NoAnswer if self._flight.begun else NotSent
            raise kind(f"{where}: {_reason(error)}") from None  # a trace would show the whole address

    def _instead(self, request: requests.PreparedRequest) -> requests.Response | None:
        """What a test answers in the provider's place, or raises before anything leaves."""
        if self._faults is None:
            return None
        begun, self._flight.begun = self._flight.begun, False
        answer = self._faults.before(request)
        self._flight.begun = begun or answer is not None
        return answer

    def _dispatch(
        self, request: requests.PreparedRequest, timeout: Any, verify: Any, cert: Any
    ) -> requests.Response:
        verify = verify or True  # TLS is not negotiable; a bundle of own authorities is
        if self._transport is not None:
            return self._transport.send(request, True, timeout, verify, cert, None)
        return super().send(request, stream=True, timeout=timeout, verify=verify, cert=cert, proxies=None)


class GuardedSession(requests.Session):
    """A Session with every door closed that a plugin does not need."""

    def __init__(self, adapter: GuardedAdapter) -> None:
        super().__init__()
        self.trust_env = False  # no proxies, no .netrc, no other certificates from the environment
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self.adapters.clear()
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests' own, but redirects are followed only when asked for by ``allow_redirects``."""
        kwargs.setdefault("allow_redirects", False)
        try:
            return super().request(method, url, *args, **kwargs)
        except requests.TooManyRedirects:
            raise NoAnswer(f"{method}: too many redirects") from None
        except requests.RequestException as error:  # while it was prepared: the adapter lets none through
            raise Misconfigured(f"{method}: the request can not be made: {_reason(error)}") from None

    def get(self, url: Any, **kwargs: Any) -> requests.Response:
        return self.request("GET", url, **kwargs)

    def options(self, url: Any, **kwargs: Any) -> requests.Response:
        return self.request("OPTIONS", url, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Another host is never followed: the answer itself is what the plugin gets."""
        target = super().get_redirect_target(resp)
        if target is None or _same_origin(resp.url, target):
            return target
        return None


def guarded_session(
    policy: HostPolicy, *, transport: BaseAdapter | None = None, faults: Faults | None = None
) -> requests.Session:
    """A session that talks to ``policy.hosts`` and nobody else."""
    return GuardedSession(GuardedAdapter(policy, transport=transport, faults=faults))


def _read_whole(response: requests.Response, where: str) -> None:
    """Read the body now, so that a broken one is told apart here and not inside a plugin."""
    ends = time.monotonic() + TOTAL_SECONDS
    parts: list[bytes] = []
    size = 0
    try:
        for part in response.iter_content(CHUNK):
            size += len(part)
            if size > LARGEST_ANSWER:
                raise NoAnswer(f"{where}: the answer is larger than {LARGEST_ANSWER} bytes")
            if time.monotonic() > ends:
                raise NoAnswer(f"{where}: the answer took longer than {TOTAL_SECONDS:.0f} s")
            parts.append(part)
    except BaseException:
        response.close()
        raise
    if not size and not _end_is_marked(response):
        raise NoAnswer(f"{where}: the answer is empty and was cut off, or its end is not marked")
    response._content = b"".join(parts)
    setattr(response, "_content_consumed", True)  # noqa: B010 - requests sets it, its types omit it


def _end_is_marked(response: requests.Response) -> bool:
    """Whether an empty body is meant: http.client takes a header that was cut short for a whole one."""
    headers = response.headers
    bodiless = response.status_code in (204, 304) or response.request.method == "HEAD"
    return bodiless or "Content-Length" in headers or "Transfer-Encoding" in headers


def _same_origin(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    if not second.netloc:
        return True
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


def _where(request: requests.PreparedRequest) -> str:
    """Method, host and path: the query may hold what is nobody's business."""
    parts = urlsplit(request.url or "")
    return f"{request.method} {parts.hostname}{parts.path}"


def _reason(error: BaseException) -> str:
    """The innermost kind of failure in words; the text of libraries repeats URLs."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    return f"{type(error).__name__} ({type(seen).__name__})" if seen is not error else type(error).__name__


class _WithoutAddresses(logging.Filter):
    """urllib3 logs whole addresses; a path may hold a card's token, a query any secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_shortened(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


def _shortened(text: str) -> str:
    """A path up to its second slash."""
    text = text.partition("?")[0]
    first, more, _ = text[1:].partition("/") if text.startswith("/") else (text[1:], "", "")
    return f"{text[:1]}{first}{'/...' if more else ''}"


for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).addFilter(_WithoutAddresses())
