"""``python -m core.testing.sandbox``: the pretend world as a process."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from core.testing.sandbox.fields import is_web_address
from core.testing.sandbox.serve import end_with_parent, main
from core.testing.sandbox.world import SECRET_KEY


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m core.testing.sandbox", description=__doc__)
    options.add_argument("--port", type=int, default=8900, help="port on 127.0.0.1; 0 takes a free one")
    options.add_argument("--data", type=Path, default=Path("var/sandbox"), help="folder of the books")
    options.add_argument("--key", default=SECRET_KEY, help="the secret key callers must show")
    options.add_argument("--webhook-url", help="where events are sent")
    options.add_argument("--webhook-secret", help="what they are signed with")
    options.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    return options


def run() -> None:
    options = parser()
    given = options.parse_args()
    if bool(given.webhook_url) != bool(given.webhook_secret):
        options.error("--webhook-url and --webhook-secret belong together")
    if given.webhook_url and not is_web_address(given.webhook_url):
        options.error("--webhook-url must be an absolute http or https address")
    stop = threading.Event()
    if given.with_parent:
        end_with_parent(stop)
    main(given.port, given.data, given.key, given.webhook_url, given.webhook_secret, stop=stop)


if __name__ == "__main__":
    run()
