"""``python -m bench``: run what there is and print it as a table."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path
from statistics import median

from bench import rows

ROUNDS = 5


def main() -> None:
    results = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="innkeeper-bench-") as folder:
            results.append(rows.measure(Path(folder)))
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"load average {load}; {os.cpu_count()} cores; SQLite {sqlite3.sqlite_version}")
    print(f"{'benchmark':<12}{'median':>14}{'spread':>24}")
    spread = f"{min(results):.1f} to {max(results):.1f} us"
    print(f"{'rows':<12}{median(results):>11.1f} us{spread:>24}")


if __name__ == "__main__":
    main()
