"""Commands of the books."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from core.billing.checks import breaches
from core.kernel.audit import verify
from core.kernel.audit_seal import seal_with
from core.kernel.db import Database
from core.settings import key_ring, load


@click.command()
def reconcile() -> None:
    """Check every invariant of the books, the chain of the audit log and its seal; exit 1 when one is
    broken."""
    settings = load()
    db = Database(settings.database)
    seal_with(db, key_ring(settings))
    console = Console()
    with db.read() as session:
        found = [f"{breach.rule}: {breach.subject}" for breach in breaches(session)]
        found += [f"audit log, entry {problem.sequence}: {problem.reason}" for problem in verify(session)]
    db.dispose()
    for line in found:
        console.print(line)
    console.print("The books hold." if not found else f"{len(found)} invariants are broken.")
    sys.exit(1 if found else 0)


commands: tuple[click.Command, ...] = (reconcile,)
