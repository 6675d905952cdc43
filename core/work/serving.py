"""The two web servers: waitress inside one process, gunicorn for production."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import waitress  # type: ignore[import-untyped]
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from core.settings import Settings, SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8
LARGEST_BODY = 64 * 1024 * 1024  # bytes on disk; what a page accepts is decided by the web, in its words
CONNECTIONS = 500
GRACE_SECONDS = 10
TIMEOUT_SECONDS = 60


def bind(settings: Settings) -> socket.socket:
    """Take the port, not listening yet: callers are refused until we are ready.

    Raises SettingsError when it is in use.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((settings.host, settings.port))
    except OSError as error:
        taken.close()
        raise SettingsError(
            f"port {settings.port} on {settings.host} can not be used ({error.strerror}): "
            "stop what uses it or set INNKEEPER_PORT."
        ) from error
    return taken


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does. A second signal does not disturb the way out."""
    numbers = (signal.SIGTERM, signal.SIGINT)

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, end)
    with suppress(KeyboardInterrupt):
        yield


def leave() -> None:
    """End the process now if a thread that hangs in a call would hold it up; otherwise do nothing.

    What hangs is taken up again at the next start: that is the same as a crash at this point.
    """
    others = [one for one in threading.enumerate() if one is not threading.current_thread()]
    if any(one.is_alive() and not one.daemon for one in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def freeze_loaded() -> None:
    """What is loaded by now stays for the life of the process: the collector need not walk through it again
    and again, which took a tenth of the time of a page. It runs a bit more rarely, too."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def serve(app: WSGIApplication, taken: socket.socket, settings: Settings) -> None:
    """Answer on a bound socket with waitress until a signal or Ctrl-C."""
    server = waitress.create_server(
        app,
        sockets=[taken],
        threads=THREADS,
        ident=None,
        connection_limit=CONNECTIONS,
        max_request_body_size=LARGEST_BODY,
        # Which forwarded headers are believed is decided in one place, by the web application.
        clear_untrusted_proxy_headers=settings.proxies == 0,
    )
    freeze_loaded()
    server.run()
    server.close()


class GunicornServer(BaseApplication):  # type: ignore[misc]
    """Gunicorn without a file of its own: each web process builds its house after the fork."""

    def __init__(self, settings: Settings, make_app: Callable[[], WSGIApplication], *, threads: int) -> None:
        self._settings = settings
        self._make_app = make_app
        self._threads = threads
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        app = self._make_app()
        freeze_loaded()
        return app

    def _options(self) -> dict[str, Any]:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return {
            "bind": f"{host}:{self._settings.port}",
            "workers": self._settings.workers,
            "threads": self._threads,
            "worker_class": "gthread",
            "timeout": TIMEOUT_SECONDS,
            "graceful_timeout": GRACE_SECONDS,
            "control_socket_disable": True,
            "proc_name": "innkeeper-web",
            "loglevel": "warning",
        }
