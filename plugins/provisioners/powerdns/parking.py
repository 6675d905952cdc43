"""Suspending a zone by parking it, and putting it back exactly as it was. Pure.

PowerDNS can keep a record without serving it. Parking switches off everything but SOA and NS and adds
records that lead every name to the parking page, in one atomic change. Nothing is stored elsewhere: what
can not be seen from the switched-off records stands in comments, which staff can read too.

* ``ik:parked`` on the SOA: this zone is parked.
* ``ik:page`` on a record set: its served records are the parking page's.
* ``ik:ttl 3600``: the time to live it had before.
* ``ik:off <content>``: this record was switched off already, by its owner.
* ``ik:own <content>``: this served record is the owner's and the parking page's in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plugins.provisioners.powerdns.records import Comment, Record, RecordSet, Zone

ACCOUNT = "innkeeper"
PARKED = "ik:parked"
PAGE = "ik:page"
TTL = "ik:ttl "
OFF = "ik:off "
OWN = "ik:own "
PARKING_TTL = 300  # seconds: short, so that a resumed site is back soon
Change = dict[str, object]


def is_parked(zone: Zone) -> bool:
    return PARKED in zone.notes


def park(zone: Zone, page: Mapping[str, str]) -> list[Change]:
    """The changes that park it. ``page``: type (A, AAAA) -> address; empty parks without a page."""
    marked = [_marked(found).commenting() for found in zone.sets if found.place == (zone.name, "SOA")]
    off = {found.place: _switched_off(found) for found in _contents(zone)}
    for name in (zone.name, f"*.{zone.name}"):
        for kind, address in page.items():
            off[name, kind] = _with_page(off.get((name, kind)), name, kind, address)
    return marked + [found.replacing() for found in off.values()]


def resume(zone: Zone) -> list[Change]:
    """The changes that put it back. What was added by hand meanwhile stays."""
    back = [(found, _restored(found)) for found in _contents(zone)]
    gone = [found.deleting() for found, restored in back if not restored.records]
    marks = [_unmarked(found).commenting() for found in zone.sets if found.place == (zone.name, "SOA")]
    # What goes, goes first: a name may get its CNAME back only when nothing else is served there.
    return gone + [new.replacing() for old, new in back if new.records and new != old] + marks


def _contents(zone: Zone) -> Iterable[RecordSet]:
    kept = {(zone.name, "SOA"), (zone.name, "NS")}
    return [found for found in zone.sets if found.place not in kept]


def _note(content: str) -> Comment:
    return Comment(content=content, account=ACCOUNT)


def _marked(found: RecordSet) -> RecordSet:
    return replace(found, comments=(*found.comments, _note(PARKED)))


def _unmarked(found: RecordSet) -> RecordSet:
    return replace(found, comments=tuple(one for one in found.comments if one.content != PARKED))


def _switched_off(found: RecordSet) -> RecordSet:
    notes = tuple(_note(f"{OFF}{one.content}") for one in found.records if one.disabled)
    records = tuple(replace(one, disabled=True) for one in found.records)
    return replace(found, records=records, comments=(*found.comments, *notes))


def _with_page(found: RecordSet | None, name: str, kind: str, address: str) -> RecordSet:
    page = Record(content=address)
    if found is None:
        return RecordSet(name=name, type=kind, ttl=PARKING_TTL, records=(page,), comments=(_note(PAGE),))
    notes = [_note(PAGE), _note(f"{TTL}{found.ttl}")]
    if any(one.content == address for one in found.records):
        notes.append(_note(f"{OWN}{address}"))
    others = tuple(one for one in found.records if one.content != address)
    return replace(found, ttl=PARKING_TTL, records=(*others, page), comments=(*found.comments, *notes))


def _restored(found: RecordSet) -> RecordSet:
    """As it was before. Without records: it was the parking page's alone."""
    ours = [one.content for one in found.comments if one.account == ACCOUNT and one.content.startswith("ik:")]
    comments = tuple(one for one in found.comments if one.content not in ours)
    off = {one.removeprefix(OFF) for one in ours if one.startswith(OFF)}
    own = {one.removeprefix(OWN) for one in ours if one.startswith(OWN)}
    ttls = [int(one.removeprefix(TTL)) for one in ours if one.startswith(TTL)]
    records = tuple(
        replace(one, disabled=one.content in off)
        for one in found.records
        if one.disabled or one.content in own or PAGE not in ours
    )
    return replace(found, ttl=ttls[0] if ttls else found.ttl, records=records, comments=comments)
