"""``python -m bench``: run what there is and print it as tables. See bench/README.md."""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
from pathlib import Path
from statistics import median

ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("what", nargs="*", choices=("rows", "lists", []), help="which; without: all")
    parser.add_argument("--clients", type=int, default=20_000, help="size of the lists; 1000000 is full size")
    parser.add_argument("--folder", type=Path, help="keep the databases there, and use them again")
    parser.add_argument("--url", default="", help="PostgreSQL database for the full size")
    parser.add_argument("--tenth-url", default="", help="PostgreSQL database for a tenth of it")
    asked = parser.parse_args()
    if bool(asked.url) != bool(asked.tenth_url):
        parser.error("--url and --tenth-url go together")
    what = asked.what or ["rows", "lists"]
    if "rows" in what:
        _rows()
    if "lists" in what:
        _lists(asked)


def _rows() -> None:
    from bench import rows  # noqa: PLC0415

    results = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="innkeeper-bench-") as folder:
            results.append(rows.measure(Path(folder)))
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"load average {load}; {os.cpu_count()} cores; SQLite {sqlite3.sqlite_version}")
    print(f"{'benchmark':<12}{'median':>14}{'spread':>24}")
    spread = f"{min(results):.1f} to {max(results):.1f} us"
    print(f"{'rows':<12}{median(results):>11.1f} us{spread:>24}")


def _lists(asked: argparse.Namespace) -> None:
    from bench import lists  # noqa: PLC0415 - the whole house

    with tempfile.TemporaryDirectory(prefix="innkeeper-bench-") as folder:
        lists.run(asked.clients, asked.folder or Path(folder), asked.url, asked.tenth_url)


if __name__ == "__main__":
    main()
