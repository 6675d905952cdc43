"""Domains at the sandbox's registrar. Test mode: no name is registered anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from core.plugin_api.context import Field, HealthReport, Mode, PluginConfig, PluginContext, SecretStr
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.registrar import (
    Availability,
    RegisteredDomain,
    RegisterRequest,
    Registrar,
    RegistrarOutcome,
    RegistrarSpec,
)
from plugins.provisioners.sandbox_registrar.client import Reply, SandboxClient
from plugins.provisioners.sandbox_registrar.mapping import availability, domain, done, refused

DOMAINS = ("registrar", "domains")
ENDINGS = frozenset({"example", "com", "net", "org"})


class RegistrarConfig(PluginConfig):
    """One account at the registrar."""

    url: str = Field(
        title="Address of the registrar",
        description="As in http://127.0.0.1:8900.",
        pattern=r"^https?://[^\s/?#]+/?$",
    )
    secret_key: SecretStr = Field(title="Secret key", description="The registrar's API key.")


class SandboxRegistrar(Registrar[RegistrarConfig]):
    """Names of ours carry our marker; a renewal is bound to the date we know."""

    def __init__(self, ctx: PluginContext[RegistrarConfig]) -> None:
        super().__init__(ctx)
        self._api = SandboxClient(ctx.http, ctx.config.url, ctx.config.secret_key.get_secret_value())

    def check(self) -> HealthReport:
        try:
            reply = self._api.get("registrar", "check", domain="innkeeper.example")
            said = str(availability(reply.body)) if reply.ok else reply.error
        except (NotSent, NoAnswer, Misconfigured) as error:
            return HealthReport(ok=False, detail=f"Asked for innkeeper.example: {error}")
        return HealthReport(ok=reply.ok, detail=f"Asked for innkeeper.example: {said}, test mode.")

    def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        return {name: self._available(name) for name in domains}

    def _available(self, name: str) -> Availability:
        if name.partition(".")[2] not in ENDINGS:
            return Availability.UNSUPPORTED
        reply = self._api.get("registrar", "check", domain=name)
        return availability(reply.body) if reply.ok else Availability.UNKNOWN

    def inspect(self, domain: str) -> RegisteredDomain | None:
        reply = self._api.get(*DOMAINS, domain)
        if reply.status == 404 and reply.error == "no_such_domain":
            return None
        return _read(reply)

    def register(self, request: RegisterRequest) -> RegistrarOutcome:
        """Under the job's key. Taken may mean by ourselves, an answer ago: the marker tells."""
        marker = f"ik:{request.service_id}"
        contact = {name: value for name, value in asdict(request.contact).items() if value}
        body = {
            "domain": request.domain,
            "years": request.years,
            "nameservers": list(request.nameservers),
            "contact": contact,
            "marker": marker,
        }
        reply = self._api.post(*DOMAINS, body=body, key=request.idempotency_key)
        if reply.ok:
            made = domain(reply.body)
            if made.marker != marker:
                raise NoAnswer("the registrar answered about another order")
            return done(made, request.domain, changed=True)
        if reply.error == "taken":
            found = self.inspect(request.domain)
            if found is not None and found.marker == marker:
                return done(found, request.domain, changed=False)
        return refused(reply.error)

    def renew(self, domain: str, years: int, expires_on: date, idempotency_key: str) -> RegistrarOutcome:
        body = {"years": years, "expires_on": expires_on.isoformat()}
        reply = self._api.post(*DOMAINS, domain, "renew", body=body, key=idempotency_key)
        if reply.ok:
            return done(_read(reply), domain, changed=True)
        if reply.error == "stale_expiry":
            found = self.inspect(domain)
            if found is not None and found.expires_on > expires_on:
                return done(found, domain, changed=False)
        return refused(reply.error)

    def set_nameservers(self, domain: str, nameservers: Sequence[str]) -> RegistrarOutcome:
        found = self.inspect(domain)
        if found is None:
            return refused("no_such_domain")
        if found.nameservers == tuple(nameservers):
            return done(found, domain, changed=False)
        reply = self._api.put(*DOMAINS, domain, "nameservers", body={"nameservers": list(nameservers)})
        if not reply.ok:
            return refused(reply.error)
        changed = _read(reply)
        if changed.nameservers != tuple(nameservers):
            raise NoAnswer("the registrar did not set the name servers")
        return done(changed, domain, changed=True)


def _read(reply: Reply) -> RegisteredDomain:
    if not reply.ok:
        raise NoAnswer(f"the registrar said {reply.error}")
    return domain(reply.body)


@hookimpl
def register_registrars() -> Iterable[RegistrarSpec]:
    return [
        RegistrarSpec(
            id="sandbox_registrar",
            name="Sandbox Registrar",
            config=RegistrarConfig,
            implementation=SandboxRegistrar,
            endings=ENDINGS,
            host_settings=("url",),
            mode=Mode.TEST,
        )
    ]
