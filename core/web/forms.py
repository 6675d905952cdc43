"""Forms that come back: what was typed is kept, what is wrong stands beside its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import request

from core.kernel.i18n import gettext as _
from core.kernel.i18n import mark, ngettext
from core.web import csrf

# Never drawn again, whatever else happens with the form.
SECRET_NAMES = frozenset({"password", "confirm_password", "payment_token", csrf.FIELD})

_NUMBERS = (
    mark("No"), mark("One"), mark("Two"), mark("Three"), mark("Four"), mark("Five"), mark("Six"),
    mark("Seven"), mark("Eight"), mark("Nine"), mark("Ten"), mark("Eleven"), mark("Twelve"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form as a page draws it: values and lists by field name, one sentence per wrong field."""

    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()

    def value(self, name: str, default: str = "") -> str:
        """What to draw in the field; nothing for a secret."""
        return "" if name in SECRET_NAMES or name in self.secrets else self.values.get(name, default)

    def chosen(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The ticked values of a group of boxes."""
        return self.lists.get(name, default)

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def open(self, *names: str) -> bool:
        """Whether folded fields must be shown: one of them holds something or is wrong."""
        return any(self.values.get(name) or name in self.errors for name in names)


def posted(errors: Mapping[str, str] | None = None, *, secrets: frozenset[str] = frozenset()) -> Form:
    """The form of this request, to be drawn again with ``errors``."""
    return Form(values=values(), lists=lists(), errors=dict(errors or {}), secrets=secrets)


def values() -> dict[str, str]:
    """Field name -> first value, without blanks around it; a secret exactly as typed (a blank may be
    part of a password). The token of the form itself is left out."""
    found = {name: many[0] for name, many in request.form.lists() if name != csrf.FIELD}
    return {name: text if name in SECRET_NAMES else text.strip() for name, text in found.items()}


def lists() -> dict[str, tuple[str, ...]]:
    """Field name -> all its values."""
    return {name: tuple(found) for name, found in request.form.lists() if name != csrf.FIELD}


def in_order(errors: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """The errors as their fields stand on the page; what belongs to no field comes first. What a plugin
    says in English is read in the language of now, where there are words for it."""
    order = {name: position for position, name in enumerate(names)}
    known = {name: _(sentence) if sentence else sentence for name, sentence in errors.items()}
    return dict(sorted(known.items(), key=lambda pair: order.get(pair[0], -1)))


def errors_title(errors: Mapping[str, str]) -> str:
    """``Two fields need a change``: heads the list of errors and the page's title."""
    count = len(errors)
    number = _(_NUMBERS[count]) if count < len(_NUMBERS) else str(count)
    return _need(count).format(count=number)


def _need(count: int) -> str:
    return ngettext("{count} field needs a change", "{count} fields need a change", count)


def page_title(title: str, errors: Mapping[str, str]) -> str:
    """``Order Summary: 2 fields need a change``."""
    count = len(errors)
    return f"{title}: {_need(count).format(count=count)}" if count else title
