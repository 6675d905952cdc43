"""Payment sources as one JSON record, to be encrypted: a stored method's token or a bank account."""

from __future__ import annotations

import json
from calendar import monthrange
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from core.plugin_api.values import BankAccount, PaymentSource, StoredMethod


def dump(source: PaymentSource) -> bytes:
    """The whole source, secrets and all: encrypt it at once and log it never."""
    kind = "stored_method" if isinstance(source, StoredMethod) else "bank_account"
    values = {one.name: _plain(getattr(source, one.name)) for one in fields(source)}
    return json.dumps({"kind": kind} | values).encode()


def load(record: bytes) -> PaymentSource:
    """Read what ``dump`` wrote. Raises ValueError for anything else."""
    values: dict[str, Any] = json.loads(record)
    kind = values.pop("kind", None)
    if kind == "stored_method":
        expires = values.get("expires")
        values["expires"] = None if expires is None else (int(expires[0]), int(expires[1]))
        return StoredMethod(**values)
    if kind == "bank_account":
        born, at = values.get("date_of_birth"), values.get("mandate_at")
        values["date_of_birth"] = None if born is None else date.fromisoformat(born)
        values["mandate_at"] = None if at is None else datetime.fromisoformat(at)
        return BankAccount(**values)
    raise ValueError("not the record of a payment source")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def shown(source: PaymentSource | None) -> tuple[str, str, date | None]:
    """What may be shown and stored in the clear: brand or bank, last four, last day of validity."""
    if source is None:
        return "", "", None
    if isinstance(source, StoredMethod):
        return source.brand, source.last4, _last_day(source.expires)
    return source.bank_name, source.account_number[-4:], None


def _last_day(expires: tuple[int, int] | None) -> date | None:
    # A card holds to the end of the month printed on it.
    return None if expires is None else date(*expires, monthrange(*expires)[1])


def label(source: PaymentSource) -> str:
    """ "Visa ending in 4242", "First Bank ending in 6789"."""
    name, last4, _ = shown(source)
    return f"{name or 'Account'} ending in {last4}" if last4 else name


def mandate(source: PaymentSource | None) -> dict[str, str]:
    """What the customer agreed to for a bank debit, when and from where; empty for the rest."""
    if not isinstance(source, BankAccount) or not source.mandate_text:
        return {}
    at = "" if source.mandate_at is None else source.mandate_at.isoformat()
    return {"text": source.mandate_text, "at": at, "ip": source.mandate_ip}
