"""Two people who change one thing: what it was, what it is now, what the second wants, and whose holds.

A form carries in ``drawn`` what its fields held when it was drawn. When somebody saved meanwhile, the page
comes back with a row for every field in which the two differ and a choice for each. What the second did not
touch is the other's unless they say otherwise; a field that is then typed to anew holds whatever was chosen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask import request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from core.kernel.paging import Window
from core.kernel.problems import Stale
from core.kernel.queries import AuditRow, list_audit
from core.web import csrf
from core.web.admin import people
from core.web.current import house
from core.web.forms import SECRET_NAMES, Form

VERSION = "version"
DRAWN = "drawn"
HOLDS = "holds."  # + field: whose value is saved, "theirs" or "mine"
MINE = "mine."  # + field: what was typed when the choice was offered
JOIN = ", "
LOOKED_BACK = 50  # entries of the audit log
# a field of a form -> what the audit log calls it
_ALIASES = {"billing_day_own": "billing_day", "role_id": "role"}

Shown = Mapping[str, Callable[[str], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """Where the audit log tells who changed the thing: its target, and what an entry's ``after`` must hold
    where several things have one target."""

    target: str
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that two people see differently, in words; ``raw`` is what was typed as it was posted.

    ``is_mine`` says whether the second touched it; ``was`` is None where the form did not say. ``by`` and
    ``at`` (UTC) tell who gave it its value of now, "" and None where nobody knows.
    """

    name: str
    label: str
    was: str | None
    theirs: str
    typed: str
    raw: str
    is_mine: bool
    by: str = ""
    at: datetime | None = None


def drawn(form: Form) -> str:
    """What the fields of a form hold as it is drawn for the first time, for its field ``drawn``."""
    if DRAWN in form.values:
        return form.values[DRAWN]
    many = {name: JOIN.join(texts) for name, texts in form.lists.items()}
    hidden = {*SECRET_NAMES, csrf.FIELD, VERSION}
    kept = {name: text for name, text in {**many, **form.values}.items() if name not in hidden}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def read_drawn(text: str) -> dict[str, str]:
    """What a field ``drawn`` says; nothing for what we did not write."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def collided(
    problem: Stale, form: Form, labels: Mapping[str, str], shown: Shown, trail: Trail | None
) -> tuple[Form, tuple[Difference, ...]]:
    """The form, ready to be sent over theirs, and the fields in which the two differ."""
    was = read_drawn(form.values.get(DRAWN, ""))
    found = [
        _difference(name, label, form, was.get(name), problem.theirs[name], shown.get(name, str))
        for name, label in labels.items()
        if name in problem.theirs and name not in SECRET_NAMES
    ]
    differences = [one for one in found if one.typed != one.theirs]
    values = {name: text for name, text in form.values.items() if not name.startswith((HOLDS, MINE))}
    values |= {VERSION: str(problem.version), DRAWN: drawn(Form(values=problem.theirs))}
    return replace(form, values=values), tuple(_with_who(differences, trail))


def _typed(name: str, form: Form) -> str:
    """The field's text; several ticked values as one text, as ``Stale.theirs`` has them."""
    many = form.lists.get(name, ())
    return JOIN.join(many) if len(many) > 1 else form.values.get(name, "")


def _difference(
    name: str, label: str, form: Form, was: str | None, theirs: str, words: Callable[[str], str]
) -> Difference:
    raw = _typed(name, form)
    before, typed = None if was is None else words(was), words(raw)
    return Difference(
        name=name, label=label, was=before, theirs=words(theirs), typed=typed, raw=raw,
        is_mine=before != typed,
    )  # fmt: skip


def _with_who(differences: Iterable[Difference], trail: Trail | None) -> Iterable[Difference]:
    differences = list(differences)
    if trail is None or not differences:
        return differences
    with house().db.read() as session:
        rows = list_audit(session, Window(size=LOOKED_BACK), target=trail.target).items
        rows = tuple(row for row in rows if _is_of(row, trail))
        name_of = people.named(session, (row.actor for row in rows))
    last = {one.name: next((row for row in rows if _tells(row, one.name)), None) for one in differences}
    return [
        replace(one, by=name_of(row.actor), at=row.at) if (row := last[one.name]) else one
        for one in differences
    ]


def _is_of(row: AuditRow, trail: Trail) -> bool:
    return all(str(row.after.get(name)) == text for name, text in trail.only.items())


def _tells(row: AuditRow, name: str) -> bool:
    return bool({name, _ALIASES.get(name, name)} & {*row.before, *row.after})


def settle(many: Collection[str]) -> None:
    """Put what was chosen into the form of this request, before anybody reads it.

    ``many`` names the fields that hold several values. A field that was typed to after the choice was
    offered keeps what was typed.
    """
    theirs = [name.removeprefix(HOLDS) for name, text in request.form.items() if _is_theirs(name, text)]
    if not theirs:
        return
    kept = read_drawn(request.form.get(DRAWN, ""))
    settled: MultiDict[str, str] = MultiDict(request.form)
    for name in theirs:
        if name in kept and JOIN.join(request.form.getlist(name)).strip() == request.form.get(
            MINE + name, ""
        ):
            settled.setlist(name, _values(kept[name], is_many=name in many))
    request.form = ImmutableMultiDict(settled)


def _is_theirs(name: str, text: str) -> bool:
    return name.startswith(HOLDS) and text == "theirs"


def _values(text: str, *, is_many: bool) -> list[str]:
    """As a browser would send them: nothing for a box that is not ticked."""
    if not text:
        return []
    return text.split(JOIN) if is_many else [text]
