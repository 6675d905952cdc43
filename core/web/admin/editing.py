"""Forms that change one thing which two people may have open: what was typed is kept, whatever is wrong.

A form carries the ``version`` it was drawn from. When somebody saved meanwhile, the page comes back with
both values of every field that differs; sending it once more saves over theirs, knowingly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from werkzeug.wrappers import Response

from core.kernel.problems import Conflict, InvalidFields, Stale
from core.web import forms
from core.web.forms import SECRET_NAMES, Form

VERSION = "version"
Shown = Mapping[str, Callable[[str], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that two people see differently, in words."""

    name: str
    label: str
    typed: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A form that comes back. ``trouble`` stands on top; ``differences`` are for ``admin/stale.html``."""

    status: int
    form: Form
    trouble: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def is_stale(self) -> bool:
        return bool(self.differences)


def attempted(
    do: Callable[[], Response],
    draw_again: Callable[[Again], Response],
    *,
    labels: Mapping[str, str],
    shown: Shown | None = None,
) -> Response:
    """Run what a form asks for; draw it again with what is wrong, or with what somebody else saved.

    ``labels`` names the fields in the order of the page. ``shown`` turns the values of some fields (a code,
    an id) into words for the comparison.
    """
    try:
        return do()
    except InvalidFields as problem:
        return draw_again(Again(status=422, form=forms.posted(forms.in_order(problem.messages, labels))))
    except Stale as problem:
        return draw_again(collided(problem, forms.posted(), labels, shown or {}))
    except Conflict as problem:
        return draw_again(Again(status=409, form=forms.posted(), trouble=str(problem)))


def collided(problem: Stale, form: Form, labels: Mapping[str, str], shown: Shown) -> Again:
    """Both sides of a form that was saved by somebody else meanwhile, ready to be sent over theirs."""
    both = (
        _difference(name, label, form, problem.theirs[name], shown)
        for name, label in labels.items()
        if name in problem.theirs and name not in SECRET_NAMES
    )
    differences = tuple(one for one in both if one.typed != one.theirs)
    values = {**form.values, VERSION: str(problem.version)}
    trouble = "" if differences else str(problem)
    return Again(status=409, form=replace(form, values=values), differences=differences, trouble=trouble)


def _typed(name: str, form: Form) -> str:
    """The field's text; several ticked values as one text, as ``Stale.theirs`` has them."""
    many = form.lists.get(name, ())
    return ", ".join(many) if len(many) > 1 else form.values.get(name, "")


def _difference(name: str, label: str, form: Form, theirs: str, shown: Shown) -> Difference:
    words = shown.get(name, str)
    return Difference(name=name, label=label, typed=words(_typed(name, form)), theirs=words(theirs))


def version(form: Mapping[str, str]) -> int:
    """The version a form was drawn from. Raises Conflict for a form that carries none."""
    try:
        return int(form.get(VERSION, ""))
    except ValueError:
        raise Conflict("This form came without its version. Open the page again.") from None
