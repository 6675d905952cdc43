"""Custom fields as a host keeps them: making them up, changing, ordering, archiving and deleting them.

A field that holds values is archived, not deleted: it leaves the forms, its values stay where they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.clients import ordering
from core.clients.custom import KINDS, OWNERS, FieldView, Owner, view
from core.clients.models import CustomField, CustomValue
from core.clients.rules import check_text, tidy
from core.kernel import audit
from core.kernel.db import changed
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.problems import Conflict, InvalidFields, NotFound, Stale
from core.kernel.work import House

LONGEST_KEY = 40
MOST_CHOICES = 100
_KEY = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_KEY - 1}}}")


def find(session: Session, field_id: UUID) -> FieldView:
    """Raises NotFound."""
    return view(_row(session, field_id))


def _row(session: Session, field_id: UUID) -> CustomField:
    row = session.get(CustomField, field_id)
    if row is None:
        raise NotFound(_("There is no such field."))
    return row


def used(session: Session) -> dict[UUID, int]:
    """How many values each field holds; fields without any are left out."""
    counts = select(CustomValue.field_id, func.count()).group_by(CustomValue.field_id)
    return {field_id: count for field_id, count in session.execute(counts)}


def form_of(field: FieldView) -> dict[str, str]:
    """As the field's own form holds it."""
    return {
        "owner": field.owner, "key": field.key, "label": field.label, "help": field.help, "kind": field.kind,
        "choices": "\n".join(field.choices), "is_required": "1" if field.is_required else "",
        "version": str(field.version),
    }  # fmt: skip


def save(
    session: Session, house: House, field_id: UUID | None, form: Mapping[str, str], *, version: int = 0,
    actor: str, ip: str = "",
) -> UUID:  # fmt: skip
    """Add a field (``field_id`` None) or change one: ``owner key label help kind choices is_required``.

    Owner and key never change, the kind only while nothing is kept in it. Without a key one is made of the
    label. Raises NotFound, InvalidFields, Conflict, Stale.
    """
    kept = find(session, field_id) if field_id else None
    values = _checked(session, form, kept)
    if kept is None:
        field_id = _add(session, values)
    else:
        field_id = kept.id
        if kept.kind != values["kind"] and used(session).get(kept.id):
            raise Conflict(_("This field holds values, so its kind stays. Archive it and add another."))
        _change(session, kept, values, version)
    before = form_of(kept) if kept else {}
    after = form_of(find(session, field_id))
    names = [name for name in after if name != "version" and before.get(name) != after[name]]
    if names:
        audit.record(
            session, actor=actor, action="custom_field.edit" if kept else "custom_field.create", ip=ip,
            target=f"custom_field:{field_id}", before={name: before[name] for name in names if kept},
            after={name: after[name] for name in names}, now=house.clock.now(),
        )  # fmt: skip
    return field_id


def _add(session: Session, values: Mapping[str, Any]) -> UUID:
    last = session.scalar(select(func.max(CustomField.position)))
    row = CustomField(id=new_id(), position=(last or 0) + 1, **values)
    session.add(row)
    session.flush()
    return row.id


def _change(session: Session, kept: FieldView, values: Mapping[str, Any], version: int) -> None:
    held = update(CustomField).where(CustomField.id == kept.id, CustomField.version == version)
    if not changed(session, held.values(**values, version=version + 1)):
        session.expire_all()
        now = find(session, kept.id)
        raise Stale(now.version, form_of(now))
    session.expire_all()


def _checked(session: Session, form: Mapping[str, str], kept: FieldView | None) -> dict[str, Any]:
    wrong: dict[str, str] = {}
    label, text = tidy(form.get("label", "")), tidy(form.get("help", ""))
    if not label:
        wrong["label"] = _("Enter the words that stand above the field.")
    elif problem := check_text(label):
        wrong["label"] = problem
    if problem := check_text(text):
        wrong["help"] = problem
    owner = kept.owner if kept else form.get("owner", "client")
    if owner not in dict(OWNERS):
        wrong["owner"] = _("Choose one of the list.")
    key = kept.key if kept else _key(session, owner, form.get("key", ""), label, wrong)
    kind = form.get("kind", "text")
    if kind not in dict(KINDS):
        wrong["kind"] = _("Choose one of the list.")
    choices = _choices(form.get("choices", ""), kind, wrong)
    if wrong:
        raise InvalidFields(wrong)
    return {
        "owner": owner, "key": key, "label": label, "help": text, "kind": kind, "choices": choices,
        "is_required": bool(form.get("is_required", "")),
    }  # fmt: skip


def _key(session: Session, owner: str, typed: str, label: str, wrong: dict[str, str]) -> str:
    key = typed.strip() or _from_label(label)
    if not label and not typed.strip():
        return key  # made of the label: that it is missing is said there
    if _KEY.fullmatch(key) is None:
        wrong["key"] = _("Use small letters, digits and _, a letter first, as in account_manager.")
    else:
        same = select(CustomField.id).where(CustomField.owner == owner, CustomField.key == key)
        if session.scalar(same) is not None:
            wrong["key"] = _("Another field has this name. Choose another.")
    return key


def _from_label(label: str) -> str:
    """ "Wie gefunden?" -> "wie_gefunden"."""
    ascii_text = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_text).strip("_")[:LONGEST_KEY]


def _choices(text: str, kind: str, wrong: dict[str, str]) -> list[str]:
    if kind != "choice":
        return []
    lines = list(dict.fromkeys(tidy(line) for line in text.splitlines() if line.strip()))
    if not 1 <= len(lines) <= MOST_CHOICES:
        wrong["choices"] = _("Enter the choices, one a line, up to {count}.").format(count=MOST_CHOICES)
    elif any(check_text(line) for line in lines):
        wrong["choices"] = _("One of the lines is too long or holds what cannot be a choice.")
    return lines


def archive(
    session: Session, house: House, field_id: UUID, *, archived: bool, actor: str, ip: str = ""
) -> None:  # fmt: skip
    """Take a field out of the forms, or put it back; its values stay. Raises NotFound."""
    row = _row(session, field_id)
    row.archived_at = house.clock.now() if archived else None
    row.version += 1
    session.flush()
    action = "custom_field.archive" if archived else "custom_field.restore"
    audit.record(
        session, actor=actor, action=action, target=f"custom_field:{field_id}", ip=ip,
        after={"label": row.label}, now=house.clock.now(),
    )  # fmt: skip


def remove(session: Session, house: House, field_id: UUID, *, actor: str, ip: str = "") -> None:
    """Raises NotFound, Conflict while it holds values: archive it instead."""
    row = _row(session, field_id)
    if used(session).get(field_id):
        raise Conflict(_("{label} holds values. Archive it instead: they stay.").format(label=row.label))
    session.execute(delete(CustomField).where(CustomField.id == field_id))
    audit.record(
        session, actor=actor, action="custom_field.delete", target=f"custom_field:{field_id}", ip=ip,
        before={"label": row.label, "key": row.key}, now=house.clock.now(),
    )  # fmt: skip


def reorder(session: Session, field_id: UUID, *, up: bool) -> None:
    """Move a field one place among those of its kind of owner. Raises NotFound."""
    owner = cast(Owner, _row(session, field_id).owner)
    statement = select(CustomField).where(CustomField.owner == owner)
    rows = session.scalars(statement.order_by(CustomField.position, CustomField.id)).all()
    ordering.move(rows, field_id, up=up)
    session.flush()
