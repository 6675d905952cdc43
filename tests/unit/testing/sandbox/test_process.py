"""The real process: what a caller sees on the wire, and what is left after ``kill -9``."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from core.testing.sandbox.client import SandboxError, SandboxProcess

AUTH = {"Authorization": "Bearer sandbox-secret"}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess.start(tmp_path / "sandbox") as running:
        yield running


def order(sandbox: SandboxProcess, token: str, key: str, timeout: float = 20) -> requests.Response:
    body = {"amount": 500, "currency": "USD", "token": token, "reference": key}
    return requests.post(
        f"{sandbox.url}/v1/charges", json=body, headers=AUTH | {"Idempotency-Key": key}, timeout=timeout
    )


def test_a_lost_answer_breaks_the_connection_at_once(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    sandbox.fault("charges", "lose_answer")
    before = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        order(sandbox, token, "once")
    assert time.monotonic() - before < 5
    (charge,) = sandbox.books("charges")
    assert order(sandbox, token, "once").json()["id"] == charge["id"]
    assert len(sandbox.books("charges")) == 1


def test_a_stall_breaks_the_connection_and_acts_never(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    sandbox.fault("charges", "stall", seconds=0.3)
    with pytest.raises(requests.ConnectionError):
        order(sandbox, token, "once")
    assert sandbox.books("charges") == []


def test_a_caller_that_gives_up_on_a_stall_is_not_charged(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    sandbox.fault("charges", "stall", seconds=1)
    with pytest.raises(requests.ReadTimeout):
        order(sandbox, token, "once", timeout=0.3)
    time.sleep(1.2)
    assert sandbox.books("charges") == []


def test_stalled_calls_hold_up_nobody(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    sandbox.fault("charges", "stall", times=30, seconds=60)
    with ThreadPoolExecutor(30) as pool:
        stalled = [pool.submit(order, sandbox, token, f"s{number}") for number in range(30)]
        wait_for(lambda: len(sandbox.books("calls")) == 31)
        assert order(sandbox, token, "k").json()["status"] == "succeeded"
        sandbox.stop()  # wakes them, and ends well within its grace
        assert all(isinstance(one.exception(10), requests.ConnectionError) for one in stalled)


def test_twenty_at_once_under_one_key_charge_once(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: order(sandbox, token, "once").json()["id"], range(20)))
    (charge,) = sandbox.books("charges")
    assert answers == [charge["id"]] * 20


def test_an_act_outlives_kill_9_before_its_answer(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    sandbox.fault("charges", "late", seconds=60)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(order, sandbox, token, "once")
        wait_for(lambda: bool(sandbox.books("charges")))
        sandbox.kill()
        assert isinstance(waiting.exception(20), requests.ConnectionError)
    sandbox.restart()
    (charge,) = sandbox.books("charges")
    assert order(sandbox, token, "once").json()["id"] == charge["id"]
    assert len(sandbox.books("charges")) == 1


def test_kill_9_in_a_storm_leaves_one_charge_per_key(sandbox: SandboxProcess) -> None:
    token = sandbox.token()
    answered: dict[str, str] = {}

    def pay(key: str) -> None:
        try:
            answered[key] = order(sandbox, token, key).json()["id"]
        except requests.RequestException:  # cut off before, within or after the answer
            return

    keys = [f"k{number}" for number in range(60)]
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            running = [pool.submit(pay, key) for key in keys]
            time.sleep(0.15)
            sandbox.kill()
        assert [str(one.exception()) for one in running if one.exception()] == []
        sandbox.restart()
    for key in keys:
        pay(key)
    charges = {str(charge["key"]): charge["id"] for charge in sandbox.books("charges")}
    assert len(sandbox.books("charges")) == len(keys)
    assert charges == answered


def test_faults_and_the_clock_outlive_kill_9(sandbox: SandboxProcess) -> None:
    sandbox.fault("panel", "refuse", times=2, method="GET")
    assert sandbox.call("GET", "/panel/accounts").status == 503
    sandbox.advance(days=3)
    sandbox.kill()
    sandbox.restart()
    assert sandbox.call("GET", "/panel/accounts").status == 503
    assert sandbox.call("GET", "/panel/accounts").status == 200
    assert sandbox.call("GET", "/clock").body["offset_seconds"] == 3 * 86_400


class Shop:
    """A real receiver of webhooks that answers 500 as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.taken: queue.Queue[tuple[bytes, str]] = queue.Queue()
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                shop.taken.put((body, self.headers["Sandbox-Signature"]))
                shop.failures -= 1
                self.send_response(500 if shop.failures >= 0 else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> Shop:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def test_webhooks_are_delivered_and_retried_over_kill_9(tmp_path: Path) -> None:
    with (
        Shop(failures=2) as shop,
        SandboxProcess.start(tmp_path, webhook_url=shop.url, webhook_secret="whsec_1") as sandbox,
    ):
        order(sandbox, sandbox.token(), "once")
        first, _ = shop.taken.get(timeout=10)
        sandbox.kill()
        sandbox.restart()
        again = [shop.taken.get(timeout=10) for _ in range(2)]
        assert {body for body, _ in again} == {first}
        assert json.loads(first)["data"]["key"] == "once"
        body, header = again[-1]
        at = header.partition(",")[0].removeprefix("t=")
        digest = hmac.new(b"whsec_1", at.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert header == f"t={at},v1={digest}"
        wait_for(lambda: sandbox.books("events")[0]["last_answer"] == "200")


def test_settlement_arrives_by_itself_when_the_clock_is_moved(tmp_path: Path) -> None:
    with Shop(failures=0) as shop, SandboxProcess.start(tmp_path) as sandbox:
        sandbox.send_webhooks_to(shop.url, "whsec_1")
        transfer = {
            "amount": 500, "currency": "USD", "routing_number": "110000000", "account_number": "000123456789",
            "account_type": "checking", "holder": "A", "reference": "",
        }  # fmt: skip
        reply = sandbox.call("POST", "/v1/transfers", transfer, idempotency_key="once")
        sandbox.advance(days=3)
        assert json.loads(shop.taken.get(timeout=10)[0])["type"] == "transfer.settled"
        sandbox.return_transfer(str(reply.body["id"]), "R10")
        assert json.loads(shop.taken.get(timeout=10)[0])["type"] == "transfer.returned"


def test_the_client_plays_the_buyer_of_the_wallet(sandbox: SandboxProcess) -> None:
    ways = {"return_url": "http://127.0.0.1:8000/return", "cancel_url": "http://127.0.0.1:8000/cancel"}
    reply = sandbox.call(
        "POST", "/v1/wallet/payments", {"amount": 500, "currency": "USD"} | ways, idempotency_key="once"
    )
    goal = sandbox.press(str(reply.body["approve_url"]))
    assert goal == f"http://127.0.0.1:8000/return?payment={reply.body['id']}"
    assert sandbox.books("payments")[0]["status"] == "approved"


def test_sigterm_ends_it_cleanly(sandbox: SandboxProcess) -> None:
    sandbox.token()
    process = subprocess.Popen(["kill", "-TERM", str(sandbox.pid)])
    assert process.wait() == 0
    wait_for(lambda: not listens(sandbox.port))
    assert (sandbox.data / "sandbox.log").read_text() == ""


def test_it_listens_on_the_loopback_only(sandbox: SandboxProcess) -> None:
    listeners = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = [row[1] for row in listeners if row[1].endswith(f":{sandbox.port:04X}") and row[3] == "0A"]
    assert own == [f"0100007F:{sandbox.port:04X}"]


def test_a_port_in_use_is_a_sentence(sandbox: SandboxProcess, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="in use"):
        SandboxProcess.start(tmp_path / "second", sandbox.port)


def test_an_order_the_world_refuses_is_an_error_of_the_test(sandbox: SandboxProcess) -> None:
    with pytest.raises(SandboxError, match="target"):
        sandbox.fault("moon", "refuse")


@pytest.mark.parametrize(
    "extra", [["--webhook-url", "http://127.0.0.1/"], ["--webhook-url", "x", "--webhook-secret", "s"]]
)
def test_half_a_webhook_target_is_refused(tmp_path: Path, extra: list[str]) -> None:
    command = [sys.executable, "-m", "core.testing.sandbox", "--data", str(tmp_path), "--port", "0", *extra]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert "--webhook" in done.stderr


def test_it_knows_nothing_of_the_house(tmp_path: Path) -> None:
    """The world must stay a stranger: no part of Innkeeper but itself is loaded."""
    code = (
        "import sys; import core.testing.sandbox.__main__, core.testing.sandbox.client; "
        "mine = [n for n in sys.modules if n.startswith('core')]; "
        "print([n for n in mine if not n.startswith('core.testing.sandbox')], "
        "[n for n in ('requests', 'sqlalchemy', 'pydantic', 'dbos') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "['core', 'core.testing'] []"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(holds: object, seconds: float = 10) -> None:
    """Until it holds; fails after so long."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
