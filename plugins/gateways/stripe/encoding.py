"""Stripe's form encoding: ``{"a": {"b": [1, True]}}`` becomes ``a[b][0]=1&a[b][1]=true``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

FormValue = str | int | bool | Mapping[str, "FormValue"] | Sequence["FormValue"] | None
Form = Mapping[str, FormValue]


def pairs(form: Form) -> list[tuple[str, str]]:
    """Flatten a form. ``None`` is left out; an empty text is sent (Stripe reads it as "unset")."""
    return [pair for name, value in form.items() for pair in _flatten(name, value)]


def _flatten(name: str, value: FormValue) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flatten(f"{name}[{key}]", inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _flatten(f"{name}[{index}]", inner)
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
