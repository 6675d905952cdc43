"""A worker's name is taken by one process at a time, and comes back after a restart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import SettingsError
from core.work import names

ROOT = Path(__file__).resolve().parents[3]


def test_a_wanted_name_is_taken_once(tmp_path: Path) -> None:
    with names.take(tmp_path, "worker@1") as held:
        assert held.name == "worker@1"
        with pytest.raises(SettingsError, match="worker@1"):
            names.take(tmp_path, "worker@1")
    names.take(tmp_path, "worker@1").release()


def test_without_a_wish_the_first_free_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "panda")
    first, second = names.take(tmp_path), names.take(tmp_path)
    assert (first.name, second.name) == ("panda-1", "panda-2")
    first.release()
    again = names.take(tmp_path)
    assert again.name == "panda-1"
    again.release()
    second.release()


def test_all_names_taken_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "SLOTS", 1)
    with names.take(tmp_path), pytest.raises(SettingsError, match="--name"):
        names.take(tmp_path)


def test_a_name_never_leaves_its_folder(tmp_path: Path) -> None:
    with names.take(tmp_path / "data", "../../etc/x") as held:
        assert held.name == "../../etc/x"
    assert [path.name for path in tmp_path.rglob("*.lock")] == [".._.._etc_x.lock"]
    assert (tmp_path / "data" / "workers" / ".._.._etc_x.lock").exists()


@pytest.mark.crash
def test_a_killed_process_lets_go_of_its_name(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib; from core.work import names; "
        "held = names.take(pathlib.Path(sys.argv[1]), 'w1'); print('held', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == "held\n"
        with pytest.raises(SettingsError):
            names.take(tmp_path, "w1")
        process.kill()
        process.wait()
    names.take(tmp_path, "w1").release()
