"""A zone's whole life on a real PowerDNS, as ``dig`` sees it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from core.plugin_api.errors import NoAnswer, NotSent
from core.plugin_api.provisioner import ProvisionCode, RemoteState
from core.plugin_api.values import Status
from tests.plugins.provisioners.powerdns.conftest import PARKING, PARKING_6, Bench, ref

pytestmark = pytest.mark.peer
ADA, BOB = ref(), ref(number=2)


class Lost:
    """Requests that act arrive, their answers do not."""

    def before(self, request: requests.PreparedRequest) -> None:
        pass

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        if request.method != "GET":
            raise NoAnswer("the answer was lost")
        return response


class Refused(Lost):
    """No request ever leaves."""

    def before(self, request: requests.PreparedRequest) -> None:
        raise NotSent("no connection")


class Garbage(Lost):
    """A proxy answers each question with a page of its own."""

    def after(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response:
        response._content = b"<html>Welcome</html>"
        return response


def books(bench: Bench, name: str = "ada.example.") -> dict[tuple[str, str], Any]:
    """A zone as PowerDNS keeps it, without what changes by itself (the serial)."""
    zone = bench.daemon.api("GET", f"zones/{name}")
    kept = {}
    for found in zone["rrsets"]:
        records = sorted((one["content"], one["disabled"]) for one in found["records"])
        comments = sorted((one["content"], one["account"]) for one in found["comments"])
        if found["type"] != "SOA":
            kept[found["name"], found["type"]] = (found["ttl"], records, comments)
        else:
            kept[found["name"], found["type"]] = (found["ttl"], [], comments)
    return kept


def rrset(name: str, kind: str, ttl: int, *served: str, off: str = "") -> dict[str, Any]:
    records = [{"content": one, "disabled": False} for one in served]
    records += [{"content": off, "disabled": True}] if off else []
    owner = "ada.example." if name == "@" else f"{name}.ada.example."
    return {"name": owner, "type": kind, "ttl": ttl, "records": records}


def note(content: str) -> dict[str, str]:
    return {"content": content, "account": "ada"}


# --- create -----------------------------------------------------------------------------------


def test_dig_answers_for_a_new_zone(bench: Bench) -> None:
    outcome = bench.create(ADA)
    assert (outcome.status, outcome.changed, outcome.state) == (Status.SUCCEEDED, True, RemoteState.ACTIVE)
    assert outcome.facts == {"nameservers": "ns1.host.example, ns2.host.example"}
    dig = bench.daemon.dig
    assert dig("ada.example", "NS") == ["ns1.host.example.", "ns2.host.example."]
    assert dig("ada.example") == ["192.0.2.10"]
    assert dig("ada.example", "AAAA") == ["2001:db8::10"]
    assert dig("www.ada.example") == ["192.0.2.10", "ada.example."]
    assert dig("ada.example", "MX") == ["10 mail.ada.example."]
    assert dig("ada.example", "TXT") == ['"v=spf1 mx -all"']
    [soa] = dig("ada.example", "SOA")
    assert soa.startswith(r"ns1.host.example. host\.master.host.example. 20")  # the serial is a date


def test_creating_twice_is_creating_once(bench: Bench) -> None:
    bench.create(ADA)
    before = books(bench)
    again = bench.create(ADA, template="@ A 203.0.113.9")
    assert (again.status, again.changed, again.state) == (Status.SUCCEEDED, False, RemoteState.ACTIVE)
    assert books(bench) == before


def test_a_zone_without_a_template_has_soa_and_ns(bench: Bench) -> None:
    assert bench.create(ADA, template="").status is Status.SUCCEEDED
    assert sorted(kind for _, kind in books(bench)) == ["NS", "SOA"]


def test_a_strangers_zone_is_never_adopted(bench: Bench) -> None:
    bench.create(BOB)
    before = books(bench)
    for act in (bench.create, bench.suspend, bench.resume, bench.terminate):
        outcome = act(ADA)
        assert (outcome.status, outcome.code) == (Status.DECLINED, ProvisionCode.NAME_TAKEN)
    assert books(bench) == before


def test_a_zone_nobody_has_marked_is_a_strangers(bench: Bench) -> None:
    zone = {"name": "ada.example.", "kind": "Native", "nameservers": ["ns1.host.example."]}
    bench.daemon.api("POST", "zones", zone)
    assert bench.create(ADA).code is ProvisionCode.NAME_TAKEN
    assert bench.terminate(ADA).code is ProvisionCode.NAME_TAKEN
    assert bench.daemon.zones() == ["ada.example."]


def test_a_part_of_somebody_elses_domain_is_refused(bench: Bench) -> None:
    bench.create(BOB)
    below = ref("shop.ada.example", 3)
    outcome = bench.create(below)
    assert outcome.code is ProvisionCode.NAME_TAKEN
    assert "ada.example. is a zone" in outcome.staff_note
    assert bench.create(below, open_parents="ada.example").status is Status.SUCCEEDED


@pytest.mark.parametrize(
    "domain", [None, "", "localhost", "a..example", "-a.example", "é.example", "a b.example"]
)
def test_what_is_no_domain_is_invalid(bench: Bench, domain: str | None) -> None:
    assert bench.create(ref(domain)).code is ProvisionCode.INVALID_INPUT
    assert bench.inspect(ref(domain)) is None
    assert bench.daemon.zones() == []


def test_capitals_and_the_last_dot_do_not_matter(bench: Bench) -> None:
    bench.create(ref("Ada.Example."))
    assert bench.daemon.zones() == ["ada.example."]
    assert not bench.create(ADA).changed


def test_what_powerdns_refuses_is_told_to_staff(bench: Bench) -> None:
    outcome = bench.create(ADA, template="_443._tcp TLSA 3 1 1 nonsense")
    assert outcome.code is ProvisionCode.INVALID_INPUT
    assert "PowerDNS says" in outcome.staff_note
    assert bench.daemon.zones() == []


# --- suspend, resume --------------------------------------------------------------------------


def test_a_suspended_zone_is_parked(bench: Bench) -> None:
    bench.create(ADA)
    outcome = bench.suspend(ADA)
    assert (outcome.status, outcome.changed, outcome.state) == (Status.SUCCEEDED, True, RemoteState.SUSPENDED)
    dig = bench.daemon.dig
    for name in ("ada.example", "www.ada.example", "mail.ada.example", "anything.ada.example"):
        assert dig(name) == [PARKING]
        assert dig(name, "AAAA") == [PARKING_6]
    assert dig("ada.example", "MX") == []
    assert dig("ada.example", "TXT") == []
    assert dig("ada.example", "NS") == ["ns1.host.example.", "ns2.host.example."]


def test_a_resumed_zone_is_what_it_was(bench: Bench) -> None:
    bench.create(ADA)
    before = books(bench)
    bench.suspend(ADA)
    assert books(bench) != before
    outcome = bench.resume(ADA)
    assert (outcome.status, outcome.changed, outcome.state) == (Status.SUCCEEDED, True, RemoteState.ACTIVE)
    assert books(bench) == before
    assert bench.daemon.dig("www.ada.example") == ["192.0.2.10", "ada.example."]
    assert bench.daemon.dig("anything.ada.example") == []


def test_each_may_be_repeated(bench: Bench) -> None:
    bench.create(ADA)
    assert bench.resume(ADA).changed is False
    bench.suspend(ADA)
    parked = books(bench)
    assert bench.suspend(ADA).changed is False
    assert books(bench) == parked
    bench.resume(ADA)
    assert bench.resume(ADA).changed is False


def test_what_the_owner_had_made_of_the_zone_survives(bench: Bench) -> None:
    """Records switched off, a wildcard, comments, another TTL, the parking page's own address."""
    bench.create(ADA, template="")
    changes = [
        {**rrset("@", "A", 77, "192.0.2.1", off="192.0.2.2"), "comments": [note("two machines")]},
        rrset("*", "CNAME", 60, "ada.example."),
        rrset("old", "TXT", 60, off='"x"'),
        rrset("@", "AAAA", 99, PARKING_6),
        {"name": "ada.example.", "type": "SOA", "comments": [note("mine")]},
    ]
    body = {"rrsets": [{**change, "changetype": "REPLACE"} for change in changes]}
    bench.daemon.api("PATCH", "zones/ada.example.", body)
    before = books(bench)
    assert before["ada.example.", "SOA"][2] == [("mine", "ada")]
    assert bench.suspend(ADA).status is Status.SUCCEEDED
    assert bench.daemon.dig("ada.example") == [PARKING]
    assert bench.daemon.dig("anything.ada.example") == [PARKING]
    assert bench.daemon.dig("old.ada.example", "TXT") == []
    assert bench.resume(ADA).status is Status.SUCCEEDED
    assert books(bench) == before


def test_without_a_parking_page_the_names_lead_nowhere(bench: Bench) -> None:
    bench.create(ADA)
    before = books(bench)
    assert bench.suspend(ADA, parking_ipv4="", parking_ipv6="").state is RemoteState.SUSPENDED
    assert bench.daemon.dig("ada.example") == []
    found = bench.inspect(ADA)
    assert found is not None
    assert found.state is RemoteState.SUSPENDED
    bench.resume(ADA)
    assert books(bench) == before


def test_creating_a_parked_zone_again_does_not_wake_it(bench: Bench) -> None:
    bench.create(ADA)
    bench.suspend(ADA)
    assert bench.create(ADA).state is RemoteState.SUSPENDED
    assert bench.daemon.dig("ada.example") == [PARKING]


def test_a_zone_that_is_not_there_can_not_be_parked(bench: Bench) -> None:
    for act in (bench.suspend, bench.resume):
        outcome = act(ADA)
        assert (outcome.code, outcome.state) == (ProvisionCode.NOT_FOUND, RemoteState.ABSENT)


# --- terminate, list, check -------------------------------------------------------------------


def test_a_terminated_zone_is_gone_and_may_be_terminated_again(bench: Bench) -> None:
    bench.create(ADA)
    first, again = bench.terminate(ADA), bench.terminate(ADA)
    assert (first.status, first.changed, first.state) == (Status.SUCCEEDED, True, RemoteState.ABSENT)
    assert (again.status, again.changed, again.state) == (Status.SUCCEEDED, False, RemoteState.ABSENT)
    assert bench.daemon.dig("ada.example", "SOA") == []
    assert bench.inspect(ADA) is None


def test_everything_is_listed_with_its_owner_and_state(bench: Bench) -> None:
    carol = ref("carol.example", 3)
    bench.create(ADA)
    bench.create(carol)
    bench.suspend(carol)
    bench.daemon.api("POST", "zones", {"name": "stray.example.", "kind": "Native", "nameservers": []})
    found = {one.domain: (one.username, one.state, one.marker) for one in bench.panel().accounts()}
    assert found == {
        "ada.example": ("ada", RemoteState.ACTIVE, ADA.marker),
        "carol.example": ("ada", RemoteState.SUSPENDED, carol.marker),
        "stray.example": ("stray.example", RemoteState.ACTIVE, ""),
    }
    assert {bench.inspect(one) for one in (ADA, carol)} <= set(bench.panel().accounts())


def test_nothing_is_listed_on_an_empty_server(bench: Bench) -> None:
    assert list(bench.panel().accounts()) == []


def test_the_check_names_the_version_or_the_fault(bench: Bench) -> None:
    report = bench.panel().check()
    assert report.ok
    assert "authoritative" in report.detail
    assert bench.panel(url=f"{bench.daemon.url}/").check().ok
    for panel in (bench.panel(api_key="wrong-key"), bench.panel(server_id="other")):
        report = panel.check()
        assert not report.ok
        assert report.detail


# --- faults -----------------------------------------------------------------------------------


def test_a_wrong_server_id_does_not_make_zones_look_absent(bench: Bench) -> None:
    bench.create(ADA)
    panel = bench.panel(server_id="other")
    with pytest.raises(Exception, match="server id"):
        panel.inspect(ADA)
    assert bench.create(ADA, server_id="other").status is Status.NOT_SENT
    with pytest.raises(Exception, match="server id"):
        panel.terminate(ADA)


def test_lost_answers_are_found_again(bench: Bench) -> None:
    assert bench.create(ADA, Lost()).status is Status.UNKNOWN
    found = bench.inspect(ADA)
    assert found is not None
    assert (found.state, found.marker) == (RemoteState.ACTIVE, ADA.marker)
    assert bench.create(ADA).changed is False
    before = books(bench)
    assert bench.suspend(ADA, Lost()).status is Status.UNKNOWN
    assert bench.suspend(ADA).changed is False
    assert bench.resume(ADA, Lost()).status is Status.UNKNOWN
    assert bench.resume(ADA).changed is False
    assert books(bench) == before
    assert bench.terminate(ADA, Lost()).status is Status.UNKNOWN
    assert bench.terminate(ADA).changed is False
    assert bench.daemon.zones() == []


@pytest.mark.parametrize(("faults", "status"), [(Refused(), Status.NOT_SENT), (Garbage(), Status.UNKNOWN)])
def test_a_fault_is_told_as_what_it_is(bench: Bench, faults: Lost, status: Status) -> None:
    assert bench.create(ADA, faults).status is status
    assert bench.daemon.zones() == []
    bench.create(ADA)
    before = books(bench)
    for act in (bench.suspend, bench.resume, bench.terminate):
        assert act(ADA, faults).status is status
    assert books(bench) == before


def test_a_wrong_key_changes_nothing(bench: Bench) -> None:
    outcome = bench.create(ADA, api_key="wrong-key")
    assert outcome.status is Status.NOT_SENT
    assert "refuses the API key" in outcome.staff_note
    assert bench.daemon.zones() == []
