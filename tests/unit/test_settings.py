"""Settings: file, environment, secrets in files; every mistake is one line that names where and what."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.settings import SettingsError, load, require_secret

GOOD_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "innkeeper.toml"
    path.write_text('mode = "demo"\n')
    return path


def wrong(config: Path, **environment: str) -> str:
    with pytest.raises(SettingsError) as error:
        load(config, environment)
    line = str(error.value)
    assert "\n" not in line
    return line


def test_defaults(config: Path) -> None:
    settings = load(config, {})
    assert (settings.port, settings.is_demo, settings.public_url) == (8000, True, "http://127.0.0.1:8000")
    assert settings.database.startswith("sqlite:///")


def test_the_environment_wins(config: Path) -> None:
    config.write_text('mode = "demo"\nport = 9000\nhosts = ["a.example"]\n')
    settings = load(config, {"INNKEEPER_PORT": "9001", "INNKEEPER_HOSTS": "b.example,c.example"})
    assert (settings.port, settings.hosts) == (9001, ("b.example", "c.example"))


def test_lists_are_written_as_people_write_them(config: Path) -> None:
    """A blank would be part of a key, and an empty key is one that everybody knows."""
    written = {"INNKEEPER_HOSTS": "b.example, c.example", "INNKEEPER_OLD_SECRET_KEYS": " one-key, another ,"}
    settings = load(config, written)
    assert settings.hosts == ("b.example", "c.example")
    assert [one.get_secret_value() for one in settings.old_secret_keys] == ["one-key", "another"]


def test_an_empty_variable_is_none(config: Path) -> None:
    assert load(config, {"INNKEEPER_PORT": "", "HOME": "/nowhere"}).port == 8000


def test_the_file_is_named_by_the_environment(config: Path) -> None:
    assert load(None, {"INNKEEPER_CONFIG": str(config)}).config_file == str(config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 8000", "prot is not a setting"),
        ("port = 70000", "port:"),
        ('mode = "party"', "mode:"),
        ("[plugins]\nenabeld = []", "plugins.enabeld is not a setting"),
        ("port = ", "not valid TOML"),
        ("gateways = 3", "gateways:"),
    ],
)
def test_mistakes_in_the_file_name_file_and_key(config: Path, text: str, said: str) -> None:
    config.write_text(text)
    assert said in wrong(config)
    assert wrong(config).startswith(str(config))


def test_all_that_is_wrong_is_told_at_once(config: Path) -> None:
    config.write_text('prot = 8000\nport = 70000\nmode = "party"\n[plugins]\nenabeld = []\n')
    with pytest.raises(SettingsError) as error:
        load(
            config, {"INNKEEPER_WORKERS": "no", "INNKEEPER_PROXY": "1", "INNKEEPER_SMTP_URL_FILE": "/nowhere"}
        )
    lines = sorted(str(error.value).splitlines())
    assert [line.split(":")[0] for line in lines] == [str(config)] * 4 + ["environment"] * 3
    assert [line.split(": ", 1)[1].split()[0].rstrip(":") for line in lines] == [
        "mode", "plugins.enabeld", "port", "prot",
        "INNKEEPER_PROXY", "INNKEEPER_SMTP_URL_FILE", "INNKEEPER_WORKERS",
    ]  # fmt: skip


def test_bytes_that_are_no_text(config: Path) -> None:
    config.write_bytes(b"\xff\xfe\x00")
    assert "not valid TOML" in wrong(config)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "INNKEEPER_CONFIG" in wrong(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("INNKEEPER_PROT", "8000", "INNKEEPER_PROT is not a setting"),
        ("INNKEEPER_CONFIG_FILE", "x", "is not a setting"),
        ("INNKEEPER_PLUGINS", "x", "is not a setting"),
        ("INNKEEPER_PORT", "eighty", "environment: INNKEEPER_PORT:"),
        ("INNKEEPER_GATEWAYS", "x", "environment: INNKEEPER_GATEWAYS:"),
        ("INNKEEPER_SECRET_KEY_FILE", "/nowhere/at/all", "can not be read"),
    ],
)
def test_mistakes_in_the_environment_name_the_variable(
    config: Path, name: str, value: str, said: str
) -> None:
    assert said in wrong(config, **{name: value})


def test_secrets_come_from_files_and_are_not_shown(config: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(GOOD_KEY + "\n")
    settings = load(config, {"INNKEEPER_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert require_secret(settings) == GOOD_KEY.encode()
    assert GOOD_KEY not in repr(settings)


@pytest.mark.parametrize("key", ["", "short", "a" * 64])
def test_production_needs_a_real_key(config: Path, key: str) -> None:
    config.write_text('mode = "production"\n')
    settings = load(config, {"INNKEEPER_SECRET_KEY": key})
    with pytest.raises(SettingsError, match="secret_key"):
        require_secret(settings)


def test_the_demo_makes_its_key_once(config: Path, tmp_path: Path) -> None:
    settings = load(config, {"INNKEEPER_DATA": str(tmp_path / "var")})
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(require_secret(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys[0]) == 64
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o077 == 0


def test_the_pretend_worlds_address_is_filled_in(config: Path) -> None:
    config.write_text('mode = "demo"\n[gateways.one]\nurl = "{sandbox_url}/x"\nport = 5\n')
    settings = load(config, {"INNKEEPER_SANDBOX_PORT": "8901"})
    assert settings.plugin_table("gateways", "one") == {"url": "http://127.0.0.1:8901/x", "port": 5}
    assert settings.plugin_table("gateways", "two") == {}


@pytest.mark.parametrize(
    ("given", "text", "line"),
    [({"INNKEEPER_DATABSE_URL": "x"}, "", "Did you mean INNKEEPER_DATABASE_URL?"),
     ({}, "portt = 1", "portt is not a setting of Innkeeper. Did you mean port?"),
     ({}, "[plugins]\nenable = []", "Did you mean plugins.enabled?"),
     ({"INNKEEPER_SMTP_URL": "smtp://a", "INNKEEPER_SMTP_URL_FILE": "{file}"}, "", "is given twice"),
     ({"INNKEEPER_SMTP_URL_FILE": "{binary}"}, "", "INNKEEPER_SMTP_URL_FILE names"),
     ({"INNKEEPER_CONFIG": "{folder}"}, None, "it can not be read")],
)  # fmt: skip
def test_one_line_says_what_is_wrong(
    tmp_path: Path, given: dict[str, str], text: str | None, line: str
) -> None:
    places = {"file": tmp_path / "secret", "binary": tmp_path / "binary", "folder": tmp_path}
    places["file"].write_text("smtp://b")
    places["binary"].write_bytes(b"\xff\xfe\x00")
    config = tmp_path / "innkeeper.toml"
    config.write_text(text or "")
    environment = {"INNKEEPER_CONFIG": str(config)} | {
        name: value.format(**places) for name, value in given.items()
    }
    with pytest.raises(SettingsError) as error:
        load(environment=environment)
    assert line in str(error.value)
    assert "\n" not in str(error.value)
