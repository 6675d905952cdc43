"""Fetch and lay out the browser's third-party files: ``python -m core.web.assets.build``.

npm installs exactly what ``package-lock.json`` pins (by hash, running no scripts), and the few files
that pages use are copied to ``core/web/static/vendor``: Bootstrap, htmx, the fonts with one
``fonts.css``, and a sprite of the icons named in ``icons.txt``. ``manifest.json`` there keeps the
SHA-256 of each file; while it matches, a repeat touches neither the network nor the folder.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
VENDOR = HERE.parent / "static" / "vendor"
ICONS = HERE / "icons.txt"
INPUTS = ("package-lock.json", "icons.txt", "build.py")
FOR_TESTS = MODULES / "axe-core" / "axe.min.js"

COPIES = {
    "bootstrap/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
}
STYLES = (  # each lies beside its files/
    "@fontsource-variable/hanken-grotesk/wght.css",
    "@fontsource/ibm-plex-mono/400.css",
)
LICENCES = (
    "bootstrap/LICENSE",
    "@popperjs/core/LICENSE.md",  # inside bootstrap.bundle
    "htmx.org/LICENSE",
    "@fontsource-variable/hanken-grotesk/LICENSE",
    "@fontsource/ibm-plex-mono/LICENSE",
    "@tabler/icons/LICENSE",
)
SOURCE = re.compile(r"src:[^;]*?url\(\./files/([\w.-]+\.woff2)\)[^;]*;")
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
CANVAS = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


class AssetError(Exception):
    """Why the assets cannot be made, in one sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What lies in ``vendor/``: the digest of what it was made from, and of each file."""

    inputs: str
    files: dict[str, str]

    @classmethod
    def load(cls, folder: Path) -> Manifest | None:
        """The manifest of a folder; None when there is none that can be read."""
        try:
            return cls(**json.loads((folder / "manifest.json").read_text()))
        except (OSError, TypeError, ValueError):
            return None

    def save(self, folder: Path) -> None:
        text = json.dumps({"inputs": self.inputs, "files": self.files}, indent=2)
        (folder / "manifest.json").write_text(text + "\n")

    def holds(self, folder: Path) -> bool:
        """Whether every file is there with the content that was written."""
        return self.files == digests(folder)


def is_current(*, for_tests: bool = False) -> bool:
    """Whether ``vendor/`` is what this checkout asks for. Reads some 20 files, no network."""
    manifest = Manifest.load(VENDOR)
    if manifest is None or manifest.inputs != inputs_digest() or not manifest.holds(VENDOR):
        return False
    return not for_tests or FOR_TESTS.exists()


def build(*, for_tests: bool = False) -> bool:
    """Bring ``vendor/`` up to date; returns whether anything was done. Raises AssetError.

    The new folder replaces the old one only when it is complete, so a failure leaves the old one.
    """
    with _alone():
        if is_current(for_tests=for_tests):
            return False
        npm_install(for_tests=for_tests)
        fresh = VENDOR.with_name("vendor.new")
        shutil.rmtree(fresh, ignore_errors=True)
        lay_out(fresh)
        shutil.rmtree(VENDOR, ignore_errors=True)
        fresh.rename(VENDOR)
        return True


def lay_out(folder: Path) -> None:
    """Write everything that pages use into ``folder``, and the manifest last."""
    for target, source in COPIES.items():
        _copy(MODULES / source, folder / target)
    for licence in LICENCES:
        name = Path(licence).parent.as_posix().strip("@").replace("/", "-")
        _copy(MODULES / licence, folder / "licenses" / f"{name}.txt")
    write_fonts(folder / "fonts")
    (folder / "icons").mkdir()
    (folder / "icons" / "icons.svg").write_text(sprite(icon_names()))
    Manifest(inputs=inputs_digest(), files=digests(folder)).save(folder)


def write_fonts(folder: Path) -> None:
    """One ``fonts.css`` and the woff2 files it names, for all of ``STYLES``."""
    parts = []
    for style in STYLES:
        css = (MODULES / style).read_text()
        for name in SOURCE.findall(css):
            _copy((MODULES / style).parent / "files" / name, folder / name)
        parts.append(SOURCE.sub(r'src: url("\1") format("woff2");', css))
    (folder / "fonts.css").write_text("\n".join(parts))


def icon_names() -> tuple[str, ...]:
    """The names listed in ``icons.txt``, in order."""
    lines = (line.strip() for line in ICONS.read_text().splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def sprite(names: tuple[str, ...]) -> str:
    """One SVG with a ``<symbol>`` per icon; ``<use href="icons.svg#name">`` draws it."""
    symbols = "\n".join(_symbol(name) for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def inputs_digest() -> str:
    """A digest of everything here that decides what ``vendor/`` holds."""
    whole = hashlib.sha256()
    for name in INPUTS:
        whole.update((HERE / name).read_bytes())
    return whole.hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """Path within the folder -> SHA-256, of every file but the manifest."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "manifest.json")
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def npm_install(*, for_tests: bool) -> None:
    """Exactly what the lock pins, verified by hash. Scripts of packages are never run."""
    npm = shutil.which("npm")
    if npm is None:
        raise AssetError("npm is missing: install Node.js 18 or newer, which brings it, and start again")
    scope = [] if for_tests else ["--omit=dev"]
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *scope]
    done = subprocess.run(command, cwd=HERE, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssetError(f"npm could not fetch the browser's files:\n{done.stderr.strip()}")


def _symbol(name: str) -> str:
    path = MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
    if not path.exists():
        raise AssetError(f"{ICONS.name} names {name!r}, which is no Tabler outline icon")
    found = DRAWING.search(path.read_text())
    if found is None:
        raise AssetError(f"the drawing of {name!r} cannot be read")
    drawing = " ".join(CANVAS.sub("", found.group(1)).split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>'


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


@contextmanager
def _alone() -> Iterator[None]:
    """Two starts at once take turns; the second finds everything done."""
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    with (VENDOR.parent / ".vendor.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m core.web.assets.build", description="Fetch browser assets."
    )
    parser.add_argument("--for-tests", action="store_true", help="also what only the browser tests need")
    options = parser.parse_args(arguments)
    try:
        changed = build(for_tests=options.for_tests)
    except AssetError as error:
        print(f"Browser assets: {error}", file=sys.stderr)
        return 1
    if changed:
        print(f"Browser assets: written to {VENDOR.relative_to(HERE.parents[2])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
