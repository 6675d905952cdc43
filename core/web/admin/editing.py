"""Forms that change one thing which two people may have open: what was typed is kept, whatever is wrong.

A form carries the ``version`` it was drawn from; see ``colliding`` for what happens when somebody saved
meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Response

from core.kernel.paging import number_in
from core.kernel.problems import Conflict, InvalidFields, Stale
from core.web import forms
from core.web.admin import colliding
from core.web.admin.colliding import VERSION, Difference, Shown, Trail
from core.web.forms import Form


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
    many: Collection[str] = (),
    trail: Trail | None = None,
) -> Response:
    """Run what a form asks for; draw it again with what is wrong, or with what somebody else saved.

    ``labels`` names the fields in the order of the page, ``many`` those that hold several values. ``shown``
    turns the values of some fields (a code, an id) into words for the comparison, ``trail`` says where it
    is written down who changed them. ``do`` must read the form itself: what was chosen between two who
    collided is put into it first.
    """
    colliding.settle(many)
    try:
        return do()
    except InvalidFields as problem:
        return draw_again(Again(status=422, form=forms.posted(forms.in_order(problem.messages, labels))))
    except Stale as problem:
        form, differences = colliding.collided(problem, forms.posted(), labels, shown or {}, trail)
        trouble = "" if differences else str(problem)
        return draw_again(Again(status=409, form=form, differences=differences, trouble=trouble))
    except Conflict as problem:
        return draw_again(Again(status=409, form=forms.posted(), trouble=str(problem)))


def version(form: Mapping[str, str]) -> int:
    """The version a form was drawn from. Raises Conflict for a form that carries none."""
    found = number_in(form.get(VERSION, ""))
    if found is None:
        raise Conflict("This form came without its version. Open the page again.")
    return found
