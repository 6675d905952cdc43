"""The process: a threaded server on the loopback that can really hang up."""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from core.testing.sandbox.app import create_app
from core.testing.sandbox.webhooks import Deliverer, set_target
from core.testing.sandbox.world import READY, SECRET_KEY, World, open_world

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HOST = "127.0.0.1"
GRACE = 3.0  # seconds for calls under way when the process is asked to end
IDLE = 30.0  # seconds a caller may keep us waiting for its bytes


class Handler(WSGIRequestHandler):
    """Quiet, and hangs up when the fault layer says so."""

    timeout = IDLE

    def log(self, type: str, message: str, *args: Any) -> None:
        """No access log: the book of calls is better."""

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Werkzeug would keep the connection for another request; we reset it, so that the caller sees
        at once that no answer will come."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server(ThreadedWSGIServer):
    """One thread per call, so that a stalled one holds up nobody; counts those under way."""

    def __init__(self, port: int, world: World) -> None:
        self._calls = 0
        self._idle = threading.Condition()
        super().__init__(HOST, port, create_app(world), handler=Handler)
        self.port = int(self.server_address[1])

    def server_bind(self) -> None:
        """As HTTPServer's, without asking a name server who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._counted():
            super().process_request_thread(request, client_address)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._idle:
            self._calls += 1
        try:
            yield
        finally:
            with self._idle:
                self._calls -= 1
                self._idle.notify_all()

    def wait_until_idle(self, seconds: float) -> None:
        """Until no call is under way, or so long."""
        with self._idle:
            self._idle.wait_for(lambda: self._calls == 0, seconds)


def main(
    port: int,
    data: Path | str,
    key: str = SECRET_KEY,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    *,
    stop: threading.Event | None = None,
) -> None:
    """Serve the pretend world on the loopback until SIGTERM or SIGINT. Port 0 takes a free one.

    Prints one line, ``Sandbox ready at http://127.0.0.1:<port>``, once it answers. Exits with a sentence
    when the port is in use; raises ValueError for a webhook address without a secret. ``stop`` may be
    set by the caller to end it.
    """
    if webhook_url and not webhook_secret:
        raise ValueError("webhooks are signed: webhook_url needs webhook_secret")
    world = open_world(Path(data), key=key)
    if webhook_url and webhook_secret:
        with world.books.transaction() as tx:
            set_target(tx, webhook_url, webhook_secret)
    server = Server(port, world)
    stop = stop or threading.Event()
    _on_signals(stop)
    _run(server, world, stop)


def _run(server: Server, world: World, stop: threading.Event) -> None:
    deliverer = threading.Thread(target=Deliverer(world).run, name="webhooks", daemon=True)
    acceptor = threading.Thread(target=server.serve_forever, args=(0.1,), name="server", daemon=True)
    deliverer.start()
    acceptor.start()
    sys.stdout.write(f"{READY}http://{HOST}:{server.port}\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()
    world.closing.set()
    world.news.set()
    server.wait_until_idle(GRACE)
    deliverer.join(GRACE)
    server.server_close()
    world.close()


def _on_signals(stop: threading.Event) -> None:
    """Signals are the main thread's affair; elsewhere the caller ends us through ``stop``."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())


def end_with_parent(stop: threading.Event) -> None:
    """End when standard input does: when the process that started us is gone, however it went."""

    def watch() -> None:
        while os.read(0, 4096):  # not sys.stdin: its lock would hold up the end of the process
            pass
        stop.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()
