"""Which hosts a plugin may talk to, and which addresses those names may lead to.

A name is resolved once and the connection goes to the address that was checked, so a name that changes
its mind between check and call (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from core.plugin_api.context import Mode, PluginConfig
from core.plugin_api.errors import Misconfigured, NotSent

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LOCAL_NAMES = frozenset({"localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPolicy:
    """``hosts`` is the allow-list. Loopback and private ranges are closed unless opened here."""

    hosts: frozenset[str]
    allow_loopback: bool = False
    allow_private: bool = False

    def check_url(self, url: str) -> None:
        """Raises Misconfigured before anything is sent, naming the host and the reason."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().rstrip(".")
        if parts.scheme not in ("https", "http"):
            raise Misconfigured(f"{parts.scheme or 'no scheme'}: only https addresses can be called")
        if host not in self.hosts:
            raise Misconfigured(f"{host or 'an empty host'} is not among the hosts this plugin may call")
        if parts.scheme == "http" and not (self.allow_loopback or self.allow_private):
            raise Misconfigured(f"{host}: plain http is refused: use https")

    def check_address(self, host: str, address: Address, *, encrypted: bool) -> None:
        """Raises Misconfigured when ``host`` leads into a range that is closed to this plugin."""
        if _loopback(address):
            if not self.allow_loopback and not self.allow_private:
                raise Misconfigured(f"{host} leads to this machine ({address}), which is refused")
        elif _private(address):
            if not self.allow_private or not _usable(address):
                raise Misconfigured(f"{host} leads into a private network ({address}), which is refused")
        elif not encrypted:
            raise Misconfigured(f"{host}: plain http to a public address is refused: use https")

    def resolve(self, host: str, port: int, *, encrypted: bool) -> list[tuple[Any, ...]]:
        """The checked addresses of ``host`` as getaddrinfo gives them. All must be allowed.

        Raises Misconfigured, or NotSent when the name is unknown.
        """
        try:
            found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NotSent(f"the name {host} could not be resolved") from error
        for entry in found:
            address = ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
            self.check_address(host, _plain(address), encrypted=encrypted)
        return list(found)


def policy_for(
    spec_hosts: frozenset[str] | None,
    host_settings: Iterable[str],
    config: PluginConfig,
    *,
    mode: Mode,
    private_hosts: bool,
) -> HostPolicy:
    """Hosts are the spec's own, or taken from the settings it names. Raises Misconfigured."""
    hosts = spec_hosts if spec_hosts is not None else _from_settings(host_settings, config)
    return HostPolicy(
        hosts=frozenset(host.lower() for host in hosts),
        allow_loopback=mode is Mode.TEST or private_hosts,
        allow_private=private_hosts,
    )


def _from_settings(names: Iterable[str], config: PluginConfig) -> frozenset[str]:
    hosts: set[str] = set()
    for name in names:
        value = getattr(config, name, None)
        if value is None or value == "":
            continue
        host = urlsplit(str(value)).hostname
        if not host:
            raise Misconfigured(f"{name}: {value} is not an address such as https://host.example")
        hosts.add(host)
    return frozenset(hosts)


def _plain(address: Address) -> Address:
    """An IPv4 address in IPv6 clothes is judged as what it is."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _loopback(address: Address) -> bool:
    return address.is_loopback or address.is_unspecified


def _private(address: Address) -> bool:
    return not address.is_global or address.is_multicast


def _usable(address: Address) -> bool:
    """Link-local is where clouds keep their metadata service: never, not even on request."""
    return not (address.is_link_local or address.is_multicast or address.is_reserved)
