"""Accounts that a person builds: core opens a task and waits until staff say that it is done.

There is nothing to call, so no outcome here claims more than that: what staff did is recorded by core
when they resolve the task.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from core.plugin_api.context import Field, HealthReport, PluginConfig
from core.plugin_api.events import Event, Subscription
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.provisioner import (
    AccountRef,
    CreateRequest,
    NeedsStaff,
    Provisioner,
    ProvisionerSpec,
    ProvisionOutcome,
    RemoteAccount,
    RemoteState,
)
from core.plugin_api.values import Status

log = logging.getLogger(__name__)


class ManualConfig(PluginConfig):
    """A server that people look after by hand."""

    location: str = Field(
        default="",
        title="Where",
        description="The machine or system that staff work on. It is repeated in every task.",
        max_length=200,
    )


class ManualOptions(PluginConfig):
    """What staff have to do for one product."""

    work: str = Field(
        default="Set up the service that was ordered.",
        title="What to do",
        description="Plain sentences for the task, for all orders of this product.",
        max_length=2000,
    )


class ManualProvisioner(Provisioner[ManualConfig], NeedsStaff):
    """Writes the task. Every step waits for staff."""

    def check(self) -> HealthReport:
        return HealthReport(ok=True, detail="Nothing to connect to: staff do this work.")

    def task(self, request: CreateRequest) -> str:
        ref, options = request.ref, request.options
        work = options.work if isinstance(options, ManualOptions) else ManualOptions().work
        lines = (
            work,
            f"Domain: {ref.domain}." if ref.domain else "",
            f"User name: {ref.username}.",
            f"For: {request.contact_name}, {request.contact_email}.",
            f"On: {self.ctx.config.location}." if self.ctx.config.location else "",
            f"Mark it as {ref.marker}, then resolve this task.",
        )
        return "\n".join(line for line in lines if line)

    def inspect(self, ref: AccountRef) -> RemoteAccount | None:
        """Nobody can be asked by a program: the state is unknown, never absent."""
        return RemoteAccount(
            username=ref.username, domain=ref.domain, state=RemoteState.UNKNOWN, marker=ref.marker
        )

    def create(self, request: CreateRequest) -> ProvisionOutcome:
        return _waits("Staff set this up.")

    def suspend(self, ref: AccountRef, reason: str) -> ProvisionOutcome:
        return _waits(f"Staff suspend this: {reason}")

    def resume(self, ref: AccountRef) -> ProvisionOutcome:
        return _waits("Staff resume this.")

    def terminate(self, ref: AccountRef) -> ProvisionOutcome:
        return _waits("Staff remove this.")


def _waits(note: str) -> ProvisionOutcome:
    return ProvisionOutcome(status=Status.PENDING, changed=False, operation="staff", staff_note=note)


@hookimpl
def register_provisioners() -> Iterable[ProvisionerSpec]:
    return [
        ProvisionerSpec(
            id="manual_task",
            name="Set up by staff",
            config=ManualConfig,
            implementation=ManualProvisioner,
            options=ManualOptions,
            hosts=frozenset(),
            host_settings=(),
            needs_domain=False,
            has_password=False,
        )
    ]


def _tell(event: Event) -> None:
    """A line for whoever watches the logs: somebody has to do something."""
    log.warning("a task waits for staff", extra={"job_id": event.payload["job_id"]})


@hookimpl
def register_subscriptions() -> Iterable[Subscription]:
    return [Subscription(event="job.needs_staff", name="tell", handler=_tell)]
