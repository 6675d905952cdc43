"""What needs a person, asked of every slice: for the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask import url_for

from core.clients import billing_accounts
from core.clients import figures as clients
from core.clients.values import BillingAccountView
from core.kernel import queries as kernel
from core.kernel.clock import local_date
from core.kernel.paging import Window
from core.kernel.slots import month_after
from core.mail import queries as mail
from core.payments import queries as payments
from core.payments.queries import UnmatchedRow
from core.provisioning import queries as provisioning
from core.web import shown
from core.web.admin import access, times, words
from core.web.admin.counts import LIMIT
from core.web.current import house, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Counts go up to LIMIT."""

    failed_jobs: provisioning.Waiting
    staff_jobs: provisioning.Waiting
    unknown_payments: payments.Waiting
    unmatched: tuple[UnmatchedRow, ...]
    failed_mails: int
    dead_deliveries: int
    expiring: int
    removals: tuple[BillingAccountView, ...]  # that the gateway has not confirmed, and never will by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One row of "Needs a person": what, why, and the way to it."""

    tone: str
    icon: str
    title: str
    text: str
    url: str
    button: str
    permission: str


def read() -> Needs:
    """Ask everything in one snapshot."""
    with house().db.read() as session:
        return Needs(
            failed_jobs=provisioning.waiting(session, "failed", LIMIT),
            staff_jobs=provisioning.waiting(session, "needs_staff", LIMIT),
            unknown_payments=payments.unknown(session, LIMIT),
            unmatched=payments.list_unmatched(session, Window(size=LIMIT)).items,
            failed_mails=mail.failed_count(session, LIMIT),
            dead_deliveries=kernel.dead_deliveries(session, LIMIT),
            expiring=clients.expiring_count(session, *this_month(), LIMIT),
            removals=billing_accounts.stuck_accounts(session, LIMIT),
        )


def this_month() -> tuple[date, date]:
    """From today to the last day of the month, in the zone that times are shown in."""
    today = local_date(now(), str(shown.zone()))
    return today, month_after(today) - timedelta(days=1)


def rows(needs: Needs) -> tuple[Need, ...]:
    """The most pressing first, and only what this person may look into."""
    found = (*_jobs(needs), *_payments(needs), *_deliveries(needs), *_removals(needs), *_cards(needs))
    return tuple(need for need in found if access.may(need.permission))


def _jobs(needs: Needs) -> Iterator[Need]:
    for waiting, state, tone, icon, kind in (
        (needs.failed_jobs, "failed", "danger", "alert-triangle", "failed job"),
        (needs.staff_jobs, "needs_staff", "warning", "user-check", "task"),
    ):
        job = waiting.oldest
        if job is None:
            continue
        why = job.staff_note or words.code(job.error_code) or job.domain or job.service_label
        where = f"{job.server_name}: " if job.server_name and job.server_name not in why else ""
        since = times.moment(job.created_at)
        text = f"Oldest: J-{job.number} of {job.client_name}, {since}. {where}{why}"
        url = url_for("admin.jobs", state=state)
        title = words.counted(waiting.count, kind) + (" for staff" if state == "needs_staff" else "")
        yield Need(
            tone=tone,
            icon=icon,
            title=title,
            text=text,
            url=url,
            button="Look at jobs",
            permission="jobs.view",
        )


def _payments(needs: Needs) -> Iterator[Need]:
    attempt = needs.unknown_payments.oldest
    if attempt is not None:
        looked = f"Looked up {words.counted(attempt.lookups, 'time')}"
        following = f", next look-up {times.soon(attempt.next_lookup_at)}" if attempt.next_lookup_at else ""
        title = words.counted(needs.unknown_payments.count, "payment") + " with unknown outcome"
        yield Need(
            tone="unknown", icon="help-circle", title=title, url=url_for("admin.payments", state="unknown"),
            text=f"{shown.money(attempt.amount)} of {attempt.client_name}. {looked}{following}. "
            "Never charged again by itself",
            button="Look at payments", permission="payments.view",
        )  # fmt: skip
    if needs.unmatched:
        amounts = [shown.money(row.amount) for row in needs.unmatched if row.amount]
        others = len(needs.unmatched) - min(len(amounts), 3)
        named = " and ".join(amounts[:3]) + (f" and {others} more" if others and amounts else "")
        yield Need(
            tone="warning", icon="cash", url=url_for("admin.unmatched"), button="Look at them",
            title=words.counted(len(needs.unmatched), "amount") + " without an invoice",
            text=f"{named or 'No amount was told'}. Nothing is booked by guess", permission="payments.view",
        )  # fmt: skip


def _removals(needs: Needs) -> Iterator[Need]:
    if needs.removals:
        oldest = needs.removals[0]
        url = url_for("admin.client_billing_accounts", client_id=oldest.client_id)
        yield Need(
            tone="warning", icon="credit-card-off", url=url, button="Look at the oldest",
            title=words.counted(len(needs.removals), "removed way") + " to pay not forgotten by the gateway",
            text=f"Oldest: {oldest.label or oldest.gateway}. Nothing is charged to it; take it away there",
            permission="billing_accounts.edit",
        )  # fmt: skip


def _deliveries(needs: Needs) -> Iterator[Need]:
    if needs.failed_mails:
        yield Need(
            tone="danger", icon="mail", title=words.counted(needs.failed_mails, "mail") + " not delivered",
            text="The mail server refused them, or did not answer for too long",
            url=url_for("admin.mails", state="failed"), button="Look at mails", permission="mails.view",
        )  # fmt: skip
    if needs.dead_deliveries:
        yield Need(
            tone="danger", icon="plug", permission="audit.view", button="Look at events",
            title=words.counted(needs.dead_deliveries, "event") + " not taken by a subscriber",
            text="Offered twenty times over more than half a day, then given up",
            url=url_for("admin.deliveries"),
        )  # fmt: skip


def _cards(needs: Needs) -> Iterator[Need]:
    if needs.expiring:
        title = words.counted(needs.expiring, "card expires", "cards expire") + " this month"
        yield Need(
            tone="", icon="credit-card", title=title,
            text="They can not be charged after this month. Their owners are written to once",
            url=url_for("admin.expiring"), button="Show", permission="clients.view",
        )  # fmt: skip
