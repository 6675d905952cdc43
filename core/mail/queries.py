"""What the admin and an order's page read of mails. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, select
from sqlalchemy.orm import Session

from core.kernel import counting
from core.kernel.found import ids_of, made_between
from core.kernel.i18n import gettext as _
from core.kernel.outbox import OutboxDelivery, OutboxEvent
from core.kernel.paging import AnyRow, AnySelect, Page, Window, fetch_page, narrowest, number_in
from core.mail.models import MailMessage
from core.mail.types import label_of
from core.orders.values import TaskState, TaskView

STATES = ("sent", "queued", "failed", "kept")
FIRST = "mail.order_received"  # the subscriber that writes an order's first mail


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """A mail in a list. Instants are UTC."""

    id: UUID
    number: int
    type: str
    subject: str
    recipient: str
    state: str
    attempts: int
    error: str
    client_id: UUID | None
    order_id: UUID | None
    next_try_at: datetime
    created_at: datetime
    sent_at: datetime | None
    locale: str = "en"

    @property
    def type_label(self) -> str:
        """What kind of mail it is, in words for staff."""
        return label_of(self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPage:
    """One mail as it was written."""

    mail: MailRow
    sender: str
    locale: str
    message_id: str
    body_text: str
    body_html: str


def _mails() -> AnySelect:
    table = MailMessage
    return select(
        table.id, table.number, table.type, table.subject, table.recipient, table.state, table.attempts,
        table.error, table.client_id, table.order_id, table.next_try_at, table.created_at, table.sent_at,
        table.locale,
    )  # fmt: skip


def _mail_row(row: AnyRow) -> MailRow:
    return MailRow(
        id=row.id, number=row.number, type=row.type, subject=row.subject, recipient=row.recipient,
        state=row.state, attempts=row.attempts, error=row.error, client_id=row.client_id,
        order_id=row.order_id, next_try_at=row.next_try_at, created_at=row.created_at, sent_at=row.sent_at,
        locale=row.locale,
    )  # fmt: skip


def list_mails(
    session: Session, window: Window, *, q: str = "", state: str = "", client_id: UUID | None = None,
    type: str = "", brand_id: UUID | None = None, since: datetime | None = None,
    until: datetime | None = None,
) -> Page[MailRow]:  # fmt: skip
    """Mails, newest first. ``q`` is a number, an address, or what clients and orders are found by."""
    table = MailMessage
    equal = (
        (table.state, state),
        (table.client_id, client_id),
        (table.type, type),
        (table.brand_id, brand_id),
    )
    statement = _mails().where(
        *made_between(table.id, since, until), *(column == value for column, value in equal if value)
    )
    if q:
        statement = narrowest(session, statement, _conditions(session, q))
    return fetch_page(session, statement, table.id, window, _mail_row)


def _conditions(session: Session, q: str) -> list[ColumnElement[bool]]:
    """The first that anything meets counts."""
    number = number_in(q, "M")
    exact = [MailMessage.number == number] if number is not None else []
    return [
        *exact,
        MailMessage.recipient.in_({q, q.lower()}),
        MailMessage.client_id.in_(ids_of(session, q, "client")),
        MailMessage.order_id.in_(ids_of(session, q, "order")),
    ]


def mails_of_order(session: Session, order_id: UUID) -> tuple[MailRow, ...]:
    """Every mail that an order caused, oldest first."""
    statement = _mails().where(MailMessage.order_id == order_id).order_by(MailMessage.id).limit(200)
    return tuple(_mail_row(row) for row in session.execute(statement))


def mail_page(session: Session, mail_id: UUID) -> MailPage | None:
    """One mail, or None when there is none."""
    table = MailMessage
    statement = _mails().add_columns(table.sender, table.message_id, table.body_text, table.body_html)
    row = session.execute(statement.where(table.id == mail_id)).one_or_none()
    if row is None:
        return None
    return MailPage(
        mail=_mail_row(row), sender=row.sender, locale=row.locale,
        message_id=row.message_id, body_text=row.body_text, body_html=row.body_html,
    )  # fmt: skip


def count_of_client(session: Session, client_id: UUID, limit: int = 1000) -> int:
    """How many mails were written to a client, counted up to ``limit``."""
    theirs = select(MailMessage.id).where(MailMessage.client_id == client_id)
    return session.scalar(select(counting.up_to(limit, theirs))) or 0


def failed_count(session: Session, limit: int = 100) -> int:
    """How many mails could not be sent, counted up to ``limit``."""
    return session.scalar(select(failing_count(limit))) or 0


def failing_count(limit: int = 100) -> ScalarSelect[int]:
    """The same as a column of a statement."""
    return counting.up_to(limit, select(MailMessage.id).where(MailMessage.state == "failed"))


def task_of_order(session: Session, order_id: UUID) -> TaskView | None:
    """How the mails of an order stand so far, as its buyer sees it; None when none is to come.

    RUNNING while one is being written or sent for the first time, WAITING when one did not get through
    (it is tried again, or staff see it), DONE when all so far have left.
    """
    mails = [mail for mail in mails_of_order(session, order_id) if not mail.type.startswith("staff_")]
    if not mails:
        return _before_the_first(session, order_id)
    reader = _("To {recipient}").format(recipient=mails[0].recipient)
    if any(mail.state == "failed" for mail in mails):
        text = _("A mail did not get through. All that it says stands on this page.")
        return _task(text, TaskState.WAITING)
    queued = [mail for mail in mails if mail.state == "queued"]
    if any(mail.error for mail in queued):
        return _task(
            _("{reader}. The mail server does not answer; we try again by ourselves.").format(reader=reader),
            TaskState.WAITING,
        )
    if queued:
        return _task(reader, TaskState.RUNNING)
    if all(mail.state == "kept" for mail in mails):
        reader = _("Written to {recipient} and kept: no mail server is set up").format(
            recipient=mails[0].recipient
        )
    return _task(reader, TaskState.DONE, at=max(mail.sent_at or mail.created_at for mail in mails))


def _task(detail: str, state: TaskState, at: datetime | None = None) -> TaskView:
    return TaskView(key="mail", title=_("Sending your mails"), detail=detail, state=state, at=at)


def _before_the_first(session: Session, order_id: UUID) -> TaskView | None:
    state = session.scalar(
        select(OutboxDelivery.state)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(OutboxDelivery.state.in_(("due", "dead")), OutboxDelivery.subscriber == FIRST)
        .where(OutboxEvent.payload["order_id"].as_string() == str(order_id))
    )
    if state == "due":
        return _task(_("Being written"), TaskState.RUNNING)
    if state == "dead":
        return _task(_("It could not be written. All that it says stands on this page."), TaskState.WAITING)
    return None
