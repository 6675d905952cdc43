"""The guarded session against real sockets: who may be called, and what a failure means."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent
from core.plugin_host import http
from core.plugin_host.hosts import HostPolicy
from core.plugin_host.http import guarded_session

LOCAL = HostPolicy(hosts=frozenset({"127.0.0.1", "localhost"}), allow_loopback=True)
OK = b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\n{"ok":true}'
KEY = "hunter22"
TLS = b"\x16"  # how a handshake begins
Behave = Callable[[socket.socket], None]


class Server:
    """Answers each connection with one behaviour; keeps what it received."""

    def __init__(self, behave: Behave) -> None:
        self.received: list[bytes] = []
        self._behave = behave
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self.received.append(_read_request(connection))
                self._behave(connection)

    def close(self) -> None:
        # shutdown wakes accept(), which close() alone does not
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and data[:1] != TLS and (part := connection.recv(65536)):
        data += part
    return data


@contextmanager
def server(behave: Behave) -> Iterator[Server]:
    one = Server(behave)
    try:
        yield one
    finally:
        one.close()


def answer(data: bytes) -> Behave:
    return lambda connection: connection.sendall(data)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_answer_arrives_whole() -> None:
    with server(answer(OK)) as one, guarded_session(LOCAL) as session:
        response = session.post(f"{one.url}/v1/charges", json={"amount": 1})
        assert (response.status_code, response.json()) == (200, {"ok": True})
        assert one.received[0].startswith(b"POST /v1/charges HTTP/1.1")


def test_error_statuses_are_the_plugins_to_read() -> None:
    with server(answer(b"HTTP/1.1 402 No\r\nContent-Length: 0\r\n\r\n")) as one:
        assert guarded_session(LOCAL).get(one.url).status_code == 402


# --- what a failure means ---------------------------------------------------------------------


def test_a_refused_connection_was_not_sent() -> None:
    with pytest.raises(NotSent):
        guarded_session(LOCAL).post(f"http://127.0.0.1:{free_port()}/")


@pytest.mark.parametrize("url", [f"http://127.0.0.1:9/api?key={KEY}", f"http://127.0.0.1:port/api?key={KEY}"])
def test_a_failure_does_not_tell_the_address_that_was_asked(url: str) -> None:
    """What came before it does not either: a trace shows all of it, and keys stand in queries."""
    with pytest.raises((NotSent, Misconfigured)) as caught:
        guarded_session(LOCAL).get(url)
    said = "".join(traceback.format_exception(caught.value))
    assert KEY not in said
    assert str(caught.value) in said


def test_an_unknown_name_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    policy = HostPolicy(hosts=frozenset({"pay.example"}))
    with pytest.raises(NotSent, match=r"the name pay\.example could not be resolved"):
        guarded_session(policy).post("https://pay.example/")


def test_a_failed_tls_handshake_was_not_sent() -> None:
    with server(answer(b"this is not TLS")) as one, pytest.raises(NotSent):
        guarded_session(LOCAL).post(one.url.replace("http:", "https:"))
    assert b"POST" not in one.received[0]


def test_a_connect_timeout_was_not_sent() -> None:
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    port = full.getsockname()[1]
    waiting = [socket.socket() for _ in range(4)]
    try:
        for one in waiting:  # fill the queue: the next one hangs in connect
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        with pytest.raises(NotSent):
            guarded_session(LOCAL).post(f"http://127.0.0.1:{port}/", timeout=(0.3, 0.3))
    finally:
        for one in waiting:
            one.close()
        full.close()


@pytest.mark.parametrize(
    ("name", "behave"),
    [
        ("closed without a word", lambda connection: None),
        ("reset", reset),
        ("cut in the header", answer(OK[:20])),
        ("cut after a header", answer(b"HTTP/1.1 200 OK\r\nServer: x\r\n")),
        ("cut in the body", answer(OK[:-4])),
        ("not HTTP", answer(b"\x00\x01\x02 what?\r\n\r\n")),
        ("bad chunks", answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n")),
        ("bad gzip", answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")),
        ("silent", lambda connection: time.sleep(0.6)),
    ],
)
def test_what_left_and_came_to_nothing_has_no_answer(name: str, behave: Behave) -> None:
    with server(behave) as one:
        with pytest.raises(NoAnswer) as raised:
            guarded_session(LOCAL).post(f"{one.url}/v1/charges?key=canary", timeout=(0.3, 0.3))
        assert one.received[0].startswith(b"POST"), name
    assert "/v1/charges" in str(raised.value)
    assert "canary" not in str(raised.value)


def test_a_request_is_never_repeated_by_itself() -> None:
    with server(reset) as one:
        with pytest.raises(NoAnswer):
            guarded_session(LOCAL).get(one.url)
        assert len(one.received) == 1


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)
    endless = answer(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000)
    with server(endless) as one, pytest.raises(NoAnswer, match="larger than 1000 bytes"):
        guarded_session(LOCAL).get(one.url)


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.2)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(8):
            time.sleep(0.1)
            try:
                connection.sendall(b"1\r\nx\r\n")
            except OSError:
                return

    with server(drip) as one, pytest.raises(NoAnswer, match="took longer"):
        guarded_session(LOCAL).get(one.url)


def test_time_outs_are_set_where_a_plugin_sets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    with server(lambda connection: time.sleep(0.5)) as one, pytest.raises(NoAnswer):
        guarded_session(LOCAL).get(one.url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:port/", "http://[::1/", "/relative", "ftp://127.0.0.1/", ""]
)
def test_a_nonsense_address_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(Misconfigured):
        guarded_session(LOCAL).get(url)


# --- who may be called ------------------------------------------------------------------------


def test_a_host_outside_the_list_is_never_called() -> None:
    with server(answer(OK)) as one, pytest.raises(Misconfigured, match="not among the hosts"):
        guarded_session(HostPolicy(hosts=frozenset({"pay.example"}), allow_loopback=True)).get(one.url)
    assert one.received == []


@pytest.mark.parametrize("url", ["https://pay.example.evil.example/", "https://evil.example/pay.example"])
def test_a_similar_name_is_another_host(url: str) -> None:
    with pytest.raises(Misconfigured, match="not among the hosts"):
        HostPolicy(hosts=frozenset({"pay.example"})).check_url(url)


@pytest.mark.parametrize("url", ["https://user@pay.example/", "https://PAY.example./v1"])
def test_the_same_host_in_other_clothes_is_the_same(url: str) -> None:
    HostPolicy(hosts=frozenset({"pay.example"})).check_url(url)


def test_plain_http_is_refused_in_the_open() -> None:
    with pytest.raises(Misconfigured, match="plain http is refused"):
        HostPolicy(hosts=frozenset({"pay.example"})).check_url("http://pay.example/")


CLOSED = [
    "127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::",  # noqa: S104 - refused
    "10.0.0.1", "172.16.3.4", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "224.0.0.1", "255.255.255.255", "198.18.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", CLOSED)
def test_a_public_name_that_leads_inside_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_: [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    )
    with pytest.raises(Misconfigured, match="which is refused"):
        guarded_session(HostPolicy(hosts=frozenset({"pay.example"}))).get("https://pay.example/")


def test_one_closed_address_among_many_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    with pytest.raises(Misconfigured):
        guarded_session(HostPolicy(hosts=frozenset({"pay.example"}))).get("https://pay.example/")


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1"])
def test_the_metadata_service_stays_closed_even_on_request(address: str) -> None:
    policy = HostPolicy(hosts=frozenset({"panel.example"}), allow_private=True, allow_loopback=True)
    with pytest.raises(Misconfigured):
        policy.check_address("panel.example", ipaddress.ip_address(address), encrypted=True)


def test_private_addresses_can_be_opened() -> None:
    policy = HostPolicy(hosts=frozenset({"panel.example"}), allow_private=True)
    policy.check_address("panel.example", ipaddress.ip_address("10.0.0.5"), encrypted=False)


def test_plain_http_never_reaches_a_public_address() -> None:
    policy = HostPolicy(hosts=frozenset({"panel.example"}), allow_private=True)
    with pytest.raises(Misconfigured, match="plain http to a public address"):
        policy.check_address("panel.example", ipaddress.ip_address("93.184.216.34"), encrypted=False)


def test_the_checked_address_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere at the second look (DNS rebinding) is looked at once only."""
    asked: list[object] = []
    real = socket.getaddrinfo

    def once(host: str, port: int, *rest: int) -> list[object]:
        asked.append(host)
        return list(real("127.0.0.1", port, *rest))

    with server(answer(OK)) as one:
        monkeypatch.setattr(socket, "getaddrinfo", once)
        policy = HostPolicy(hosts=frozenset({"panel.example"}), allow_loopback=True)
        url = one.url.replace("127.0.0.1", "panel.example")
        assert guarded_session(policy).get(url).status_code == 200
    assert asked == ["panel.example"]


# --- redirects, cookies, environment ----------------------------------------------------------


def _redirect(place: str) -> Behave:
    return answer(
        f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    )


def test_redirects_are_not_followed_by_default() -> None:
    with server(_redirect("/elsewhere")) as one:
        response = guarded_session(LOCAL).get(one.url)
        assert (response.status_code, len(one.received)) == (302, 1)


def test_a_redirect_to_another_host_is_never_followed() -> None:
    with server(answer(OK)) as other, server(_redirect(other.url)) as one:
        response = guarded_session(LOCAL).get(one.url, allow_redirects=True)
        assert (response.status_code, other.received) == (302, [])


def test_a_circle_of_redirects_has_no_answer() -> None:
    with server(_redirect("/again")) as one, pytest.raises(NoAnswer, match="too many redirects"):
        guarded_session(LOCAL).get(one.url, allow_redirects=True)


def test_the_environment_is_not_listened_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login u password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with server(answer(OK)) as one:
        assert guarded_session(LOCAL).get(one.url).status_code == 200
        assert b"Authorization" not in one.received[0]


def test_cookies_are_not_kept() -> None:
    with server(answer(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: sid=1\r\n\r\n"))) as one:
        session = guarded_session(LOCAL)
        session.get(one.url)
        session.get(one.url)
        assert b"Cookie" not in one.received[1]


def test_verification_can_not_be_switched_off() -> None:
    with server(answer(b"no TLS here")) as one, pytest.raises(NotSent):
        guarded_session(LOCAL).get(one.url.replace("http:", "https:"), verify=False)


def test_queries_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with server(answer(OK)) as one, caplog.at_level(logging.DEBUG):
        guarded_session(LOCAL).get(f"{one.url}/v1?key=canary")
    assert "/v1" in caplog.text
    assert "canary" not in caplog.text


# --- the seam for tests -----------------------------------------------------------------------


class Lost:
    def before(self, request: requests.PreparedRequest) -> None:
        pass

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        raise requests.ReadTimeout("lost")


class Unplugged(Lost):
    def before(self, request: requests.PreparedRequest) -> None:
        raise requests.ConnectionError("unplugged")


def test_a_fault_before_sending_was_not_sent() -> None:
    with server(answer(OK)) as one:
        with pytest.raises(NotSent):
            guarded_session(LOCAL, faults=Unplugged()).get(one.url)
        assert one.received == []


def test_a_fault_after_acting_has_no_answer() -> None:
    with server(answer(OK)) as one:
        with pytest.raises(NoAnswer):
            guarded_session(LOCAL, faults=Lost()).get(one.url)
        assert len(one.received) == 1


def test_what_was_answered_is_noted_only_while_somebody_listens() -> None:
    with server(lambda connection: connection.sendall(OK)) as one:
        session = guarded_session(LOCAL)
        session.get(f"{one.url}/before")
        with http.overheard() as heard:
            session.get(f"{one.url}/asked?secret=1")
        session.get(f"{one.url}/after")
    assert heard == ['GET 127.0.0.1/asked: 200 no content type\n{"ok":true}']
