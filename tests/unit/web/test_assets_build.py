"""Set-up lays out the browser's files from what npm brought, and notices when they are not right."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.web.assets import build

FONT = """@font-face {
  font-family: 'Some';
  src: url(./files/some-latin.woff2) format('woff2'), url(./files/some-latin.woff) format('woff');
}
"""
ICON = """<svg
  xmlns="http://www.w3.org/2000/svg" stroke-width="2"
>
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M9 3l6 0" />
</svg>
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose node_modules hold one of everything, and nothing in vendor/."""
    modules = tmp_path / "node_modules"
    for source in (*build.COPIES.values(), *build.LICENCES):
        write(modules / source, source)
    for style in build.STYLES:
        write(modules / style, FONT)
        write((modules / style).parent / "files" / "some-latin.woff2", "woff2")
    write(modules / "@tabler" / "icons" / "icons" / "outline" / "flask.svg", ICON)
    write(tmp_path / "icons.txt", "# words\nflask\n")
    for name, value in {"HERE": tmp_path, "MODULES": modules, "ICONS": tmp_path / "icons.txt"}.items():
        monkeypatch.setattr(build, name, value)
    for name in ("package-lock.json", "build.py"):
        write(tmp_path / name, name)
    monkeypatch.setattr(build, "VENDOR", tmp_path / "static" / "vendor")
    monkeypatch.setattr(build, "FOR_TESTS", modules / "axe-core" / "axe.min.js")
    return tmp_path


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """npm brings nothing new; each call is noted."""
    calls: list[bool] = []
    monkeypatch.setattr(build, "npm_install", lambda *, for_tests: calls.append(for_tests))
    return calls


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_repeat_touches_nothing(checkout: Path, installs: list[bool]) -> None:
    assert build.build() is True
    assert build.build() is False
    assert installs == [False]


@pytest.mark.parametrize("damage", ["changed", "deleted", "added"])
def test_a_damaged_folder_is_made_again(checkout: Path, installs: list[bool], damage: str) -> None:
    build.build()
    victim = build.VENDOR / "htmx" / "htmx.min.js"
    if damage == "deleted":
        victim.unlink()
    else:
        write(victim if damage == "changed" else victim.with_name("stray.js"), "alert(1)")
    assert build.build() is True
    assert victim.read_text() == build.COPIES["htmx/htmx.min.js"]
    assert not victim.with_name("stray.js").exists()


@pytest.mark.parametrize("name", build.INPUTS)
def test_a_changed_input_makes_it_again(checkout: Path, installs: list[bool], name: str) -> None:
    build.build()
    with (checkout / name).open("a") as file:
        file.write("\n# changed\n")
    assert build.build() is True


def test_tests_want_more_than_pages(checkout: Path, installs: list[bool]) -> None:
    build.build()
    assert not build.is_current(for_tests=True)
    write(build.FOR_TESTS, "axe")
    assert build.is_current(for_tests=True)


def test_the_sprite_holds_the_drawing_alone(checkout: Path, installs: list[bool]) -> None:
    build.build()
    sprite = (build.VENDOR / "icons" / "icons.svg").read_text()
    assert '<symbol id="flask" viewBox="0 0 24 24"><path d="M9 3l6 0" /></symbol>' in sprite


def test_fonts_name_only_files_that_are_there(checkout: Path, installs: list[bool]) -> None:
    build.build()
    css = (build.VENDOR / "fonts" / "fonts.css").read_text()
    assert css.count('src: url("some-latin.woff2") format("woff2");') == len(build.STYLES)
    assert (build.VENDOR / "fonts" / "some-latin.woff2").exists()


def test_a_misspelt_icon_leaves_the_old_folder(checkout: Path, installs: list[bool]) -> None:
    build.build()
    write(checkout / "icons.txt", "flask\nflaks\n")
    with pytest.raises(build.AssetError, match="'flaks'"):
        build.build()
    assert (build.VENDOR / "icons" / "icons.svg").exists()


def test_a_missing_npm_is_said_plainly(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert build.main([]) == 1
    assert "npm is missing" in capsys.readouterr().err


def test_every_package_in_the_lock_is_pinned_by_hash() -> None:
    lock = (Path(build.__file__).parent / "package-lock.json").read_text()
    assert '"resolved"' not in lock  # it would name a registry
    assert lock.count('"integrity"') == lock.count('"node_modules/')
