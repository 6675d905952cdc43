"""DNS zones on PowerDNS: made from a template, suspended by parking, found by the owner's marker."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from pydantic import field_validator

from core.plugin_api.context import Field, HealthReport, PluginConfig, PluginContext, SecretStr
from core.plugin_api.errors import Misconfigured, NoAnswer, NotSent
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.provisioner import (
    AccountRef,
    CreateRequest,
    Lists,
    ProvisionCode,
    Provisioner,
    ProvisionerSpec,
    ProvisionOutcome,
    RemoteAccount,
    RemoteState,
)
from core.plugin_api.values import Status
from plugins.provisioners.powerdns import parking, template
from plugins.provisioners.powerdns.client import Missing, PowerDnsClient, Refused, Taken
from plugins.provisioners.powerdns.records import Comment, Zone

USER = "ik:user "  # a comment on the SOA: which account this is, for staff and for lists


class PowerDnsConfig(PluginConfig):
    """One PowerDNS server."""

    url: str = Field(
        title="Address of the API",
        description="As in http://10.0.0.5:8081: the webserver of the daemon, without a path.",
        pattern=r"^https?://[^\s/?#]+/?$",
    )
    api_key: SecretStr = Field(title="API key", description="The value of api-key in pdns.conf.")
    server_id: str = Field(
        default="localhost",
        title="Server id",
        description="PowerDNS calls itself localhost; a proxy in front of several has other names.",
    )
    nameservers: str = Field(
        title="Name servers",
        description="The names customers delegate to, with spaces between; the first one stands in the SOA.",
    )
    hostmaster: str = Field(
        title="Mail address of the host master",
        description="Stands in the SOA of every zone, as in hostmaster@example.net.",
    )
    kind: Literal["Native", "Master"] = Field(
        default="Native",
        title="Kind of the zones",
        description="Master when secondary servers are told of changes by NOTIFY; else Native.",
    )
    parking_ipv4: str = Field(
        default="",
        title="Parking page, IPv4",
        description="Where the names of a suspended domain lead. Empty: they lead nowhere.",
    )
    parking_ipv6: str = Field(
        default="", title="Parking page, IPv6", description="As above, for IPv6. May be empty."
    )
    open_parents: str = Field(
        default="",
        title="Domains open for subdomains",
        description="Your own domains whose subdomains you sell, with spaces between. A name below any "
        "other domain on this server is refused: it would take over a part of it.",
    )

    @field_validator("nameservers")
    @classmethod
    def _nameservers(cls, value: str) -> str:
        if not value.split():
            raise ValueError("at least one name server is needed")
        return " ".join(template.zone_name(one) for one in value.split())

    @field_validator("open_parents")
    @classmethod
    def _parents(cls, value: str) -> str:
        return " ".join(template.zone_name(one) for one in value.split())

    @field_validator("hostmaster")
    @classmethod
    def _hostmaster(cls, value: str) -> str:
        template.mailbox(value)
        return value

    @field_validator("parking_ipv4")
    @classmethod
    def _ipv4(cls, value: str) -> str:
        return str(IPv4Address(value)) if value else ""

    @field_validator("parking_ipv6")
    @classmethod
    def _ipv6(cls, value: str) -> str:
        return str(IPv6Address(value)) if value else ""

    @property
    def page(self) -> dict[str, str]:
        """What a suspended zone serves: type -> address."""
        both = {"A": self.parking_ipv4, "AAAA": self.parking_ipv6}
        return {kind: address for kind, address in both.items() if address}


class ZoneOptions(PluginConfig):
    """What a new zone of a product holds, beside SOA and NS."""

    records: str = Field(
        default="",
        title="Records",
        description="One per line: name, type, content. @ is the domain itself, {domain} its name. "
        "For example: @ A 192.0.2.10, or @ MX 10 mail.{domain}, or @ TXT v=spf1 mx -all",
    )
    ttl: int = Field(
        default=3600, ge=60, le=604800, title="Time to live", description="Seconds that others may keep them."
    )

    @field_validator("records")
    @classmethod
    def _records(cls, value: str) -> str:
        template.parse(value)
        return value


class PowerDns(Provisioner[PowerDnsConfig], Lists):
    """A service is one zone; its owner's marker stands in the zone's account field."""

    def __init__(self, ctx: PluginContext[PowerDnsConfig]) -> None:
        super().__init__(ctx)
        config = ctx.config
        key = config.api_key.get_secret_value()
        self._api = PowerDnsClient(ctx.http, config.url, config.server_id, key)

    def check(self) -> HealthReport:
        try:
            return HealthReport(True, f"PowerDNS answered: {self._api.version()}.")
        except Missing:
            return HealthReport(False, "PowerDNS does not know this server id.")
        except (Misconfigured, NotSent, NoAnswer, Refused) as error:
            return HealthReport(False, f"Asked for the version: {error}")

    def inspect(self, ref: AccountRef) -> RemoteAccount | None:
        try:
            zone = self._find(template.zone_name(ref.domain or ""))
        except ValueError:
            return None  # no zone can have such a name
        if zone is None:
            return None
        user = next((note for note in zone.notes if note.startswith(USER)), "")
        return _account(zone, user, parked=parking.is_parked(zone))

    def create(self, request: CreateRequest) -> ProvisionOutcome:
        try:
            name = template.zone_name(request.ref.domain or "")
        except ValueError as error:
            return _declined(ProvisionCode.INVALID_INPUT, str(error))
        try:
            return self._there(name, request.ref) or self._make(name, request)
        except Taken:  # another call made it between our question and our order
            return self._there(name, request.ref) or _declined(ProvisionCode.NAME_TAKEN, "")
        except Refused as refused:
            return _declined(ProvisionCode.INVALID_INPUT, f"PowerDNS says: {refused}")

    def suspend(self, ref: AccountRef, reason: str) -> ProvisionOutcome:
        """Park the zone. ``reason`` is not written anywhere: anyone may read a zone."""
        return self._change(ref, RemoteState.SUSPENDED)

    def resume(self, ref: AccountRef) -> ProvisionOutcome:
        return self._change(ref, RemoteState.ACTIVE)

    def terminate(self, ref: AccountRef) -> ProvisionOutcome:
        try:
            name = template.zone_name(ref.domain or "")
            owner = self._api.owner(name)
            if owner is not None and owner != ref.marker:
                return _stranger(name)
            if owner is None:
                return _done(RemoteState.ABSENT, changed=False)
            self._api.delete(name)
        except (ValueError, Missing):
            return _done(RemoteState.ABSENT, changed=False)
        return _done(RemoteState.ABSENT)

    def accounts(self) -> Iterable[RemoteAccount]:
        zones = self._api.zones()
        users = self._api.comments(f"{USER}*", len(zones))
        parked = self._api.comments(parking.PARKED, len(zones))
        return [_account(one, users.get(one.name, ""), parked=one.name in parked) for one in zones]

    # --- helpers ------------------------------------------------------------------------------

    def _find(self, name: str) -> Zone | None:
        if self._api.owner(name) is None:
            return None
        try:
            return self._api.zone(name)
        except Missing:
            return None

    def _there(self, name: str, ref: AccountRef) -> ProvisionOutcome | None:
        """What to say when the zone stands already; None when it does not."""
        zone = self._find(name)
        if zone is None:
            return None
        if zone.account != ref.marker:
            return _stranger(name)
        state = RemoteState.SUSPENDED if parking.is_parked(zone) else RemoteState.ACTIVE
        return self._standing(name, state, changed=False)

    def _make(self, name: str, request: CreateRequest) -> ProvisionOutcome:
        config, options = self.ctx.config, request.options
        if not isinstance(options, ZoneOptions):
            return _declined(ProvisionCode.INVALID_INPUT, "the product has no options for PowerDNS")
        for parent in template.parents(name):
            if parent not in config.open_parents.split() and self._api.owner(parent) is not None:
                note = f"{parent} is a zone on this server: {name} would take over a part of it"
                return _declined(ProvisionCode.NAME_TAKEN, note)
        contact = template.mailbox(config.hostmaster)
        user = Comment(content=f"{USER}{request.ref.username}", account=parking.ACCOUNT)
        sets = template.authority(name, config.nameservers.split(), contact, options.ttl, user)
        sets += template.parse(options.records, name, options.ttl)
        self._api.create(name, config.kind, request.ref.marker, sets)
        return self._standing(name, RemoteState.ACTIVE, changed=True)

    def _standing(self, name: str, state: RemoteState, *, changed: bool) -> ProvisionOutcome:
        servers = ", ".join(one.rstrip(".") for one in self.ctx.config.nameservers.split())
        return ProvisionOutcome(
            status=Status.SUCCEEDED, state=state, changed=changed, remote_id=name,
            facts={"nameservers": servers},
        )  # fmt: skip

    def _change(self, ref: AccountRef, wanted: RemoteState) -> ProvisionOutcome:
        try:
            zone = self._find(template.zone_name(ref.domain or ""))
        except ValueError:
            zone = None
        if zone is None:
            return _declined(ProvisionCode.NOT_FOUND, "there is no such zone", RemoteState.ABSENT)
        if zone.account != ref.marker:
            return _stranger(zone.name)
        parked = parking.is_parked(zone)
        if parked == (wanted is RemoteState.SUSPENDED):
            return _done(wanted, changed=False)
        try:
            changes = parking.resume(zone) if parked else parking.park(zone, self.ctx.config.page)
            self._api.change(zone.name, changes)
        except Missing:
            return _declined(ProvisionCode.NOT_FOUND, "the zone went away", RemoteState.ABSENT)
        except Refused as refused:
            return _declined(ProvisionCode.REFUSED, f"PowerDNS says: {refused}")
        return _done(wanted)


def _account(zone: Zone, user: str, *, parked: bool) -> RemoteAccount:
    """PowerDNS has no user names: ours stands in a comment, a zone without one is known by its domain."""
    domain = zone.name.rstrip(".")
    return RemoteAccount(
        username=user.removeprefix(USER) or domain,
        domain=domain,
        state=RemoteState.SUSPENDED if parked else RemoteState.ACTIVE,
        marker=zone.account,
        remote_id=zone.name,
    )


def _done(state: RemoteState, *, changed: bool = True) -> ProvisionOutcome:
    return ProvisionOutcome(status=Status.SUCCEEDED, state=state, changed=changed)


def _declined(code: ProvisionCode, note: str, state: RemoteState = RemoteState.UNKNOWN) -> ProvisionOutcome:
    return ProvisionOutcome(status=Status.DECLINED, state=state, changed=False, code=code, staff_note=note)


def _stranger(name: str) -> ProvisionOutcome:
    """Never adopted, never changed, never deleted."""
    return _declined(ProvisionCode.NAME_TAKEN, f"the zone {name} belongs to another account")


@hookimpl
def register_provisioners() -> Iterable[ProvisionerSpec]:
    return [
        ProvisionerSpec(
            id="powerdns",
            name="PowerDNS zone",
            config=PowerDnsConfig,
            options=ZoneOptions,
            implementation=PowerDns,
            host_settings=("url",),
            private_hosts=True,
            has_password=False,
        )
    ]
