"""The pretend world as a child process: it ends with us, however we end."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from core.settings import SettingsError
from core.testing.sandbox.world import READY

HOST = "127.0.0.1"
READY_WITHIN_SECONDS = 30.0
FREE_WITHIN_SECONDS = 10.0  # a world whose parent was killed needs a moment to end
END_WITHIN_SECONDS = 5.0


class PretendWorld:
    """Started on construction; ``wait`` for it before it is needed."""

    def __init__(self, port: int, data: Path) -> None:
        """Raises SettingsError when the port stays in use."""
        _wait_until_free(port)
        self._port = port
        self._ready = threading.Event()
        self._child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "core.testing.sandbox",
                f"--port={port}",
                f"--data={data}",
                "--with-parent",
            ],
            stdin=subprocess.PIPE,  # held open by us: the world ends when it closes, even after kill -9
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us only, and we end it last
            text=True,
        )
        assert self._child.stdout is not None
        threading.Thread(target=self._listen, args=(self._child.stdout,), daemon=True).start()

    def wait(self) -> None:
        """Until it answers. Raises SettingsError when it does not."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not self._ready.wait(0.05):
            if self._child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SettingsError(f"the pretend world did not start on port {self._port}.")

    def stop(self) -> None:
        """End it, the hard way if it lingers. Doing it twice changes nothing."""
        self._child.terminate()
        try:
            self._child.wait(END_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdin is not None:
            self._child.stdin.close()

    def _listen(self, output: IO[str]) -> None:
        with output:
            for line in output:
                if line.startswith(READY):
                    self._ready.set()


def _wait_until_free(port: int) -> None:
    deadline = time.monotonic() + FREE_WITHIN_SECONDS
    while not _is_free(port):
        if time.monotonic() > deadline:
            raise SettingsError(
                f"port {port} is in use, and the pretend world needs it: set INNKEEPER_SANDBOX_PORT."
            )
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
