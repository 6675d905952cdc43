"""A plugin's settings: read from the tables of config/innkeeper.toml, checked by its own model.

A secret is written as its value, as ``env:NAME`` or as ``file:/path``. Every error is one line that
names the file, the table and the key, and never a value.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from core.plugin_api.context import PluginConfig
from core.plugin_host.errors import PluginLoadError
from core.plugin_host.redaction import Redactor, secrets_of

Config = TypeVar("Config", bound=PluginConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingView:
    """One setting as admin shows it. A secret's value is never in here."""

    name: str
    title: str
    description: str
    is_secret: bool
    is_set: bool
    required: bool
    value: str = ""


def tables(**kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Flatten ``gateways={"manual": {...}}`` to ``{"gateways.manual": {...}}``."""
    return {f"{kind}.{name}": table for kind, group in kinds.items() for name, table in group.items()}


def read_config(model: type[Config], values: Mapping[str, Any], *, source: str) -> Config:
    """Check ``values`` against ``model``. ``source`` opens every error: "innkeeper.toml: [gateways.x]".

    Raises PluginLoadError with all that is wrong, in one line.
    """
    refuse_unknown(model, values, source=source)
    resolved = {name: _resolved(model, name, value, source) for name, value in values.items()}
    try:
        return model.model_validate(resolved)
    except ValidationError as error:
        secrets = Redactor(secrets_of(_secret_values(model, resolved)))
        problems = "; ".join(_problem(model, item, secrets) for item in _items(error))
        raise PluginLoadError(f"{source} {problems}") from None


def refuse_unknown(model: type[PluginConfig], values: Mapping[str, Any], *, source: str) -> None:
    """Raises PluginLoadError for a key that the model does not have, with the nearest one it has."""
    unknown = sorted(set(values) - set(model.model_fields))
    if not unknown:
        return
    near = difflib.get_close_matches(unknown[0], model.model_fields, n=1)
    known = ", ".join(sorted(model.model_fields)) or "none"
    hint = f"did you mean {near[0]}?" if near else f"known settings: {known}"
    raise PluginLoadError(f"{source} {unknown[0]}: unknown setting; {hint}")


def is_secret(field: FieldInfo) -> bool:
    """Whether the model declares the field as SecretStr, optional or not."""
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


def describe(model: type[PluginConfig], config: PluginConfig | None = None) -> tuple[SettingView, ...]:
    """The settings in the order of the model, for the admin form and ``innkeeper plugins show``."""
    return tuple(_view(name, field, config) for name, field in model.model_fields.items())


def _view(name: str, field: FieldInfo, config: PluginConfig | None) -> SettingView:
    value = getattr(config, name, None)
    secret = is_secret(field)
    return SettingView(
        name=name,
        title=field.title or name,
        description=field.description or "",
        is_secret=secret,
        is_set=value is not None and value != "",
        required=field.is_required(),
        value="" if secret or value is None else str(value),
    )


def _resolved(model: type[PluginConfig], name: str, value: object, source: str) -> object:
    if not is_secret(model.model_fields[name]):
        return value
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, str):
        value = _secret(value, f"{source} {name}:")
        if not value.strip():
            raise PluginLoadError(f"{source} {name}: the secret is empty")
    return value


def _secret(value: str, where: str) -> str:
    scheme, _, rest = value.partition(":")
    if scheme == "env":
        if rest not in os.environ:
            raise PluginLoadError(f"{where} the environment variable {rest} is not set")
        return os.environ[rest]
    if scheme == "file":
        try:
            return Path(rest).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text"
            raise PluginLoadError(f"{where} the file {rest} can not be read: {reason}") from None
    return value


def _secret_values(model: type[PluginConfig], values: Mapping[str, object]) -> list[SecretStr]:
    return [SecretStr(str(value)) for name, value in values.items() if is_secret(model.model_fields[name])]


def _items(error: ValidationError) -> list[tuple[str, str, str]]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [(".".join(str(part) for part in item["loc"]), item["type"], item["msg"]) for item in found]


def _problem(model: type[PluginConfig], item: tuple[str, str, str], secrets: Redactor) -> str:
    name, kind, message = item
    if kind == "missing":
        field = model.model_fields.get(name)
        title = f" ({field.title})" if field is not None and field.title else ""
        return f"{name}: the setting is missing{title}"
    return f"{name}: {secrets.text(message)}" if name else secrets.text(message)
