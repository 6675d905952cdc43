"""A process that sends one mail, for tests that kill it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from core.kernel.clock import FixedClock
from core.mail import delivery
from tests.fixtures.innkeeper import open_house, world_settings


def main(url: str, data: str, world_port: str, smtp_url: str, message_id: str, now: str) -> None:
    settings = world_settings(int(world_port), url, Path(data))
    settings = settings.model_copy(update={"smtp_url": SecretStr(smtp_url)})
    house = open_house(settings, FixedClock(datetime.fromisoformat(now)))
    delivery.send(house, UUID(message_id))
    house.db.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
