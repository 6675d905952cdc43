"""One typed model of configuration and environment.

``config/innkeeper.toml`` is read first, ``INNKEEPER_*`` variables override it, ``INNKEEPER_*_FILE`` names
a file that holds a secret. An unknown or missing key is an error that names the file and the key; all that
is wrong is told at once, a line each.
"""

from __future__ import annotations

import difflib
import os
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from core.kernel.crypto import KeyRing

DEFAULT_CONFIG = Path("config/innkeeper.toml")
PREFIX = "INNKEEPER_"
SECRETS = frozenset({"secret_key", "admin_password", "smtp_url", "database_url"})
SANDBOX_URL = "{sandbox_url}"  # may stand in plugin tables: where the pretend world listens
MIN_SECRET = 32


class SettingsError(Exception):
    """One clear line for each fault: which file, which key, what to do."""

    @classmethod
    def of(cls, faults: Iterable[str]) -> SettingsError:
        return cls("\n".join(faults))


class PluginsTable(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: tuple[str, ...] = ()
    path: tuple[Path, ...] = ()
    strict: bool = False


class Settings(BaseModel):
    """All of it. Times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["demo", "production"] = "production"
    base_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    hosts: tuple[str, ...] = ()  # further host names that are answered
    proxies: int = Field(default=0, ge=0, le=5)  # how many reverse proxies to believe
    data: Path = Path("var")
    database_url: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    old_secret_keys: tuple[SecretStr, ...] = ()  # still able to open what they sealed
    admin_password: SecretStr = SecretStr("")
    smtp_url: SecretStr = SecretStr("")
    sandbox_port: int = Field(default=8900, ge=1, le=65535)
    worker: str = ""  # this process's name among the workers; stable over restarts
    workers: int = Field(default=2, ge=1, le=64)  # web processes under `innkeeper web`
    keep_events_days: int = Field(default=30, ge=7, le=36500)  # delivered events of the outbox
    keep_mail_texts_days: int = Field(default=730, ge=30, le=36500)  # of mails that were sent or kept
    keep_webhook_texts_days: int = Field(default=180, ge=30, le=36500)  # of notifications that were handled
    unpaid_order_days: int = Field(default=14, ge=0, le=3650)  # until an order nobody pays is cancelled
    unpaid_transfer_days: int = Field(default=45, ge=0, le=3650)  # the same, where staff book the money
    plugins: PluginsTable = PluginsTable()
    gateways: dict[str, dict[str, Any]] = {}
    provisioners: dict[str, dict[str, Any]] = {}
    registrars: dict[str, dict[str, Any]] = {}
    registers: dict[str, dict[str, Any]] = {}
    themes: dict[str, dict[str, Any]] = {}
    config_file: str = str(DEFAULT_CONFIG)

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"

    @property
    def public_url(self) -> str:
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL; the embedded file in ``data`` when none is given."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data.resolve()}/innkeeper.sqlite3"

    def plugin_table(self, kind: str, spec_id: str) -> Mapping[str, Any]:
        """The settings of one plugin as written: ``[gateways.manual]``."""
        tables: dict[str, dict[str, Any]] = getattr(self, kind)
        return tables.get(spec_id, {})


_KEYS = (
    *(field for field in Settings.model_fields if field != "config_file"),
    *(f"plugins.{field}" for field in PluginsTable.model_fields),
)


def load(config: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read file and environment. Raises SettingsError with every fault of both."""
    environment = os.environ if environment is None else environment
    path = config or Path(environment.get(f"{PREFIX}CONFIG", DEFAULT_CONFIG))
    given, faults = _read_environment(environment)
    data = _read_file(path) | given | {"config_file": str(path)}
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError.of([*faults, *_faults(error, path, given)]) from None
    if faults:
        raise SettingsError.of(faults)
    return _with_sandbox_url(settings)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such file. Name it with {PREFIX}CONFIG.") from error
    except OSError as error:
        raise SettingsError(f"{path}: it can not be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error


def _read_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """What the variables say, and what is wrong with them."""
    found: dict[str, Any] = {}
    faults: list[str] = []
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name == f"{PREFIX}CONFIG" or value == "":
            continue
        try:
            field, given = _read_variable(name, value)
            if field in found:
                raise SettingsError(
                    f"environment: {PREFIX}{field.upper()} is given twice, as it is and as a file."
                )
            found[field] = _listed(field, given)
        except SettingsError as error:
            faults.append(str(error))
    return found, faults


def _meant(name: str) -> str:
    return _near(name, [f"{PREFIX}{field.upper()}" for field in _KEYS if "." not in field])


def _near(name: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {found[0]}?" if found else ""


def _read_variable(name: str, value: str) -> tuple[str, str]:
    field = name.removeprefix(PREFIX).lower()
    secret = field.removesuffix("_file")
    if secret != field and secret in SECRETS:
        return secret, _read_secret(name, value)
    if field not in Settings.model_fields or field in ("config_file", "plugins"):
        raise SettingsError(f"environment: {name} is not a setting of Innkeeper.{_meant(name)}")
    return field, value


def _listed(field: str, value: str) -> object:
    if field not in ("hosts", "old_secret_keys"):
        return value
    return tuple(one for part in value.split(",") if (one := part.strip()))  # "a, b" and "a," are lists too


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"environment: {name} names {path}, which can not be read.") from error


def _faults(error: ValidationError, path: Path, from_environment: Iterable[str]) -> Iterator[str]:
    """Each fault that pydantic found, naming file or variable; of one key the first."""
    told = set()
    for item in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in item["loc"])
        if key in told:
            continue
        told.add(key)
        if item["type"] == "extra_forbidden":
            yield f"{path}: {key} is not a setting of Innkeeper.{_near(key, _KEYS)}"
        elif key.partition(".")[0] in from_environment:
            yield f"environment: {PREFIX}{key.partition('.')[0].upper()}: {item['msg']}."
        else:
            yield f"{path}: {key}: {item['msg']}."


def _with_sandbox_url(settings: Settings) -> Settings:
    def filled(tables: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {
            name: {k: v.replace(SANDBOX_URL, settings.sandbox_url) if isinstance(v, str) else v
                   for k, v in table.items()}
            for name, table in tables.items()
        }  # fmt: skip

    kinds = ("gateways", "provisioners", "registrars", "registers", "themes")
    return settings.model_copy(update={kind: filled(getattr(settings, kind)) for kind in kinds})


def require_secret(settings: Settings) -> bytes:
    """The key that seals data at rest and signs cookies. Demo mode makes one in its data folder.

    Raises SettingsError when production has none, or a short or well-known one.
    """
    secret = settings.secret_key.get_secret_value()
    if not secret and settings.is_demo:
        return _demo_secret(settings.data / "secret.key")
    if len(secret) < MIN_SECRET or len(set(secret)) < 8:
        raise SettingsError(
            f"{settings.config_file}: secret_key is missing or too simple: set {PREFIX}SECRET_KEY "
            f"(or {PREFIX}SECRET_KEY_FILE) to at least {MIN_SECRET} random characters."
        )
    return secret.encode()


def key_ring(settings: Settings) -> KeyRing:
    """The current key seals; the old ones still open what they sealed. Raises SettingsError."""
    old = [one.get_secret_value().encode() for one in settings.old_secret_keys]
    return KeyRing.ring(require_secret(settings), old)


def _demo_secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _write_once(path, os.urandom(MIN_SECRET).hex().encode())
    return path.read_bytes()


def _write_once(path: Path, content: bytes) -> None:
    """Whole or not at all, whatever dies in between; of processes that start together the first wins."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # ours alone: 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    os.unlink(draft)
