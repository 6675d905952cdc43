"""From a product's template to the records of a new zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address

from plugins.provisioners.powerdns.records import Comment, Record, RecordSet

# RFC 1035, 2.3.4: 63 octets a label, 255 a name (253 as text). Underscores stand in service names.
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
LONGEST_NAME = 253
LONGEST_STRING = 255  # octets of one character-string in a TXT record
# Refresh, retry, expire and negative TTL as RIPE-203 recommends them for small zones, in seconds.
SOA_TIMES = "86400 7200 3600000 172800"
# Which word of the content is a host name.
HOST_WORD = {"CNAME": 0, "NS": 0, "PTR": 0, "MX": 1, "SRV": 3}
TYPES = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT"})
WORDS = {"A": 1, "AAAA": 1, "CNAME": 1, "NS": 1, "PTR": 1, "MX": 2, "SRV": 4, "CAA": 3, "TLSA": 4}
DOMAIN = "{domain}"


def zone_name(domain: str) -> str:
    """``Example.COM`` -> ``example.com.``. Raises ValueError for what is no name of two labels or more."""
    name = domain.strip().rstrip(".").lower()
    labels = name.split(".")
    if len(labels) < 2 or len(name) > LONGEST_NAME or not all(LABEL.fullmatch(one) for one in labels):
        raise ValueError(f"{domain[:80]!r} is not a domain name in ASCII letters")
    return f"{name}."


def host_name(word: str) -> str:
    """An absolute name; ``@`` and the domain itself are filled in before. Raises ValueError."""
    return "." if word == "." else zone_name(word)


def mailbox(address: str) -> str:
    """``host.master@example.net`` -> ``host\\.master.example.net.`` (RFC 1035, 8). Raises ValueError."""
    local, _, domain = address.rpartition("@")
    if not re.fullmatch(r"[a-z0-9._+-]{1,63}", local):
        raise ValueError(f"{address[:80]!r} is not a mail address such as hostmaster@example.net")
    return f"{local.replace('.', chr(92) + '.')}.{zone_name(domain)}"


def parse(template: str, domain: str = "example.com", ttl: int = 3600) -> tuple[RecordSet, ...]:
    """The record sets that a template gives for ``domain``. Raises ValueError naming the line."""
    zone = zone_name(domain)
    found: dict[tuple[str, str], list[str]] = {}
    for number, line in enumerate(template.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            place, content = _line(line, zone)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        found.setdefault(place, []).append(content)
    _no_clash(found)
    return tuple(
        RecordSet(name=name, type=kind, ttl=ttl, records=tuple(Record(content=one) for one in contents))
        for (name, kind), contents in found.items()
    )


def _line(line: str, zone: str) -> tuple[tuple[str, str], str]:
    parts = line.replace(DOMAIN, zone.rstrip(".")).split(maxsplit=2)
    if len(parts) < 3:
        raise ValueError("a name, a type and a content are needed, as in: www A 192.0.2.1")
    owner, kind, content = parts
    kind = kind.upper()
    if kind not in TYPES:
        raise ValueError(f"{kind} records can not stand here (known: {', '.join(sorted(TYPES))})")
    return (_owner(owner.lower(), zone), kind), _content(kind, content.strip(), zone)


def _owner(owner: str, zone: str) -> str:
    """``@`` is the zone, ``www`` a name in it; an absolute name must lie in it."""
    if owner == "@":
        return zone
    name = owner if owner.endswith(".") else f"{owner}.{zone}"
    if not (name == zone or name.endswith(f".{zone}")):
        raise ValueError(f"{owner} lies outside the domain")
    zone_name(name.removeprefix("*."))
    return name


def _content(kind: str, content: str, zone: str) -> str:
    if kind == "TXT":
        return content if content.startswith('"') else quoted(content)
    words = content.split()
    if len(words) != WORDS[kind]:
        raise ValueError(f"a {kind} record has {WORDS[kind]} words, not {len(words)}")
    if kind in ("A", "AAAA"):
        return str(IPv4Address(words[0]) if kind == "A" else IPv6Address(words[0]))
    if (place := HOST_WORD.get(kind)) is not None:
        words[place] = zone if words[place] == "@" else host_name(words[place])
    return " ".join(words)


def quoted(plain: str) -> str:
    """A text as character-strings of at most 255 octets (RFC 1035, 3.3.14)."""
    raw = plain.encode()
    pieces = [raw[start : start + LONGEST_STRING] for start in range(0, len(raw), LONGEST_STRING)]
    return " ".join(f'"{"".join(_escaped(octet) for octet in piece)}"' for piece in pieces)


def _escaped(octet: int) -> str:
    if octet in (34, 92):  # " and \
        return f"\\{chr(octet)}"
    return chr(octet) if 32 <= octet < 127 else f"\\{octet:03d}"


def _no_clash(found: dict[tuple[str, str], list[str]]) -> None:
    """A CNAME stands alone (RFC 1034, 3.6.2), and no record twice."""
    for (name, kind), contents in found.items():
        if len(set(contents)) != len(contents):
            raise ValueError(f"{name} {kind}: the same record twice")
        alone = len(contents) == 1 and [other for other, _ in found].count(name) == 1
        if kind == "CNAME" and not alone:
            raise ValueError(f"{name}: a CNAME must be the only record of its name")


def authority(
    zone: str, nameservers: Sequence[str], contact: str, ttl: int, note: Comment
) -> tuple[RecordSet, ...]:
    """SOA and NS. The serial 0 makes PowerDNS count it: today's date and a number."""
    soa = f"{nameservers[0]} {contact} 0 {SOA_TIMES}"
    return (
        RecordSet(name=zone, type="SOA", ttl=ttl, records=(Record(content=soa),), comments=(note,)),
        RecordSet(name=zone, type="NS", ttl=ttl, records=_records(nameservers)),
    )


def _records(contents: Iterable[str]) -> tuple[Record, ...]:
    return tuple(Record(content=one) for one in contents)


def parents(zone: str) -> list[str]:
    """The zones above: ``a.b.example.com.`` -> ``b.example.com.``, ``example.com.``."""
    labels = zone.rstrip(".").split(".")
    return [".".join(labels[start:]) + "." for start in range(1, len(labels) - 1)]
