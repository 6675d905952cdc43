"""The name of a process among the workers: unique at any moment, the same again after a restart."""

from __future__ import annotations

import fcntl
import re
import socket
from pathlib import Path
from types import TracebackType
from typing import IO

from core.settings import SettingsError

EMBEDDED = "embedded"  # the one process of an embedded database, wherever its folder lies today
SLOTS = 64


class HeldName:
    """A name that no other process on this machine can take while we live. The system lets go of it
    when the process ends, however it ends."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises SettingsError when another process has it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self._lock: IO[str] = (folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise SettingsError(
                f"another process works under the name {name!r} with the data in {folder.parent}: "
                "stop it, or give this one a name of its own with INNKEEPER_WORKER."
            ) from None

    def release(self) -> None:
        self._lock.close()

    def __enter__(self) -> HeldName:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def take(data: Path, wanted: str = "") -> HeldName:
    """The wanted name, or the first free one of this machine: "<host>-1", "<host>-2" ...

    Raises SettingsError when it is taken, or all are.
    """
    folder = data / "workers"
    if wanted:
        return HeldName(folder, wanted)
    host = socket.gethostname() or "worker"
    for slot in range(1, SLOTS + 1):
        try:
            return HeldName(folder, f"{host}-{slot}")
        except SettingsError:
            continue
    raise SettingsError(f"{SLOTS} workers run on this machine already: name further ones with --name.")
