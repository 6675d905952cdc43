"""The provisioner contract. Run by us over every bundled one, by authors over theirs.

Every test compares what the plugin says with what stands in the panel's own books.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from core.plugin_api.context import SecretStr
from core.plugin_api.errors import PluginError
from core.plugin_api.provisioner import (
    AccountRef,
    ChangesPlans,
    Lists,
    NeedsStaff,
    ProvisionCode,
    ProvisionerSpec,
    ProvisionOutcome,
    RemoteAccount,
    RemoteState,
    ResetsPasswords,
)
from core.plugin_api.values import Status
from core.plugin_host import calls
from core.testing.common import PluginContract
from core.testing.faults import Break, Fault
from core.testing.lab import DB, PASSWORD, ProvisionerLab
from core.testing.marks import needs

MOST_REQUESTS = 16  # of one call: breaking each in turn ends somewhere
NEW_PASSWORD = "kit-new-Pass-word-72!y"
NASTY = 'O\'Neil; $(reboot) `id` "quoted" <b>&amp;</b> \\ %s {{7*7}} \u202e'
panels = needs(lacking=(NeedsStaff,))


class ProvisionerContract(PluginContract):
    """``inspect`` is asked after everything: the panel's word counts, not the plugin's."""

    spec: ClassVar[ProvisionerSpec]
    lab_type = ProvisionerLab

    def test_user_names_have_room_and_a_letter_first(self, lab: ProvisionerLab) -> None:
        rules = self.spec.usernames
        assert 6 <= rules.max_length <= 64
        assert set("abcdefghijklmnopqrstuvwxyz") <= set(rules.alphabet), "core begins names with a letter"
        assert rules.alphabet.isascii()
        assert rules.alphabet.isprintable()
        assert not set(rules.alphabet) & set(" :/\\'\"`$;&|<>")

    # --- creating -----------------------------------------------------------------------------

    @panels
    def test_an_account_is_built_and_carries_our_marker(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        assert lab.inspect(ref) is None
        outcome = lab.create(ref)
        assert (outcome.status, outcome.state) == (Status.SUCCEEDED, RemoteState.ACTIVE), outcome.staff_note
        assert outcome.changed
        self._is_ours(lab, ref)
        assert lab.count == 1
        assert all(outcome.facts.values()), "a fact without a value"

    @panels
    @pytest.mark.parametrize("key", ["a", "b"], ids=["same key", "another key"])
    def test_building_twice_builds_once(self, lab: ProvisionerLab, key: str) -> None:
        ref = lab.ref()
        lab.create(ref, "a")
        again = lab.create(ref, key)
        assert (again.status, again.state) == (Status.SUCCEEDED, RemoteState.ACTIVE), again.staff_note
        assert lab.count == 1
        self._is_ours(lab, ref)

    @panels
    def test_building_at_the_same_time_builds_once(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(lambda key: lab.create(ref, key), "abcd"))
        assert Status.SUCCEEDED in {outcome.status for outcome in outcomes}
        assert lab.count == 1
        self._is_ours(lab, ref)

    @panels
    def test_two_services_are_two_accounts(self, lab: ProvisionerLab) -> None:
        one, other = lab.ref("a"), lab.ref("b")
        lab.create(one)
        lab.create(other)
        assert lab.count == 2
        assert lab.act("terminate", one).status is Status.SUCCEEDED
        assert lab.inspect(one) is None
        self._is_ours(lab, other)

    @panels
    def test_the_longest_user_name_works(self, lab: ProvisionerLab) -> None:
        rules = self.spec.usernames
        tail = "".join(character for character in rules.alphabet if character.isalnum())
        username = ("k" + f"{lab.n}" + tail * 3)[: rules.max_length]
        ref = lab.ref(username=username)
        assert lab.create(ref).status is Status.SUCCEEDED
        found = lab.inspect(ref)
        assert found is not None
        assert found.username == username

    @panels
    def test_odd_words_do_no_harm(self, lab: ProvisionerLab) -> None:
        """Names with quotes and worse arrive as they are, or are refused; nothing is executed or lost."""
        ref = lab.ref()
        outcome = lab.call("create", lab.request(ref, contact_name=NASTY))
        assert outcome.status in (Status.SUCCEEDED, Status.PENDING, Status.DECLINED), outcome.staff_note
        if outcome.status is Status.DECLINED:
            assert outcome.code is ProvisionCode.INVALID_INPUT
            assert lab.create(ref).status is Status.SUCCEEDED
        suspended = lab.call("suspend", ref, NASTY)
        assert suspended.status in (Status.SUCCEEDED, Status.PENDING), suspended.staff_note
        assert lab.count == 1

    @panels
    def test_a_product_the_panel_does_not_know_is_refused(self, lab: ProvisionerLab) -> None:
        impossible = lab.harness.impossible_options(lab.world)
        if impossible is None:
            return
        ref = lab.ref()
        outcome = lab.call("create", lab.request(ref, options=lab.options(impossible)))
        assert (outcome.status, outcome.code) == (Status.DECLINED, ProvisionCode.PACKAGE_MISSING)
        assert lab.inspect(ref) is None
        assert lab.count == 0

    # --- strangers ----------------------------------------------------------------------------

    @panels
    def test_a_strangers_account_is_never_adopted(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        lab.harness.stranger(lab.world, ref)
        before = lab.inspect(ref)
        for key in "ab":
            outcome = lab.create(ref, key)
            assert (outcome.status, outcome.code) == (Status.DECLINED, ProvisionCode.NAME_TAKEN)
        assert (lab.inspect(ref), lab.count) == (before, 1)

    @panels
    @pytest.mark.parametrize("verb", ["suspend", "resume", "terminate"])
    def test_a_strangers_account_is_never_touched(self, lab: ProvisionerLab, verb: str) -> None:
        ref = lab.ref()
        lab.harness.stranger(lab.world, ref)
        before = lab.inspect(ref)
        outcome = lab.act(verb, ref)
        assert outcome.status is Status.DECLINED, outcome.staff_note
        assert (lab.inspect(ref), lab.count) == (before, 1)

    # --- suspending, resuming, removing ---------------------------------------------------------

    @panels
    def test_suspending_and_resuming_can_be_repeated(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        lab.create(ref)
        for verb, state in (("suspend", RemoteState.SUSPENDED), ("resume", RemoteState.ACTIVE)) * 2:
            first, again = lab.act(verb, ref), lab.act(verb, ref)
            assert (first.status, first.state, first.changed) == (Status.SUCCEEDED, state, True)
            assert (again.status, again.state, again.changed) == (Status.SUCCEEDED, state, False)
            self._is_ours(lab, ref, state)
        assert lab.count == 1

    @panels
    def test_removing_can_be_repeated(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        lab.create(ref)
        first, again = lab.act("terminate", ref), lab.act("terminate", ref)
        assert (first.status, first.state, first.changed) == (Status.SUCCEEDED, RemoteState.ABSENT, True)
        assert (again.status, again.state, again.changed) == (Status.SUCCEEDED, RemoteState.ABSENT, False)
        assert (lab.inspect(ref), lab.count) == (None, 0)

    @panels
    def test_a_suspended_account_can_be_removed(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        lab.create(ref)
        lab.act("suspend", ref)
        assert lab.act("terminate", ref).status is Status.SUCCEEDED
        assert lab.inspect(ref) is None

    @panels
    @pytest.mark.parametrize("verb", ["suspend", "resume"])
    def test_what_is_not_there_can_not_be_changed(self, lab: ProvisionerLab, verb: str) -> None:
        outcome = lab.act(verb, lab.ref())
        assert (outcome.status, outcome.code) == (Status.DECLINED, ProvisionCode.NOT_FOUND)

    @panels
    def test_a_removed_name_can_be_built_again(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        lab.create(ref, "a")
        lab.act("terminate", ref)
        assert lab.create(ref, "b").status is Status.SUCCEEDED
        self._is_ours(lab, ref)

    # --- faults -------------------------------------------------------------------------------

    @panels
    @pytest.mark.parametrize("fault", list(Fault))
    @pytest.mark.parametrize("verb", ["create", "suspend", "resume", "terminate"])
    def test_a_broken_call_is_reported_as_what_it_is(
        self, lab: ProvisionerLab, verb: str, fault: Fault
    ) -> None:
        for at in range(1, MOST_REQUESTS):
            ref, broken = lab.ref(f"x{at}"), Break(fault, at)
            before = self._prepared(lab, verb, ref)
            outcome = self._do(lab, verb, ref, broken)
            if not broken.happened:
                assert at > 1, f"{verb} without a request"
                return
            self._is_true(lab, verb, ref, outcome, before)
            if fault is Fault.UNREACHABLE and not broken.acted_before:
                assert outcome.status is Status.NOT_SENT, outcome.staff_note
            self._ends_well(lab, verb, ref)

    def _prepared(self, lab: ProvisionerLab, verb: str, ref: AccountRef) -> RemoteState:
        if verb != "create":
            lab.create(ref)
        if verb == "resume":
            lab.act("suspend", ref)
        return self._state(lab, ref)

    def _do(
        self, lab: ProvisionerLab, verb: str, ref: AccountRef, broken: Break | None = None
    ) -> ProvisionOutcome:
        return lab.create(ref, faults=broken) if verb == "create" else lab.act(verb, ref, faults=broken)

    def _state(self, lab: ProvisionerLab, ref: AccountRef) -> RemoteState:
        found = lab.inspect(ref)
        return RemoteState.ABSENT if found is None else found.state

    def _is_true(
        self, lab: ProvisionerLab, verb: str, ref: AccountRef, outcome: ProvisionOutcome, before: RemoteState
    ) -> None:
        """UNKNOWN is always honest; every other word is compared with the panel."""
        state = self._state(lab, ref)
        told = f"{verb}: it says {outcome.status}, the panel says {state} (before: {before})"
        if outcome.status is Status.SUCCEEDED:
            assert state is GOALS[verb], told
        elif outcome.status in (Status.NOT_SENT, Status.DECLINED):
            assert state is before, told

    def _ends_well(self, lab: ProvisionerLab, verb: str, ref: AccountRef) -> None:
        """Core repeats under the same key once it may: the end is the wish, and one account."""
        outcome = self._do(lab, verb, ref)
        assert outcome.status is Status.SUCCEEDED, outcome.staff_note
        assert self._state(lab, ref) is GOALS[verb]
        if verb != "terminate":
            self._is_ours(lab, ref, GOALS[verb])
            lab.act("terminate", ref)
        assert lab.count == 0, "something is left over"

    @panels
    def test_a_lost_answer_is_found_again(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        for at in range(1, MOST_REQUESTS):
            broken = Break(Fault.ANSWER_LOST, at)
            lab.create(ref, faults=broken)
            if lab.count:
                break
        self._is_ours(lab, ref)

    @panels
    @pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.OTHER_JSON])
    def test_a_broken_question_is_not_an_absence(self, lab: ProvisionerLab, fault: Fault) -> None:
        """Taking "no answer" for "not there" would build a second account."""
        ref = lab.ref()
        lab.create(ref)
        panel = lab.panel(Break(fault, 1))
        with pytest.raises(PluginError):
            calls.ask(lambda: panel.inspect(ref), RemoteAccount, type(None), db=DB, plugin=panel)

    # --- further abilities ----------------------------------------------------------------------

    @needs(Lists)
    def test_all_accounts_are_listed(self, lab: ProvisionerLab) -> None:
        ours, theirs = lab.ref("a"), lab.ref("b")
        lab.create(ours)
        lab.harness.stranger(lab.world, theirs)
        panel = lab.panel()
        listed = calls.ask_all(panel.accounts, RemoteAccount, db=DB, plugin=panel)  # type: ignore[attr-defined]
        assert lab.inspect(ours) in listed
        assert lab.inspect(theirs) in listed
        assert len(listed) == 2

    @needs(ChangesPlans)
    def test_changing_the_plan_can_be_repeated(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        lab.create(ref)
        before = lab.inspect(ref)
        options = lab.options(lab.harness.other_options(lab.world))
        first, again = lab.call("change_plan", ref, options), lab.call("change_plan", ref, options)
        assert (first.status, first.changed) == (Status.SUCCEEDED, True), first.staff_note
        assert (again.status, again.changed) == (Status.SUCCEEDED, False)
        after = self._is_ours(lab, ref)
        assert before is not None
        assert after.plan != before.plan
        assert lab.count == 1

    @needs(ResetsPasswords)
    def test_the_password_can_be_set_again_and_again(
        self, lab: ProvisionerLab, caplog: pytest.LogCaptureFixture
    ) -> None:
        ref = lab.ref()
        lab.create(ref)
        with caplog.at_level(logging.DEBUG):
            outcomes = [lab.call("reset_password", ref, SecretStr(NEW_PASSWORD)) for _ in range(2)]
        assert [outcome.status for outcome in outcomes] == [Status.SUCCEEDED] * 2
        assert not lab.leaks(caplog.text + repr(outcomes), NEW_PASSWORD)
        self._is_ours(lab, ref)

    @needs(ChangesPlans)
    def test_the_plan_of_what_is_not_ours_can_not_be_changed(self, lab: ProvisionerLab) -> None:
        ref, options = lab.ref(), lab.options(lab.harness.other_options(lab.world))
        absent = lab.call("change_plan", ref, options)
        assert (absent.status, absent.code) == (Status.DECLINED, ProvisionCode.NOT_FOUND)
        lab.harness.stranger(lab.world, ref)
        before = lab.inspect(ref)
        assert lab.call("change_plan", ref, options).status is Status.DECLINED
        assert lab.inspect(ref) == before

    @needs(ResetsPasswords)
    def test_the_password_of_what_is_not_ours_can_not_be_set(self, lab: ProvisionerLab) -> None:
        ref, password = lab.ref(), SecretStr(NEW_PASSWORD)
        absent = lab.call("reset_password", ref, password)
        assert (absent.status, absent.code) == (Status.DECLINED, ProvisionCode.NOT_FOUND)
        lab.harness.stranger(lab.world, ref)
        assert lab.call("reset_password", ref, password).status is Status.DECLINED

    @needs(NeedsStaff)
    def test_a_task_tells_staff_all_they_need(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        request = lab.request(ref)
        panel = lab.panel()
        task = calls.ask(lambda: panel.task(request), str, db=DB, plugin=panel)  # type: ignore[attr-defined]
        for told in (ref.username, ref.domain, ref.marker, request.contact_email):
            assert str(told) in task
        assert PASSWORD not in task, "tasks are stored and shown: no password in them"
        assert "<" not in task, "a task is plain text"

    @needs(NeedsStaff)
    def test_work_for_staff_claims_nothing(self, lab: ProvisionerLab) -> None:
        ref = lab.ref()
        outcomes = [lab.create(ref), *(lab.act(verb, ref) for verb in ("suspend", "resume", "terminate"))]
        assert {outcome.status for outcome in outcomes} == {Status.PENDING}
        assert not any(outcome.changed for outcome in outcomes)

    def test_no_secret_is_written_anywhere(
        self, lab: ProvisionerLab, caplog: pytest.LogCaptureFixture
    ) -> None:
        ref = lab.ref()
        with caplog.at_level(logging.DEBUG):
            request = lab.request(ref)
            outcomes: list[object] = [request, lab.create(ref), lab.panel().ctx]
            outcomes += [lab.create(lab.ref("b"), faults=Break(fault, 1)) for fault in Fault]
            outcomes += [lab.act(verb, ref) for verb in ("suspend", "resume", "terminate")]
        assert not lab.leaks(caplog.text + repr(outcomes), PASSWORD)

    def _is_ours(
        self, lab: ProvisionerLab, ref: AccountRef, state: RemoteState = RemoteState.ACTIVE
    ) -> RemoteAccount:
        found = lab.inspect(ref)
        assert found is not None, "nothing stands there"
        assert (found.username, found.domain, found.state) == (ref.username, ref.domain, state)
        assert found.marker in (ref.marker, None)
        return found


GOALS = {
    "create": RemoteState.ACTIVE,
    "suspend": RemoteState.SUSPENDED,
    "resume": RemoteState.ACTIVE,
    "terminate": RemoteState.ABSENT,
}
