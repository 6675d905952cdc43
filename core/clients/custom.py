"""Custom fields: what a host has made up, what was typed into it, what is kept of it.

A field's form name is ``custom_<key>``. Values are kept as text, one row each; an empty one keeps no row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from core.clients.models import CustomField, CustomValue
from core.clients.rules import check_text, tidy
from core.kernel import cards
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id

Owner = Literal["client", "contact"]
KINDS: tuple[tuple[str, str], ...] = (
    ("text", "One line of text"),
    ("area", "Several lines of text"),
    ("number", "Number"),
    ("date", "Date"),
    ("choice", "Choice from a list"),
    ("check", "Box to tick"),
)
OWNERS: tuple[tuple[Owner, str], ...] = (("client", "Client"), ("contact", "Contact"))
PREFIX = "custom_"
LONGEST_AREA = 4000
TICKED = "1"
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """A custom field. ``key`` is its name in files; ``name`` that of its form field."""

    id: UUID
    owner: str  # client, contact
    key: str
    label: str
    help: str
    kind: str  # of KINDS
    choices: tuple[str, ...]
    is_required: bool
    position: int
    is_archived: bool
    version: int

    @property
    def name(self) -> str:
        return PREFIX + self.key


def fields_of(session: Session, owner: Owner, *, archived: bool = False) -> tuple[FieldView, ...]:
    """The fields of clients or contacts in the host's order; archived ones only when asked for."""
    statement = select(CustomField).where(CustomField.owner == owner)
    if not archived:
        statement = statement.where(CustomField.archived_at.is_(None))
    rows = session.scalars(statement.order_by(CustomField.position, CustomField.id))
    return tuple(view(row) for row in rows)


def view(row: CustomField) -> FieldView:
    return FieldView(
        id=row.id, owner=row.owner, key=row.key, label=row.label, help=row.help, kind=row.kind,
        choices=tuple(row.choices), is_required=row.is_required, position=row.position,
        is_archived=row.archived_at is not None, version=row.version,
    )  # fmt: skip


def check(
    fields: Sequence[FieldView], form: Mapping[str, str], kept: Mapping[str, str] | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """(clean values by key, sentences by form name) of what was typed into ``custom_<key>``.

    ``kept`` are the values so far: a choice that has left the list since may stay.
    """
    clean: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field in fields:
        try:
            value = _read(field, form.get(field.name, ""), (kept or {}).get(field.key, ""))
        except ValueError as problem:
            wrong[field.name] = str(problem)
            continue
        if field.is_required and not value:
            wrong[field.name] = _needed(field)
        clean[field.key] = value
    return clean, wrong


def _needed(field: FieldView) -> str:
    if field.kind == "check":
        return _("Tick this box.")
    if field.kind == "choice":
        return _("Choose one of the list.")
    return _("Fill this in; it is needed.")


def _read(field: FieldView, text: str, kept: str) -> str:
    if field.kind == "area":
        return _area(text)
    typed = tidy(text)
    if wrong := check_text(typed):
        raise ValueError(wrong)
    if not typed or field.kind == "text":
        return typed
    if field.kind == "number":
        return _number(typed)
    if field.kind == "date":
        return _date(typed)
    if field.kind == "check":
        return TICKED
    if typed not in field.choices and typed != kept:
        raise ValueError(_("Choose one of the list."))
    return typed


def _area(text: str) -> str:
    lines = [tidy(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    whole = "\n".join(lines).strip("\n")
    if len(whole) > LONGEST_AREA:
        raise ValueError(_("Use {count} characters at most.").format(count=LONGEST_AREA))
    if any("\0" in line or cards.find(line) for line in lines):
        raise ValueError(_("Remove card numbers and invisible characters from this text."))
    return whole


def _number(text: str) -> str:
    plain = text.replace("\N{MINUS SIGN}", "-")
    try:
        if _NUMBER.fullmatch(plain) is None:
            raise InvalidOperation
        return f"{Decimal(plain):f}"
    except InvalidOperation:
        raise ValueError(_("Enter a number, as in 12 or 12.5.")) from None


def _date(text: str) -> str:
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(_("Enter a day that exists, as in 2026-02-28.")) from None


def values_of(session: Session, owner_id: UUID) -> dict[str, str]:
    """What is kept for a client or contact in the fields that are asked for now: key -> text."""
    rows = session.execute(
        select(CustomField.key, CustomValue.value)
        .join(CustomField, CustomField.id == CustomValue.field_id)
        .where(CustomValue.owner_id == owner_id, CustomField.archived_at.is_(None))
    )
    return {row.key: row.value for row in rows}


def save(
    session: Session, owner_id: UUID, fields: Sequence[FieldView], values: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Keep clean values in the caller's transaction; (before, after) of those that changed, by form name.

    Fields that are not among ``fields`` (archived ones) keep what they have.
    """
    kept = values_of(session, owner_id)
    changes = [one for one in fields if values.get(one.key, "") != kept.get(one.key, "")]
    ids = [one.id for one in changes]
    if ids:
        gone = delete(CustomValue).where(CustomValue.owner_id == owner_id, CustomValue.field_id.in_(ids))
        session.execute(gone)
    rows = [
        {"id": new_id(), "field_id": one.id, "owner_id": owner_id, "value": values[one.key]}
        for one in changes
        if values.get(one.key, "")
    ]
    if rows:
        session.execute(insert(CustomValue), rows)
    before = {one.name: kept.get(one.key, "") for one in changes}
    return before, {one.name: values.get(one.key, "") for one in changes}
