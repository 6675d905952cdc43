"""What the fork server loads before the first process dies: see ``child.warm_up``."""

from __future__ import annotations

from tests.crash import child

child.warm_up()
