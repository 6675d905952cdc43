"""The pure parts: templates, names, and parking as a change that can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.plugin_api.errors import Misconfigured, NoAnswer
from plugins.provisioners.powerdns import parking
from plugins.provisioners.powerdns.client import Missing, Refused, Taken, read_answer
from plugins.provisioners.powerdns.plugin import PowerDnsConfig, ZoneOptions, register_provisioners
from plugins.provisioners.powerdns.records import Comment, Record, RecordSet, Zone
from plugins.provisioners.powerdns.template import mailbox, parents, parse, quoted, zone_name

SETTINGS = {
    "url": "http://10.0.0.5:8081", "api_key": "key-1", "nameservers": "ns1.host.example",
    "hostmaster": "hostmaster@host.example",
}  # fmt: skip


def lines(template: str, domain: str = "ada.example") -> list[str]:
    return [
        f"{found.name} {found.type} {record.content}"
        for found in parse(template, domain)
        for record in found.records
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("@ A 192.0.2.1", "ada.example. A 192.0.2.1"),
        ("WWW cname @", "www.ada.example. CNAME ada.example."),
        ("* CNAME www.{domain}", "*.ada.example. CNAME www.ada.example."),
        ("@ MX 10 Mail.{domain}", "ada.example. MX 10 mail.ada.example."),
        ("@ MX 0 .", "ada.example. MX 0 ."),
        ("_sip._tcp SRV 0 5 5060 sip.host.example", "_sip._tcp.ada.example. SRV 0 5 5060 sip.host.example."),
        ("@ TXT v=spf1 include:{domain} -all", 'ada.example. TXT "v=spf1 include:ada.example -all"'),
        ('@ TXT "already" "quoted"', 'ada.example. TXT "already" "quoted"'),
        ('@ CAA 0 issue "ca.example"', 'ada.example. CAA 0 issue "ca.example"'),
        ("mail.ada.example. AAAA 2001:DB8:0::1", "mail.ada.example. AAAA 2001:db8::1"),
    ],
)
def test_a_line_becomes_a_record(line: str, expected: str) -> None:
    assert lines(line) == [expected]


def test_lines_of_one_name_and_type_are_one_set() -> None:
    [found] = parse("@ A 192.0.2.1\n\n# a second one\n@ A 192.0.2.2\n", "ada.example", 60)
    assert (found.ttl, [one.content for one in found.records]) == (60, ["192.0.2.1", "192.0.2.2"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("@ A", "a name, a type and a content"), ("@ A 300.1.1.1", "300.1.1.1"),
        ("@ AAAA 192.0.2.1", "192.0.2.1"),
        ("@ ALIAS x.example", "ALIAS"), ("@ MX mail.example", "2 words"), ("@ SOA a b 1 2 3 4 5", "SOA"),
        ("www.other.example. A 192.0.2.1", "outside"), ("w_w! A 192.0.2.1", "not a domain name"),
        ("@ CNAME localhost", "not a domain name"), ("@ A 192.0.2.1\n@ A 192.0.2.1", "twice"),
        ("www CNAME @\nwww A 192.0.2.1", "CNAME"), ("www CNAME @\nwww CNAME a.example", "CNAME"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(line)
    with pytest.raises(ValidationError, match=reason):
        ZoneOptions(records=line)


def test_a_long_text_is_cut_into_strings_of_255() -> None:
    assert quoted("a" * 300) == f'"{"a" * 255}" "{"a" * 45}"'
    assert quoted('say "hi" \\ é') == '"say \\"hi\\" \\\\ \\195\\169"'


def test_names() -> None:
    assert zone_name(" Ada.Example. ") == "ada.example."
    assert mailbox("host.master@host.example") == "host\\.master.host.example."
    assert parents("a.b.ada.example.") == ["b.ada.example.", "ada.example."]
    assert parents("ada.example.") == []
    for wrong in ("no-at.example", "@host.example", "a@b", "a b@host.example"):
        with pytest.raises(ValueError, match="not a"):
            mailbox(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", "10.0.0.5"), ("url", "ftp://10.0.0.5"), ("url", "http://10.0.0.5/api"), ("nameservers", " "),
        ("nameservers", "ns1"), ("hostmaster", "nobody"), ("parking_ipv4", "2001:db8::1"),
        ("parking_ipv6", "192.0.2.1"), ("kind", "Slave"), ("open_parents", "com"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        PowerDnsConfig.model_validate({**SETTINGS, name: value})


def test_every_setting_has_a_title_and_a_help() -> None:
    [spec] = register_provisioners()
    fields = {**spec.config.model_fields, **spec.options.model_fields}
    assert [name for name, field in fields.items() if not (field.title and field.description)] == []


@pytest.mark.parametrize(
    ("status", "raised"),
    [(401, Misconfigured), (404, Missing), (409, Taken), (422, Refused), (500, NoAnswer), (302, NoAnswer)],
)
def test_an_answer_is_sorted_by_its_status(status: int, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        read_answer(status, b"Not JSON")


# --- parking as a pure change -----------------------------------------------------------------

ZONE = "ada.example."
PAGE = {"A": "198.51.100.1", "AAAA": "2001:db8::1"}
ADDRESSES = ["192.0.2.1", "192.0.2.2", PAGE["A"]]


def applied(zone: Zone, changes: list[parking.Change]) -> Zone:
    """What PowerDNS makes of a PATCH: records and comments are replaced when they are given."""
    sets = {found.place: found for found in zone.sets}
    for change in changes:
        place = (str(change["name"]), str(change["type"]))
        if change["changetype"] == "DELETE":
            del sets[place]
        elif "records" in change:
            sets[place] = RecordSet.read(change)
        else:
            sets[place] = replace(sets[place], comments=RecordSet.read({"ttl": 0, **change}).comments)
    return replace(zone, sets=tuple(sorted(sets.values(), key=lambda found: found.place)))


def record_sets(kind: str, contents: list[str]) -> st.SearchStrategy[RecordSet]:
    records = st.dictionaries(st.sampled_from(contents), st.booleans(), min_size=1).map(
        lambda found: tuple(Record(content=one, disabled=off) for one, off in sorted(found.items()))
    )
    return st.builds(
        RecordSet,
        name=st.sampled_from([ZONE, f"www.{ZONE}", f"*.{ZONE}"]),
        type=st.just(kind),
        ttl=st.integers(60, 7200),
        records=records,
        comments=st.sampled_from([(), (Comment(content="a note", account="ada"),)]),
    )


SETS = st.lists(
    record_sets("A", ADDRESSES)
    | record_sets("AAAA", [PAGE["AAAA"], "2001:db8::9"])
    | record_sets("TXT", ['"x"']),
    unique_by=lambda found: found.place,
)
CROWN = (
    RecordSet(name=ZONE, type="SOA", ttl=3600, records=(Record(content="soa"),)),
    RecordSet(name=ZONE, type="NS", ttl=3600, records=(Record(content="ns1.host.example."),)),
)


@given(SETS, st.sampled_from([PAGE, {"A": PAGE["A"]}, {}]))
def test_resuming_takes_parking_back(sets: list[RecordSet], page: dict[str, str]) -> None:
    zone = applied(Zone(name=ZONE, account="ik:1", sets=(*CROWN, *sets)), [])
    parked = applied(zone, parking.park(zone, page))
    assert parking.is_parked(parked)
    served = {
        (found.name, found.type): [one.content for one in found.records if not one.disabled]
        for found in parked.sets
        if found not in CROWN and found.type != "SOA"
    }
    wanted = {(name, kind): [page[kind]] for kind in page for name in (ZONE, f"*.{ZONE}")}
    assert {place: contents for place, contents in served.items() if contents} == wanted
    back = applied(parked, parking.resume(parked))
    assert not parking.is_parked(back)
    assert normal(back) == normal(zone)


def normal(zone: Zone) -> list[RecordSet]:
    """The order of records in a set means nothing."""
    return [
        replace(found, records=tuple(sorted(found.records, key=lambda one: one.content)))
        for found in zone.sets
    ]


def test_what_staff_add_to_a_parked_zone_stays() -> None:
    zone = Zone(name=ZONE, account="ik:1", sets=CROWN)
    parked = applied(zone, parking.park(zone, PAGE))
    added = RecordSet(name=f"note.{ZONE}", type="TXT", ttl=60, records=(Record(content='"x"'),))
    parked = replace(parked, sets=(*parked.sets, added))
    assert added in applied(parked, parking.resume(parked)).sets
