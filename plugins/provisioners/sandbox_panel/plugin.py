"""Hosting accounts on the sandbox's panel. Test mode: nothing is hosted.

The panel keeps our marker with each account, so ours are told from a stranger's by it alone: an account
with another marker is never adopted, changed or removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.plugin_api.answers import Answer
from core.plugin_api.context import Field, HealthReport, Mode, PluginConfig, PluginContext, SecretStr
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.provisioner import (
    AccountRef,
    ChangesPlans,
    CreateRequest,
    Lists,
    Provisioner,
    ProvisionerSpec,
    ProvisionOutcome,
    RemoteAccount,
    RemoteState,
    ResetsPasswords,
    UsernameRules,
)
from core.plugin_api.values import Status
from plugins.provisioners.sandbox_panel.client import Reply, SandboxClient
from plugins.provisioners.sandbox_panel.mapping import a_strangers, account, done, refused

ACCOUNTS = ("panel", "accounts")


class PanelConfig(PluginConfig):
    """One panel."""

    url: str = Field(
        title="Address of the panel",
        description="As in http://127.0.0.1:8900.",
        pattern=r"^https?://[^\s/?#]+/?$",
    )
    secret_key: SecretStr = Field(title="Secret key", description="The panel's API key.")
    hostname: str = Field(
        default="",
        title="Host name for clients",
        description="Told to clients as the name of their server.",
        max_length=253,
    )
    nameservers: tuple[str, ...] = Field(
        default=(),
        title="Name servers for clients",
        description="Told to clients whose domain is registered elsewhere.",
    )


class PanelOptions(PluginConfig):
    """What a product orders on the panel."""

    plan: str = Field(
        default="starter",
        title="Plan",
        description="A plan of the panel: starter or business.",
        min_length=1,
        max_length=60,
    )


class SandboxPanel(Provisioner[PanelConfig], ChangesPlans, ResetsPasswords, Lists):
    """Every change looks first: what stands there decides what is left to do."""

    def __init__(self, ctx: PluginContext[PanelConfig]) -> None:
        super().__init__(ctx)
        self._api = SandboxClient(ctx.http, ctx.config.url, ctx.config.secret_key.get_secret_value())

    def check(self) -> HealthReport:
        try:
            reply = self._api.get("panel", "version")
            said = f"version {reply.body.text('version')}" if reply.ok else reply.error
        except (NotSent, NoAnswer, Misconfigured) as error:
            return HealthReport(ok=False, detail=f"Asked for the version: {error}")
        return HealthReport(ok=reply.ok, detail=f"Asked for the version: {said}, test mode.")

    def inspect(self, ref: AccountRef) -> RemoteAccount | None:
        reply = self._api.get(*ACCOUNTS, ref.username)
        if reply.status == 404 and reply.error == "no_such_account":
            return None
        return account(_good(reply))

    def accounts(self) -> Iterable[RemoteAccount]:
        return [account(record) for record in _good(self._api.get(*ACCOUNTS)).objects("data")]

    def create(self, request: CreateRequest) -> ProvisionOutcome:
        """Under the job's key; when the name is taken, by ourselves or a stranger, the marker tells."""
        ref = request.ref
        body = {
            "username": ref.username,
            "domain": ref.domain or "",
            "plan": _plan(request.options),
            "password": request.password.get_secret_value(),
            "email": request.contact_email,
            "marker": ref.marker,
        }
        reply = self._api.post(*ACCOUNTS, body=body, key=request.idempotency_key)
        if not reply.ok:
            return self._taken(ref, reply)
        made = account(reply.body)
        if (made.username, made.marker) != (ref.username, ref.marker):
            raise NoAnswer("the panel answered about another account")
        return self._with_facts(done(made, changed=True, wanted=RemoteState.ACTIVE))

    def _taken(self, ref: AccountRef, reply: Reply) -> ProvisionOutcome:
        if reply.error == "username_taken":
            found = self.inspect(ref)
            if found is not None and found.marker == ref.marker and found.domain == ref.domain:
                return self._with_facts(done(found, changed=False, wanted=RemoteState.ACTIVE))
        return refused(reply.error)

    def suspend(self, ref: AccountRef, reason: str) -> ProvisionOutcome:
        return self._change(ref, "suspend", {"reason": reason[:500]}, RemoteState.SUSPENDED)

    def resume(self, ref: AccountRef) -> ProvisionOutcome:
        return self._change(ref, "unsuspend", {}, RemoteState.ACTIVE)

    def terminate(self, ref: AccountRef) -> ProvisionOutcome:
        found = self.inspect(ref)
        if found is None:
            return ProvisionOutcome(status=Status.SUCCEEDED, state=RemoteState.ABSENT, changed=False)
        if found.marker != ref.marker:
            return a_strangers()
        reply = self._api.delete(*ACCOUNTS, ref.username)
        if not reply.ok and reply.error != "no_such_account":
            return refused(reply.error)
        if reply.ok and not (reply.body.text("username") == ref.username and reply.body.flag("deleted")):
            raise NoAnswer("the panel does not say that the account is gone")
        return ProvisionOutcome(status=Status.SUCCEEDED, state=RemoteState.ABSENT, changed=reply.ok)

    def change_plan(self, ref: AccountRef, options: PluginConfig) -> ProvisionOutcome:
        plan = _plan(options)
        found = self.inspect(ref)
        if found is None:
            return refused("no_such_account")
        if found.marker != ref.marker:
            return a_strangers()
        if found.plan == plan:
            return done(found, changed=False, wanted=found.state)
        reply = self._api.post(*ACCOUNTS, ref.username, "plan", body={"plan": plan})
        if not reply.ok:
            return refused(reply.error)
        changed = account(reply.body)
        if changed.plan != plan:
            raise NoAnswer("the panel did not change the plan")
        return done(changed, changed=True, wanted=found.state)

    def reset_password(self, ref: AccountRef, password: SecretStr) -> ProvisionOutcome:
        found = self.inspect(ref)
        if found is None:
            return refused("no_such_account")
        if found.marker != ref.marker:
            return a_strangers()
        body = {"password": password.get_secret_value()}
        reply = self._api.post(*ACCOUNTS, ref.username, "password", body=body)
        return (
            done(account(reply.body), changed=True, wanted=found.state) if reply.ok else refused(reply.error)
        )

    def _change(
        self, ref: AccountRef, act: str, body: dict[str, object], wanted: RemoteState
    ) -> ProvisionOutcome:
        found = self.inspect(ref)
        if found is None:
            return refused("no_such_account")
        if found.marker != ref.marker:
            return a_strangers()
        if found.state is wanted:
            return done(found, changed=False, wanted=wanted)
        reply = self._api.post(*ACCOUNTS, ref.username, act, body=body)
        return done(account(reply.body), changed=True, wanted=wanted) if reply.ok else refused(reply.error)

    def _with_facts(self, outcome: ProvisionOutcome) -> ProvisionOutcome:
        config = self.ctx.config
        facts = {"hostname": config.hostname, "nameservers": ", ".join(config.nameservers)}
        return replace(outcome, facts={name: value for name, value in facts.items() if value})


def _plan(options: PluginConfig) -> str:
    if not isinstance(options, PanelOptions):
        raise Misconfigured("the product's options are not those of this panel")
    return options.plan


def _good(reply: Reply) -> Answer:
    """The body of an answer that should not have been a refusal. Raises NoAnswer."""
    if not reply.ok:
        raise NoAnswer(f"the panel said {reply.error}")
    return reply.body


@hookimpl
def register_provisioners() -> Iterable[ProvisionerSpec]:
    return [
        ProvisionerSpec(
            id="sandbox_panel",
            name="Sandbox Panel",
            config=PanelConfig,
            implementation=SandboxPanel,
            options=PanelOptions,
            host_settings=("url",),
            usernames=UsernameRules(max_length=16),
            mode=Mode.TEST,
        )
    ]
