"""The story of one order, step by step: what was placed, each try to move money, each job, each mail.

Puts together what the slices' read models tell; nothing is decided here. A failure says what happened and
whether repeating is safe, and the page puts the actions beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.kernel.money import Money
from core.mail.queries import MailRow
from core.orders.queries import OrderPage
from core.payments.queries import AttemptPage, AttemptRow
from core.provisioning.queries import JobPage, JobRow, JobStepRow
from core.web.admin import words
from core.web.admin.words import Word

LAST = datetime.max.replace(tzinfo=UTC)
TOGETHER = timedelta(seconds=60)  # mails sent this close are one step of the story
MOVING = ("created", "sent", "pending", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try inside a step. ``raw`` is what the panel said, folded away."""

    word: Word
    text: str
    at: datetime | None
    raw: str = ""
    attempt_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong, in a sentence and a half, and the raw answer behind it."""

    title: str
    text: str
    tone: str = "danger"
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the story. ``kind`` tells the page which actions belong here, and ``subject`` on what."""

    kind: str  # placed, written, payment, refund, job, mail
    title: str
    text: str
    state: str  # done, running, waiting, failed, unknown, ""
    at: datetime | None = None
    subject: UUID | None = None
    tries: tuple[Try, ...] = ()
    trouble: Trouble | None = None
    job: JobRow | None = None
    mails: tuple[MailRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """What the story needs to know of plugins and of how money reads."""

    money: Callable[[Money], str]
    clock: Callable[[datetime], str]
    gateway_name: Callable[[str], str]
    registrars: frozenset[str]
    by_hand: frozenset[str]  # gateways that wait for staff to see the money


def story(
    page: OrderPage,
    attempts: Sequence[AttemptPage],
    jobs: Sequence[JobPage],
    mails: Sequence[MailRow],
    tell: Teller,
) -> tuple[Step, ...]:
    """All steps in the order they ended in; what has not ended comes last."""
    steps = [
        _placed(page),
        _written(page),
        _payment(page, [one for one in attempts if one.attempt.kind == "charge"], tell),
        *(_refund(one, tell) for one in attempts if one.attempt.kind == "refund"),
        *(_job(one, tell) for one in jobs),
        *_mails(mails),
        *_called_off(page),
    ]
    return tuple(sorted(steps, key=lambda step: step.at or LAST))


def _placed(page: OrderPage) -> Step:
    parts = []
    if page.terms_title:
        since = (
            f" of {page.terms_since:%B} {page.terms_since.day}, {page.terms_since.year}"
            if page.terms_since
            else ""
        )
        parts.append(f"{page.terms_title}{since} accepted")
    if page.ip:
        parts.append(f"from {page.ip}")
    return Step(
        kind="placed", title="Order placed", text=" ".join(parts), state="done", at=page.order.placed_at
    )


def _written(page: OrderPage) -> Step:
    services = ", ".join(f"S-{line.service_number}" for line in page.lines)
    client = "Client" if page.new_client else "For client"
    kind = "service" if len(page.lines) == 1 else "services"
    title = "Client, service and invoice written" if page.new_client else "Service and invoice written"
    return Step(
        kind="written", title=title, state="done", at=page.order.placed_at,
        text=f"{client} {page.client_number}, {kind} {services}, all in one transaction",
    )  # fmt: skip


def _called_off(page: OrderPage) -> Iterator[Step]:
    if page.cancelled is not None:
        title = "Cancelled by itself" if page.cancelled.by_itself else "Order cancelled"
        yield Step(
            kind="cancelled", title=title, text=page.cancelled.reason, state="failed", at=page.cancelled.at
        )


_PAYMENT: dict[str, tuple[str, str]] = {
    "succeeded": ("Charged once", "done"),
    "pending": ("Payment on its way", "waiting"),
    "unknown": ("Payment with unknown outcome", "unknown"),
    "declined": ("Payment declined", "failed"),
    "not_sent": ("Payment did not reach the gateway", "failed"),
    "returned": ("Payment came back", "failed"),
    "refunded": ("Charged and given back", "done"),
    "created": ("Payment not begun", "waiting"),
    "sent": ("Charging", "running"),
}


def _payment(page: OrderPage, charges: Sequence[AttemptPage], tell: Teller) -> Step:
    if not charges:
        return _no_charge(page, tell)
    last = _decisive([one.attempt for one in charges])
    title, state = _PAYMENT.get(last.state, (words.attempt(last.state).text, ""))
    if last.gateway in tell.by_hand and last.state == "succeeded":
        title = "Payment received"
    via = f"through {tell.gateway_name(last.gateway)}"
    method = f"{'to' if last.state == 'succeeded' else 'from'} {last.method} " if last.method else ""
    if title == "Payment received":
        method, via = (
            "",
            f"by {tell.gateway_name(last.gateway)}" + (f", {last.reference}" if last.reference else ""),
        )
    return Step(
        kind="payment", title=title, text=f"{tell.money(last.amount)} {method}{via}", state=state,
        at=None if last.state in MOVING else last.settled_at or last.created_at, subject=last.id,
        tries=tuple(_charge_try(one) for one in charges), trouble=payment_trouble(last, tell),
    )  # fmt: skip


def _decisive(charges: Sequence[AttemptRow]) -> AttemptRow:
    """The charge that tells how the payment stands: the one that paid, else the latest."""
    return next((one for one in charges if one.state == "succeeded"), charges[-1])


def _no_charge(page: OrderPage, tell: Teller) -> Step:
    if page.order.invoice_status == "paid":
        text = "Nothing was left to pay" if not page.order.total else "Covered without a payment of its own"
        return Step(kind="payment", title="Paid", text=text, state="done", at=page.order.placed_at)
    if page.order.invoice_status == "void":
        return Step(
            kind="payment", title="No payment", text="The invoice is void", state="", at=page.completed_at
        )
    name = tell.gateway_name(page.order.gateway)
    by_hand = page.order.gateway in tell.by_hand
    text = "Mark it paid when the money is here" if by_hand else "The buyer has not paid yet"
    return Step(
        kind="payment",
        title=f"Waits for {tell.money(page.order.total)} by {name}",
        text=text,
        state="waiting",
    )


def _charge_try(page: AttemptPage) -> Try:
    one = page.attempt
    why = words.decline(one.code) if one.code else one.staff_note
    text = f"Attempt A-{one.number}, {one.method or one.gateway}" + (f": {why}" if why else "")
    return Try(
        word=words.attempt(one.state), text=text, at=one.settled_at or one.sent_at or one.created_at,
        attempt_id=one.id,
    )  # fmt: skip


def payment_trouble(one: AttemptRow, tell: Teller) -> Trouble | None:
    """What to say where an outcome is unknown or money went back."""
    if one.state == "unknown":
        following = f"The next look-up is at {tell.clock(one.next_lookup_at)}. " if one.next_lookup_at else ""
        return Trouble(
            tone="unknown", title="Nobody knows yet whether this money moved.",
            text=f"{following}It is looked up, never charged again by itself. Do not charge it otherwise.",
            raw=one.staff_note,
        )  # fmt: skip
    if one.state == "returned":
        return Trouble(
            title="The bank took the money back.",
            text="What it had paid is owed again. The client may pay another way.", raw=one.staff_note,
        )  # fmt: skip
    return None


def _refund(page: AttemptPage, tell: Teller) -> Step:
    one = page.attempt
    state = {"succeeded": "done", "declined": "failed", "not_sent": "failed", "unknown": "unknown"}.get(
        one.state, "running"
    )
    title = {"succeeded": "given back", "declined": "not given back", "unknown": "perhaps given back"}
    return Step(
        kind="refund", title=f"{tell.money(one.amount)} {title.get(one.state, 'to be given back')}",
        text=f"Attempt A-{one.number} through {tell.gateway_name(one.gateway)}", state=state,
        at=None if one.state in MOVING else one.settled_at or one.created_at, subject=one.id,
        tries=(_charge_try(page),),
    )  # fmt: skip


_JOB_STATES = {
    "ready": "running", "running": "running", "waiting": "waiting", "needs_staff": "waiting",
    "done": "done", "failed": "failed", "cancelled": "",
}  # fmt: skip


def _job(page: JobPage, tell: Teller) -> Step:
    job = page.job
    ended = page.steps[-1].at if page.steps else job.created_at
    is_over = job.state in ("done", "failed", "cancelled")
    return Step(
        kind="job", title=words.job_title(job, registers=job.plugin in tell.registrars),
        text=job_text(job, tell.clock), state=_JOB_STATES.get(job.state, ""),
        at=(job.finished_at or ended) if is_over else None, subject=job.id, job=job,
        tries=() if _went_straight(page) else tries(page.steps), trouble=job_trouble(page),
    )  # fmt: skip


def _went_straight(page: JobPage) -> bool:
    """Done at the first try with nothing to say about it: the step's own line says it all."""
    told = any(step.note or step.raw for step in page.steps)
    return page.job.state == "done" and len(page.steps) <= 1 and not told


def job_text(job: JobRow, clock: Callable[[datetime], str]) -> str:
    """``Job J-88197, Business Hosting for hearthstonedental.com, third try``."""
    what = (
        f"{job.service_label} for {job.domain}"
        if job.domain and job.domain != job.service_label
        else job.service_label
    )
    parts = [f"Job J-{job.number}", what]
    if job.attempts > 1:
        parts.append(words.nth_try(job.attempts))
    text = ", ".join(parts)
    if job.state == "waiting" and job.next_try_at:
        text += f". Next try by itself at {clock(job.next_try_at)}"
    return text


def tries(steps: Iterable[JobStepRow]) -> tuple[Try, ...]:
    """What a job went through, the newest first, as staff look for what happened last."""
    told = (
        Try(
            word=words.job(step.state), text=_said(step.note, words.job(step.state)), at=step.at, raw=step.raw
        )
        for step in steps
    )
    return tuple(told)[::-1]


def payment_tries(page: AttemptPage) -> tuple[Try, ...]:
    """Each state an attempt went through, the newest first."""
    told = (
        Try(word=words.attempt(step.state), text=_said(step.note, words.attempt(step.state)), at=step.at)
        for step in page.steps
    )
    return tuple(told)[::-1]


def _said(note: str, word: Word) -> str:
    return note[:1].upper() + note[1:] if note else word.text


def job_trouble(page: JobPage) -> Trouble | None:
    """What to say where a job stands still, and whether trying again is safe."""
    job = page.job
    raw = next((step.raw for step in reversed(page.steps) if step.raw), "")
    if job.state == "needs_staff":
        text = job.staff_note or "Do it by hand, then mark it as done here."
        return Trouble(tone="warning", title="A person has to do this.", text=text, raw=raw)
    if job.state == "waiting" and job.in_doubt:
        return Trouble(
            tone="unknown", title="The last try brought no usable answer.",
            text="Before anything is repeated the panel is asked what stands there.", raw=raw,
        )  # fmt: skip
    if job.state != "failed":
        return None
    who = job.server_name or "The panel"
    count = words.counted(job.attempts, "try", "tries", limit=10**6)
    safe = (
        "The last try brought no usable answer. A retry asks the panel first, so nothing is made twice."
        if job.in_doubt
        else "Trying again is safe: what is there already is found, not made twice."
    )
    why = f"{job.staff_note.rstrip('.')}. " if job.staff_note else ""
    return Trouble(title=f"{who} did not do it in {count}.", text=f"{why}{safe}", raw=raw)


_MAIL = {"sent": ("delivered", "done"), "kept": ("kept here", "done"), "failed": ("not delivered", "failed")}


def _mails(mails: Sequence[MailRow]) -> Iterator[Step]:
    """Mails that went out together are one step; each that failed or waits is one of its own."""
    group: list[MailRow] = []
    for row in mails:
        if group and not _belongs(group, row):
            yield _mail_step(group)
            group = []
        group.append(row)
    if group:
        yield _mail_step(group)


def _belongs(group: Sequence[MailRow], row: MailRow) -> bool:
    first = group[0]
    same = row.state == first.state and row.state in ("sent", "kept") and row.recipient == first.recipient
    return same and (row.sent_at or row.created_at) - (first.sent_at or first.created_at) <= TOGETHER


def headline(page: OrderPage, steps: Sequence[Step]) -> Trouble | None:
    """The one thing to know before reading the story; None when nothing needs a person."""
    order = page.order
    if order.payment_unknown:
        return Trouble(
            tone="quiet", title="It is not known whether the payment went through.",
            text="The gateway is asked again by itself. Nothing is charged or opened before it answers.",
        )  # fmt: skip
    stuck = next((step for step in steps if step.kind == "job" and step.trouble), None)
    if stuck is None or stuck.trouble is None:
        return None
    paid = "Paid, but " if order.invoice_status == "paid" else ""
    title = f"{paid}“{stuck.title}” is not done."
    return Trouble(
        title=title[:1].upper() + title[1:], text=stuck.trouble.text, tone=_note_tone(stuck.trouble)
    )


def _note_tone(trouble: Trouble) -> str:
    return "quiet" if trouble.tone == "unknown" else trouble.tone


def _mail_step(group: Sequence[MailRow]) -> Step:
    first = group[0]
    names = [f"“{row.subject}”" for row in group]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    what, state = _MAIL.get(first.state, ("", "waiting"))
    title = f"{'Mail' if len(group) == 1 else 'Mails'} {listed} {what}" if what else f"Send mail {listed}"
    trouble = None
    if first.state == "failed":
        trouble = Trouble(
            title="The mail was not taken.",
            text="A second copy would carry the same Message-ID.",
            raw=first.error,
        )
    last = group[-1]
    return Step(
        kind="mail", title=title, text=f"To {first.recipient}", state=state, trouble=trouble,
        at=(last.sent_at or last.created_at) if what else None, subject=first.id, mails=tuple(group),
    )  # fmt: skip
