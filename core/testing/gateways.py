"""The gateway contract: money. Run by us over every bundled gateway, by authors over theirs.

Every test compares what the plugin says with what the provider's own books hold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from core.kernel.money import Money
from core.plugin_api.errors import NotSent, PluginError
from core.plugin_api.gateway import (
    Charges,
    Collects,
    GatewaySpec,
    LooksUp,
    Redirects,
    Refunds,
    Stores,
    TakesManualPayments,
)
from core.plugin_api.values import BankAccount, Instructions, PaymentOutcome, Status, StoredMethod
from core.plugin_host import calls
from core.testing.faults import Alter, Break, Fault, another_amount, another_currency
from core.testing.gateway_forms import FormContract
from core.testing.gateway_news import NewsContract
from core.testing.lab import DB, GatewayLab
from core.testing.marks import needs

PAID = (Status.SUCCEEDED, Status.PENDING)
MOST_REQUESTS = 12  # of one call: breaking each in turn ends somewhere


class GatewayContract(FormContract, NewsContract):
    """One class for all kinds: the abilities of the plugin decide which tests it has."""

    spec: ClassVar[GatewaySpec]
    lab_type = GatewayLab

    # --- charging -----------------------------------------------------------------------------

    @needs(Charges)
    def test_a_charge_moves_what_was_asked(self, lab: GatewayLab) -> None:
        outcome = lab.charge(lab.key())
        assert outcome.status in PAID, outcome.staff_note
        assert outcome.amount in (None, lab.amount)
        assert lab.taken == lab.amount

    @needs(Charges)
    @pytest.mark.parametrize("amount", [Money(500, "JPY"), Money(12340, "KWD")], ids=["yen", "dinar"])
    def test_minor_units_are_kept(self, lab: GatewayLab, amount: Money) -> None:
        if not self.spec.accepts(amount.currency):
            return
        outcome = lab.charge(lab.key(), amount=amount)
        assert outcome.status in PAID, outcome.staff_note
        assert outcome.amount in (None, amount)
        assert lab.taken == amount

    @needs(Charges)
    def test_one_key_moves_money_once(self, lab: GatewayLab) -> None:
        source = lab.source()
        first = lab.charge(lab.key(), source=source)
        again = lab.charge(lab.key(), source=source)
        assert (first.status, first.reference) == (again.status, again.reference)
        assert lab.taken == lab.amount

    @needs(Charges)
    def test_one_key_at_the_same_time_moves_money_once(self, lab: GatewayLab) -> None:
        source = lab.source()
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(lambda _: lab.charge(lab.key(), source=source), range(4)))
        assert lab.taken == lab.amount
        assert {one.status for one in outcomes} <= {*PAID, Status.UNKNOWN, Status.NOT_SENT}

    @needs(Charges)
    def test_two_keys_move_money_twice(self, lab: GatewayLab) -> None:
        first, second = lab.charge(lab.key("a")), lab.charge(lab.key("b"))
        assert first.reference != second.reference
        assert lab.taken == lab.amount + lab.amount

    @needs(Charges)
    def test_a_decline_moves_nothing_and_says_why(self, lab: GatewayLab) -> None:
        forms = lab.harness.declined_forms(lab.world)
        assert forms, "the harness names no declined forms"
        for code, form in forms.items():
            outcome = lab.charge(lab.key(code), source=lab.source(form))
            assert (outcome.status, outcome.code) == (Status.DECLINED, code)
            assert outcome.staff_note or outcome.provider_code
            assert not lab.taken

    @needs(Charges)
    def test_a_source_of_another_kind_is_refused_before_sending(self, lab: GatewayLab) -> None:
        stranger = _other_kind(lab.source())
        outcome = lab.charge(lab.key(), source=stranger)
        assert outcome.status not in PAID
        assert not lab.taken

    @needs(Charges)
    @pytest.mark.parametrize("alter", [another_amount, another_currency], ids=["amount", "currency"])
    def test_another_amount_than_asked_is_not_taken_for_it(
        self, lab: GatewayLab, alter: Callable[[Money], Alter]
    ) -> None:
        wire = alter(lab.amount)
        outcome = lab.charge(lab.key(), source=lab.source(), faults=wire)
        assert wire.count, "no answer to the charge states its amount"
        assert outcome.status not in PAID or outcome.amount not in (None, lab.amount)

    # --- faults -------------------------------------------------------------------------------

    @needs(Charges)
    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_charge_is_reported_as_what_it_is(self, lab: GatewayLab, fault: Fault) -> None:
        source = lab.source()
        for at in range(1, MOST_REQUESTS):
            before, broken = lab.taken, Break(fault, at)
            outcome = lab.charge(lab.key(f"{at}"), source=source, faults=broken)
            if not broken.happened:
                assert at > 1, "a charge without a request"
                return
            _is_true(outcome, moved=lab.taken - before, asked=lab.amount)
            _was_not_sent(outcome, broken)
            self._found_again(lab, lab.key(f"{at}"), moved=lab.taken - before)
            again = lab.charge(lab.key(f"{at}"), source=source)
            assert again.status in PAID, again.staff_note
            assert lab.taken - before == lab.amount, "the same key moved money twice"

    def _found_again(self, lab: GatewayLab, key: str, *, moved: Money) -> None:
        if self.spec.can(LooksUp):
            found = lab.lookup(key)
            assert (found.status in PAID) == bool(moved), found.staff_note
            assert found.status in PAID or found.status is Status.NOT_SENT

    @needs(LooksUp)
    def test_what_was_never_sent_is_known_to_be_so(self, lab: GatewayLab) -> None:
        assert lab.lookup(lab.key("never")).status is Status.NOT_SENT

    @needs(LooksUp)
    def test_a_payment_is_found_by_key_and_by_reference(self, lab: GatewayLab) -> None:
        made = lab.pay(lab.key())
        for found in (lab.lookup(lab.key()), lab.lookup(lab.key(), made.reference)):
            assert (found.status, found.reference) == (made.status, made.reference)
            assert found.amount in (None, lab.amount)

    @needs(LooksUp, Charges)
    def test_a_declined_payment_is_found_as_declined(self, lab: GatewayLab) -> None:
        code, form = next(iter(lab.harness.declined_forms(lab.world).items()))
        lab.charge(lab.key(), source=lab.source(form))
        found = lab.lookup(lab.key())
        assert found.status in (Status.DECLINED, Status.NOT_SENT)
        assert found.code in (code, None)

    @needs(LooksUp)
    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_look_up_claims_nothing(self, lab: GatewayLab, fault: Fault) -> None:
        made = lab.pay(lab.key())
        for reference in (None, made.reference):
            broken = Break(fault, 1)
            found = lab.lookup(lab.key(), reference, faults=broken)
            assert broken.happened, "a look-up without a request"
            assert found.status is Status.UNKNOWN or fault is Fault.UNREACHABLE
            assert found.status in (Status.UNKNOWN, Status.NOT_SENT)

    # --- refunds ------------------------------------------------------------------------------

    @needs(Refunds)
    def test_a_refund_gives_back_what_was_asked_once(self, lab: GatewayLab) -> None:
        paid, part = self._settled(lab), Money(337, lab.amount.currency)
        first = lab.refund(lab.key("r"), paid, part)
        again = lab.refund(lab.key("r"), paid, part)
        assert first.status in PAID, first.staff_note
        assert (first.status, first.reference) == (again.status, again.reference)
        assert lab.given_back == part

    @needs(Refunds)
    def test_refunds_never_pass_what_was_taken(self, lab: GatewayLab) -> None:
        paid = self._settled(lab)
        over = lab.refund(lab.key("over"), paid, lab.amount + lab.amount)
        assert over.status is Status.DECLINED, over.staff_note
        assert lab.refund(lab.key("all"), paid, lab.amount).status in PAID
        assert lab.refund(lab.key("more"), paid, Money(1, lab.amount.currency)).status is Status.DECLINED
        assert lab.given_back == lab.amount

    @needs(Refunds)
    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_refund_is_reported_as_what_it_is(self, lab: GatewayLab, fault: Fault) -> None:
        paid, part = self._settled(lab), Money(11, lab.amount.currency)
        for at in range(1, MOST_REQUESTS):
            before, broken = lab.given_back, Break(fault, at)
            outcome = lab.refund(lab.key(f"r{at}"), paid, part, faults=broken)
            if not broken.happened:
                assert at > 1, "a refund without a request"
                return
            _is_true(outcome, moved=lab.given_back - before, asked=part)
            _was_not_sent(outcome, broken)
            assert lab.refund(lab.key(f"r{at}"), paid, part).status in PAID
            assert lab.given_back - before == part, "the same key gave money back twice"

    def _settled(self, lab: GatewayLab) -> str:
        made = lab.pay(lab.key())
        if made.status is Status.PENDING:
            lab.harness.settle(lab.world)
        assert made.reference
        return made.reference

    # --- redirects ----------------------------------------------------------------------------

    @needs(Redirects)
    def test_beginning_twice_is_one_payment(self, lab: GatewayLab) -> None:
        first = lab.begin(lab.key())
        assert lab.begin(lab.key()) == first
        assert lab.begin(lab.key("b")).reference != first.reference
        assert first.url.startswith(("https://", "http://127.0.0.1", "http://localhost"))

    @needs(Redirects)
    def test_beginning_again_from_another_address_is_the_same_payment(self, lab: GatewayLab) -> None:
        first = lab.begin(lab.key())
        assert lab.begin(lab.key(), base="https://new.kit.example").reference == first.reference

    @needs(Redirects)
    def test_nothing_is_taken_before_the_buyer_approves(self, lab: GatewayLab) -> None:
        begun = lab.begin(lab.key())
        for outcome in (lab.complete(lab.key(), begun.reference), lab.lookup(lab.key(), begun.reference)):
            assert outcome.status is Status.PENDING
        assert not lab.taken

    @needs(Redirects)
    def test_looking_up_takes_nothing(self, lab: GatewayLab) -> None:
        begun = lab.begin(lab.key())
        lab.harness.approve(lab.world, begun)
        assert lab.lookup(lab.key(), begun.reference).status is Status.PENDING
        assert not lab.taken

    @needs(Redirects)
    def test_completing_twice_takes_the_money_once(self, lab: GatewayLab) -> None:
        begun = lab.begin(lab.key())
        lab.harness.approve(lab.world, begun)
        first = lab.complete(lab.key(), begun.reference)
        again = lab.complete(lab.key(), begun.reference)
        assert first.status in PAID, first.staff_note
        assert (first.status, first.reference, first.amount) == (again.status, again.reference, again.amount)
        assert lab.taken == lab.amount

    @needs(Redirects)
    def test_a_payment_completes_without_its_reference(self, lab: GatewayLab) -> None:
        lab.harness.approve(lab.world, lab.begin(lab.key()))
        assert lab.complete(lab.key()).status in PAID
        assert lab.taken == lab.amount

    @needs(Redirects)
    def test_a_buyer_who_cancels_has_cancelled(self, lab: GatewayLab) -> None:
        begun = lab.begin(lab.key())
        lab.harness.cancel(lab.world, begun)
        outcome = lab.complete(lab.key(), begun.reference)
        assert (outcome.status, outcome.code) == (Status.DECLINED, "cancelled_by_buyer")
        assert not lab.taken

    @needs(Redirects)
    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_beginning_is_begun_once(self, lab: GatewayLab, fault: Fault) -> None:
        broken = Break(fault, 1)
        with pytest.raises(PluginError) as raised:
            lab.begin(lab.key(), faults=broken)
        assert isinstance(raised.value, NotSent) == (fault is Fault.UNREACHABLE)
        begun = lab.begin(lab.key())
        lab.harness.approve(lab.world, begun)
        assert lab.complete(lab.key()).status in PAID
        assert lab.taken == lab.amount

    @needs(Redirects)
    @pytest.mark.parametrize("fault", list(Fault))
    def test_a_broken_completion_is_reported_as_what_it_is(self, lab: GatewayLab, fault: Fault) -> None:
        for at in range(1, MOST_REQUESTS):
            key, before, broken = lab.key(f"{at}"), lab.taken, Break(fault, at)
            begun = lab.begin(key)
            lab.harness.approve(lab.world, begun)
            outcome = lab.complete(key, begun.reference, faults=broken)
            if not broken.happened:
                assert at > 1, "a completion without a request"
                return
            _is_true(outcome, moved=lab.taken - before, asked=lab.amount)
            assert lab.complete(key, begun.reference).status in PAID
            assert lab.taken - before == lab.amount

    @needs(Redirects)
    @pytest.mark.parametrize("alter", [another_amount, another_currency], ids=["amount", "currency"])
    def test_another_amount_than_approved_is_not_taken_for_it(
        self, lab: GatewayLab, alter: Callable[[Money], Alter]
    ) -> None:
        begun = lab.begin(lab.key())
        lab.harness.approve(lab.world, begun)
        wire = alter(lab.amount)
        outcome = lab.complete(lab.key(), begun.reference, faults=wire)
        assert wire.count, "no answer states the amount"
        assert outcome.status not in PAID or outcome.amount not in (None, lab.amount)

    # --- stored methods, manual payments, secrets ---------------------------------------------

    @needs(Stores, Collects, Charges)
    def test_a_forgotten_method_is_forgotten(self, lab: GatewayLab) -> None:
        source = lab.source()
        assert isinstance(source, StoredMethod)
        for _ in range(2):  # unknown there is success
            gateway = lab.gateway()
            calls.ask(lambda: gateway.forget(source), type(None), db=DB, plugin=gateway)  # noqa: B023
        assert lab.charge(lab.key(), source=source).status not in PAID
        assert not lab.taken

    @needs(TakesManualPayments)
    def test_instructions_say_what_to_pay_and_what_to_quote(self, lab: GatewayLab) -> None:
        gateway = lab.gateway()
        told = calls.ask(
            lambda: gateway.instructions("KIT-2026-0042", Money(103755, "USD")), Instructions, db=DB
        )
        text = "\n".join((told.title, *told.lines))
        assert "KIT-2026-0042" in text
        assert "1037.55" in text or "1,037.55" in text
        assert "<" not in text, "instructions are plain text"
        assert all(line.strip() for line in (told.title, *told.lines))
        assert not lab.leaks(text)

    @needs(LooksUp)
    def test_no_secret_is_written_anywhere(self, lab: GatewayLab, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            made = lab.pay(lab.key())
            seen: list[object] = [
                made,
                dict(made.raw),
                lab.lookup(lab.key(), made.reference),
                lab.gateway().ctx,
            ]
            if self.spec.can(Collects):
                source = lab.source()
                seen += [
                    source,
                    lab.charge(lab.key("b"), source=source, faults=Break(Fault.ANSWER_IS_502, 1)),
                ]
                more = _secrets_in(source)
            else:
                more = ()
        assert not lab.leaks(caplog.text + repr(seen), *more)


def _is_true(outcome: PaymentOutcome, *, moved: Money, asked: Money) -> None:
    """UNKNOWN is always honest; every other word is compared with the books."""
    if outcome.status in PAID:
        assert moved == asked, f"it says {outcome.status}, the books say {moved}"
    elif outcome.status in (Status.NOT_SENT, Status.DECLINED):
        assert not moved, f"it says {outcome.status}, the books say {moved}"


def _was_not_sent(outcome: PaymentOutcome, broken: Break) -> None:
    """What never left may be repeated, so it must not be called unknown."""
    if broken.fault is Fault.UNREACHABLE and not broken.acted_before:
        assert outcome.status is Status.NOT_SENT, outcome.staff_note


def _other_kind(source: StoredMethod | BankAccount) -> StoredMethod | BankAccount:
    if isinstance(source, BankAccount):
        return StoredMethod(token="tok_kit_stranger", brand="Visa", last4="0000")
    return BankAccount(
        routing_number="110000000",
        account_number="000000000000",
        account_type="checking",
        bank_name="Kit Bank",
        bank_state="TX",
        holder="Kit Owner",
    )


def _secrets_in(source: StoredMethod | BankAccount) -> tuple[str, ...]:
    if isinstance(source, BankAccount):
        return (source.account_number, source.routing_number, source.license_id)
    return (source.token,)
