"""Which abilities a test of the kit is about. The class decides, so nothing can be switched off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., None])
NEEDS = "kit_needs"


@dataclass(frozen=True, slots=True)
class Needs:
    """All of ``having`` and none of ``lacking``."""

    having: tuple[type, ...] = ()
    lacking: tuple[type, ...] = ()

    def fit(self, implementation: type) -> bool:
        return all(issubclass(implementation, ability) for ability in self.having) and not any(
            issubclass(implementation, ability) for ability in self.lacking
        )


def needs(*having: type, lacking: tuple[type, ...] = ()) -> Callable[[Test], Test]:
    """The test runs for plugins that have all abilities of ``having`` and none of ``lacking``."""

    def mark(test: Test) -> Test:
        setattr(test, NEEDS, Needs(having, lacking))
        return test

    return mark


def needs_of(test: Any) -> Needs:
    found = getattr(test, NEEDS, None)
    return found if isinstance(found, Needs) else Needs()
