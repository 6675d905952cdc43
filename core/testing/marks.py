"""What a plugin must have for a test of the kit to be about it: its classes decide, never a flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from core.plugin_host.configs import is_secret

Test = TypeVar("Test", bound=Callable[..., None])
NEEDS = "kit_needs"


@dataclass(frozen=True, slots=True)
class Needs:
    """All abilities of ``having``, none of ``lacking``, and with ``secrets`` a setting that is one."""

    having: tuple[type, ...] = ()
    lacking: tuple[type, ...] = ()
    secrets: bool = False

    def fit(self, spec: Any) -> bool:
        able = getattr(spec, "implementation", object)
        return (
            all(issubclass(able, ability) for ability in self.having)
            and not any(issubclass(able, ability) for ability in self.lacking)
            and (not self.secrets or _has_secrets(spec))
        )


def needs(*having: type, lacking: tuple[type, ...] = (), secrets: bool = False) -> Callable[[Test], Test]:
    """The test runs for plugins that have all abilities of ``having`` and none of ``lacking``; with
    ``secrets``, for those of them that have credentials: a setting declared as a secret."""

    def mark(test: Test) -> Test:
        setattr(test, NEEDS, Needs(having, lacking, secrets))
        return test

    return mark


def needs_of(test: Any) -> Needs:
    found = getattr(test, NEEDS, None)
    return found if isinstance(found, Needs) else Needs()


def _has_secrets(spec: Any) -> bool:
    return any(is_secret(field) for field in spec.config.model_fields.values())
