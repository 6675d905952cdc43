"""The registrar contract. Run by us over every bundled one, by authors over theirs."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import ClassVar
from uuid import uuid4

import pytest

from core.plugin_api.errors import PluginError
from core.plugin_api.provisioner import ProvisionCode
from core.plugin_api.registrar import Availability, RegisteredDomain, RegistrarOutcome, RegistrarSpec
from core.plugin_api.values import Status
from core.plugin_host import calls
from core.testing.common import PluginContract
from core.testing.faults import Break, Fault
from core.testing.lab import DB, RegistrarLab

MOST_REQUESTS = 12
OTHERS = ("ns3.kit.example", "ns4.kit.example")


class RegistrarContract(PluginContract):
    """``inspect`` is asked after everything: the registry's word counts, not the plugin's."""

    spec: ClassVar[RegistrarSpec]
    lab_type = RegistrarLab

    def test_endings_are_plain(self, lab: RegistrarLab) -> None:
        assert self.spec.endings
        for ending in self.spec.endings:
            assert ending == ending.lower().strip(".")
            assert ending.isascii()

    def test_names_are_free_taken_or_not_sold_here(self, lab: RegistrarLab) -> None:
        names = (lab.domain, lab.harness.taken, lab.harness.unsupported)
        registrar = lab.build()
        told = calls.ask(lambda: registrar.availability(names), dict, db=DB, plugin=registrar)
        wanted = (Availability.AVAILABLE, Availability.TAKEN, Availability.UNSUPPORTED)
        assert told == dict(zip(names, wanted, strict=True))
        assert lab.count == 0

    # --- registering ----------------------------------------------------------------------------

    def test_a_name_is_registered_for_the_years_asked(self, lab: RegistrarLab) -> None:
        assert lab.inspect(lab.domain) is None
        outcome = lab.call("register", lab.request(lab.domain))
        assert (outcome.status, outcome.changed) == (Status.SUCCEEDED, True), outcome.staff_note
        found = self._ours(lab)
        assert found.expires_on == outcome.expires_on
        today = lab.harness.clock(lab.world).now().date()
        assert timedelta(days=364) <= found.expires_on - today <= timedelta(days=367)
        assert found.nameservers == ("ns1.kit.example", "ns2.kit.example")
        assert lab.count == 1

    @pytest.mark.parametrize("key", ["a", "b"], ids=["same key", "another key"])
    def test_registering_twice_is_once(self, lab: RegistrarLab, key: str) -> None:
        service = uuid4()
        first = lab.call("register", lab.request(lab.domain, "a", service=service))
        again = lab.call("register", lab.request(lab.domain, key, service=service))
        assert (again.status, again.expires_on) == (Status.SUCCEEDED, first.expires_on), again.staff_note
        assert again.changed is False or key == "a"
        assert lab.count == 1

    def test_registering_at_the_same_time_is_once(self, lab: RegistrarLab) -> None:
        service = uuid4()
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(
                pool.map(
                    lambda key: lab.call("register", lab.request(lab.domain, key, service=service)), "abcd"
                )
            )
        assert Status.SUCCEEDED in {outcome.status for outcome in outcomes}
        assert lab.count == 1

    def test_somebody_elses_name_is_taken(self, lab: RegistrarLab) -> None:
        outcome = lab.call("register", lab.request(lab.harness.taken))
        assert (outcome.status, outcome.code) == (Status.DECLINED, ProvisionCode.NAME_TAKEN)
        assert lab.inspect(lab.harness.taken) is None
        assert lab.count == 0

    def test_a_name_of_another_service_of_ours_is_taken(self, lab: RegistrarLab) -> None:
        lab.call("register", lab.request(lab.domain, "a"))
        outcome = lab.call("register", lab.request(lab.domain, "b"))
        assert (outcome.status, outcome.code) == (Status.DECLINED, ProvisionCode.NAME_TAKEN)

    def test_an_ending_that_is_not_sold_here_is_refused(self, lab: RegistrarLab) -> None:
        outcome = lab.call("register", lab.request(lab.harness.unsupported))
        assert outcome.status is Status.DECLINED
        assert outcome.code in (ProvisionCode.NOT_SUPPORTED, ProvisionCode.INVALID_INPUT)

    # --- renewing and name servers ----------------------------------------------------------------

    def test_renewing_from_one_date_happens_once(self, lab: RegistrarLab) -> None:
        old = self._registered(lab)
        first = lab.call("renew", lab.domain, 1, old, lab.request(lab.domain, "r1").idempotency_key)
        again = lab.call("renew", lab.domain, 1, old, lab.request(lab.domain, "r2").idempotency_key)
        assert (first.status, first.changed) == (Status.SUCCEEDED, True), first.staff_note
        assert (again.status, again.changed) == (Status.SUCCEEDED, False), again.staff_note
        assert first.expires_on == again.expires_on == self._ours(lab).expires_on
        assert first.expires_on is not None
        assert timedelta(days=364) <= first.expires_on - old <= timedelta(days=367)

    def test_what_is_not_ours_can_not_be_changed(self, lab: RegistrarLab) -> None:
        today = lab.harness.clock(lab.world).now().date()
        for outcome in (
            lab.call("renew", lab.domain, 1, today, "ik-kit-absent"),
            lab.call("set_nameservers", lab.domain, OTHERS),
        ):
            assert (outcome.status, outcome.code) == (Status.DECLINED, ProvisionCode.NOT_FOUND)

    def test_name_servers_can_be_set_again(self, lab: RegistrarLab) -> None:
        self._registered(lab)
        first, again = (lab.call("set_nameservers", lab.domain, OTHERS) for _ in range(2))
        assert (first.status, first.changed) == (Status.SUCCEEDED, True), first.staff_note
        assert (again.status, again.changed) == (Status.SUCCEEDED, False)
        assert self._ours(lab).nameservers == OTHERS

    # --- faults -----------------------------------------------------------------------------------

    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_registration_is_reported_as_what_it_is(self, lab: RegistrarLab, fault: Fault) -> None:
        for at in range(1, MOST_REQUESTS):
            domain, before, broken = lab.harness.free.format(n=f"{lab.n}x{at}"), lab.count, Break(fault, at)
            request = lab.request(domain, f"{at}")
            outcome = lab.call("register", request, faults=broken)
            if not broken.happened:
                assert at > 1, "a registration without a request"
                return
            self._is_true(outcome, moved=lab.count > before, broken=broken)
            assert lab.call("register", request).status is Status.SUCCEEDED
            assert lab.count == before + 1

    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_renewal_is_reported_as_what_it_is(self, lab: RegistrarLab, fault: Fault) -> None:
        old = self._registered(lab)
        for at in range(1, MOST_REQUESTS):
            key, broken = lab.request(lab.domain, f"r{at}").idempotency_key, Break(fault, at)
            outcome = lab.call("renew", lab.domain, 1, old, key, faults=broken)
            if not broken.happened:
                assert at > 1, "a renewal without a request"
                return
            self._is_true(outcome, moved=self._ours(lab).expires_on > old, broken=broken)
            again = lab.call("renew", lab.domain, 1, old, key)
            assert again.status is Status.SUCCEEDED, again.staff_note
            assert again.expires_on == self._ours(lab).expires_on
            old = self._ours(lab).expires_on

    @pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.OTHER_JSON])
    def test_a_broken_question_is_not_an_absence(self, lab: RegistrarLab, fault: Fault) -> None:
        self._registered(lab)
        registrar = lab.build(Break(fault, 1))
        with pytest.raises(PluginError):
            calls.ask(
                lambda: registrar.inspect(lab.domain), RegisteredDomain, type(None), db=DB, plugin=registrar
            )

    def test_no_secret_is_written_anywhere(self, lab: RegistrarLab, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            outcomes: list[object] = [lab.call("register", lab.request(lab.domain)), lab.build().ctx]
            outcomes += [
                lab.call("register", lab.request(lab.domain), faults=Break(fault, 1)) for fault in Fault
            ]
        assert not lab.leaks(caplog.text + repr(outcomes))

    def _registered(self, lab: RegistrarLab) -> date:
        outcome = lab.call("register", lab.request(lab.domain))
        assert outcome.status is Status.SUCCEEDED, outcome.staff_note
        return self._ours(lab).expires_on

    def _ours(self, lab: RegistrarLab) -> RegisteredDomain:
        found = lab.inspect(lab.domain)
        assert found is not None
        assert found.domain == lab.domain
        return found

    def _is_true(self, outcome: RegistrarOutcome, *, moved: bool, broken: Break) -> None:
        """UNKNOWN is always honest; every other word is compared with the books."""
        if outcome.status is Status.SUCCEEDED:
            assert moved, f"it says {outcome.status}, the books say otherwise"
        elif outcome.status in (Status.NOT_SENT, Status.DECLINED):
            assert not moved, f"it says {outcome.status}, the books say otherwise"
        if broken.fault is Fault.UNREACHABLE and not broken.acted_before:
            assert outcome.status is Status.NOT_SENT, outcome.staff_note
