"""The list of mails."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.kernel.db import DbSession
from core.kernel.paging import Page, Window
from core.mail import delivery, types
from core.mail import queries as mail
from core.mail.queries import MailRow
from core.web.admin import access, words
from core.web.admin.listing.spec import Asked, Beside, Bulk, Choices, Column, Filter, Listing, Span, texts
from core.web.admin.lists.common import BRAND, chosen_id, moment
from core.web.current import house


def _read(session: DbSession, window: Window, wish: Asked, span: Span) -> Page[MailRow]:
    return mail.list_mails(
        session, window, q=wish.q, state=wish.values.get("state", ""), client_id=wish.client_id,
        type=wish.values.get("type", ""), brand_id=chosen_id(wish, "brand"), since=span.since,
        until=span.until,
    )  # fmt: skip


def _types(_session: DbSession) -> Choices:
    return [(one.name, one.label) for one in types.TYPES]


def _beside(_session: DbSession, _rows: Sequence[MailRow]) -> Beside:
    return {"types": {one.name: one.label for one in types.TYPES}}


def _resend(mail_id: UUID, _wanted: object) -> None:
    delivery.resend(house(), mail_id, access.actor())


MAILS = Listing(
    name="mails", title="Mails", one="mail", many="mails", permission="mails.view",
    placeholder="Address, client, order or number", read=_read, beside=_beside,
    text="Written once per fact and reader, then sent.",
    name_of=lambda row: f"M-{row.number} to {row.recipient}",
    columns=(
        Column(key="subject", label="Subject", text=lambda row, _: row.subject),
        Column(key="to", label="To", text=lambda row, _: row.recipient, shown_from="md"),
        Column(key="type", label="Type", shown_from="xl", usual=False,
               text=lambda row, beside: beside["types"].get(row.type, row.type)),
        Column(key="state", label="State", text=lambda row, _: row.state),
        Column(key="written", label="Written", text=lambda row, _: moment(row.created_at), shown_from="sm"),
        Column(key="number", label="Number", text=lambda row, _: f"M-{row.number}", file_only=True),
        Column(key="sent", label="Sent", text=lambda row, _: moment(row.sent_at), file_only=True),
    ),
    filters=(
        Filter(name="state", label="State", any_label="Any state", as_tabs=True,
               choices=lambda _: texts(words.MAIL, mail.STATES)),
        Filter(name="type", label="Type", any_label="Any type", choices=_types), BRAND,
    ),
    bulk=(
        Bulk(key="resend", label="Send again", icon="mail", permission="mails.resend", run=_resend,
             done="{count} mails are on their way again."),
        Bulk(key="csv", label="Export", icon="download", permission="lists.export", done=""),
    ),
    empty=("No mails yet", "An order writes the first ones.", "mail"),
)  # fmt: skip
