"""Tables of clients: who owes money, whom to write to, how they pay."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.identity.models import Membership as Membership
from core.kernel.db import Base, key

DETACHES = text("removed_at IS NOT NULL AND detached_at IS NULL")  # a gateway may hold it still
EXPIRES = text("expires_on IS NOT NULL AND removed_at IS NULL AND keep")


class ClientStatus(Base):
    """A label a host may rename, and the behaviour it stands for."""

    __tablename__ = "client_status"

    id: Mapped[UUID] = key()
    label: Mapped[str] = mapped_column(unique=True)
    behaviour: Mapped[str]  # pending, active, suspended, closed, blocked
    position: Mapped[int] = mapped_column(default=0)


class ClientStatusChange(Base):
    """A client's way through the statuses; labels are kept as they were called then."""

    __tablename__ = "client_status_change"
    __table_args__ = (Index("ix_client_status_change_client", "client_id", "at"),)

    id: Mapped[UUID] = key()
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    from_label: Mapped[str] = mapped_column(default="")  # empty: the client was made
    from_behaviour: Mapped[str] = mapped_column(default="")
    to_label: Mapped[str]
    to_behaviour: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    actor: Mapped[str]
    at: Mapped[datetime]


class ClientGroup(Base):
    """What its clients have in common: a discount, a time to pay, how they are taxed."""

    __tablename__ = "client_group"
    __table_args__ = (
        CheckConstraint("discount_value >= 0", name="discount_not_negative"),
        CheckConstraint("discount_kind <> 'percent' OR discount_value <= 10000", name="discount_at_most_all"),
        CheckConstraint("due_days BETWEEN 0 AND 365", name="due_days_in_a_year"),
    )

    id: Mapped[UUID] = key()
    name: Mapped[str] = mapped_column(unique=True)
    colour: Mapped[str] = mapped_column(default="neutral")  # a tone of the design, never a free value
    description: Mapped[str] = mapped_column(default="")
    discount_kind: Mapped[str] = mapped_column(default="none")  # none, percent, fixed
    discount_value: Mapped[int] = mapped_column(default=0)  # hundredths of a percent, or of a unit
    discount_products: Mapped[list[str]] = mapped_column(default=list)  # ids; empty: every product
    due_days: Mapped[int | None]  # None: as the brand has it
    tax_policy: Mapped[str] = mapped_column(default="obey")  # obey the client, exempt
    suspends: Mapped[bool] = mapped_column(default=True)  # services may be suspended for debts
    is_reseller: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class CustomField(Base):
    """A field the host has made up. ``key`` is its name in forms and files, and never changes."""

    __tablename__ = "custom_field"
    __table_args__ = (UniqueConstraint("owner", "key"),)

    id: Mapped[UUID] = key()
    owner: Mapped[str] = mapped_column(default="client")  # client, contact
    key: Mapped[str]
    label: Mapped[str]
    help: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]  # text, area, number, date, choice, check
    choices: Mapped[list[str]] = mapped_column(default=list)
    is_required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class CustomValue(Base):
    __tablename__ = "custom_value"
    __table_args__ = (UniqueConstraint("field_id", "owner_id"),)

    id: Mapped[UUID] = key()
    field_id: Mapped[UUID] = mapped_column(ForeignKey("custom_field.id"))
    owner_id: Mapped[UUID] = mapped_column(index=True)
    value: Mapped[str]


REFERRED = text("external_reference <> ''")


class Client(Base):
    __tablename__ = "client"
    __table_args__ = (
        UniqueConstraint("brand_id", "number"),
        CheckConstraint("credit_minor >= 0", name="credit_not_negative"),
        CheckConstraint("billing_day BETWEEN 1 AND 31", name="billing_day_of_month"),
        Index("ix_client_brand_created", "brand_id", "created_at", "id"),
        Index("ix_client_status", "status_id", "id"),
        Index("ix_client_group", "group_id", "id"),
        Index(
            "uq_client_reference", "brand_id", "external_reference", unique=True,
            sqlite_where=REFERRED, postgresql_where=REFERRED,
        ),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brand.id"))
    number: Mapped[int]
    company_name: Mapped[str] = mapped_column(default="")
    status_id: Mapped[UUID] = mapped_column(ForeignKey("client_status.id"))
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey("client_group.id"))
    billing_day: Mapped[int | None]  # None: obey the system-wide settings
    billing_country: Mapped[str]
    is_taxable: Mapped[bool] = mapped_column(default=True)
    tax_id: Mapped[str] = mapped_column(default="")
    tax_id_checked_at: Mapped[datetime | None]  # by a register, not only by its check digits
    tax_id_answer: Mapped[dict[str, Any] | None]  # what the register said: the evidence
    currency: Mapped[str]
    credit_minor: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("client.id"))
    external_reference: Mapped[str] = mapped_column(default="")  # its key in the books it came from
    version: Mapped[int] = mapped_column(default=1)


class Contact(Base):
    __tablename__ = "contact"
    __table_args__ = (
        Index(
            "uq_contact_primary", "client_id", unique=True,
            sqlite_where=text("is_primary"), postgresql_where=text("is_primary"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    is_primary: Mapped[bool] = mapped_column(default=False)
    roles: Mapped[list[str]] = mapped_column(default=list)
    company_name: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str] = mapped_column(index=True)
    street_address: Mapped[str]
    address_2: Mapped[str] = mapped_column(default="")
    city: Mapped[str]
    state: Mapped[str] = mapped_column(default="")  # ISO 3166-2 part, "TX"
    county: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    country: Mapped[str]
    primary_phone: Mapped[str]  # E.164
    secondary_phone: Mapped[str] = mapped_column(default="")
    fax: Mapped[str] = mapped_column(default="")
    mobile_phone: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="en")
    email_format: Mapped[str] = mapped_column(default="html")  # html, text
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)  # who signs in as them
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class ContactMailChoice(Base):
    """A mail type this contact wants."""

    __tablename__ = "contact_mail_choice"
    __table_args__ = (UniqueConstraint("contact_id", "mail_type"),)

    id: Mapped[UUID] = key()
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"))
    mail_type: Mapped[str]


class BillingAccount(Base):
    """How a client pays. The source itself is one encrypted record; the rest is for showing."""

    __tablename__ = "billing_account"
    __table_args__ = (
        Index(
            "uq_billing_account_default", "client_id", unique=True,
            sqlite_where=text("is_default"), postgresql_where=text("is_default"),
        ),
        Index(
            "ix_billing_account_detach", "detach_next_at", sqlite_where=DETACHES, postgresql_where=DETACHES
        ),
        Index(
            "ix_billing_account_expires", "expires_on", "id", sqlite_where=EXPIRES, postgresql_where=EXPIRES
        ),
    )  # fmt: skip

    id: Mapped[UUID] = key()
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    gateway: Mapped[str]
    kind: Mapped[str]  # card, echeck, redirect, manual
    source_encrypted: Mapped[str] = mapped_column(default="")
    brand: Mapped[str] = mapped_column(default="")  # "Visa", bank name
    last4: Mapped[str] = mapped_column(default="")
    holder: Mapped[str] = mapped_column(default="")
    expires_on: Mapped[date | None]
    issue_number: Mapped[str] = mapped_column(default="")
    start_date: Mapped[str] = mapped_column(default="")  # "MM/YYYY", for the cards that print one
    keep: Mapped[bool] = mapped_column(default=False)  # may be charged for renewals
    mandate: Mapped[dict[str, Any]] = mapped_column(default=dict)  # text, at, ip
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    detached_at: Mapped[datetime | None]  # the gateway has forgotten it, and so have we
    detach_tries: Mapped[int] = mapped_column(default=0)
    detach_next_at: Mapped[datetime | None]  # when the gateway is asked again
    warned_for: Mapped[date | None]  # the expiry that its owner was warned of


class ClientNote(Base):
    """What staff want to remember of a client. Clients never see it."""

    __tablename__ = "client_note"
    __table_args__ = (Index("ix_client_note_client", "client_id", "id"),)

    id: Mapped[UUID] = key()
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    author: Mapped[str]  # an actor, as in the audit log
    author_name: Mapped[str]
    text: Mapped[str]
    is_pinned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]


class ClientFile(Base):
    """A file kept with a client. Its bytes lie in the data folder under ``stored_as``."""

    __tablename__ = "client_file"
    __table_args__ = (Index("ix_client_file_client", "client_id", "id"),)

    id: Mapped[UUID] = key()
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    name: Mapped[str]  # as it was called where it came from
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    digest: Mapped[str]  # SHA-256
    stored_as: Mapped[str] = mapped_column(unique=True)
    author: Mapped[str]
    author_name: Mapped[str]
    created_at: Mapped[datetime]
