"""The kits must find what they are there to find: bundled plugins are broken in one line each, and the
test that is about it must turn red. A kit that passes everything would pass the first half too."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.fixtures.kit import KitResult, run_kit

PLUGINS = Path(__file__).parents[3] / "plugins"
CARD, WALLET, ECHECK = "gateways/sandbox_card", "gateways/sandbox_wallet", "gateways/sandbox_echeck"
PANEL, REGISTRAR = "provisioners/sandbox_panel", "provisioners/sandbox_registrar"
VIES = "registers/vies"

# plugin, file, what stands there, what is put in its place, the test that must fail
MUTANTS = {
    "a new key for each try": (
        CARD, "plugin.py",
        "key=request.idempotency_key)\n        if not reply.ok:\n            return declined",
        "key=f'{id(request)}')\n        if not reply.ok:\n            return declined",
        "test_one_key_moves_money_once",
    ),
    "a bad gateway taken for a refusal": (
        CARD, "client.py", 'raise NoAnswer(f"the sandbox answered with status {status}")',
        'raise NotSent(f"the sandbox answered with status {status}")',
        "test_a_broken_charge_is_reported_as_what_it_is",
    ),
    "an unreadable answer taken for a decline": (
        CARD, "client.py", "reply = Reply(status, Answer.of(response))",
        'if b"{" not in response.content:\n'
        '        return Reply(402, Answer({"error": {"code": "declined"}}))\n'
        "    reply = Reply(status, Answer.of(response))",
        "test_a_broken_charge_is_reported_as_what_it_is",
    ),
    "the amount is not compared": (
        CARD, "plugin.py", "return checked(charge_outcome(reply.body), request.amount)",
        "import dataclasses; return dataclasses.replace(charge_outcome(reply.body), amount=request.amount)",
        "test_another_amount_than_asked_is_not_taken_for_it",
    ),
    "a float on the way": (
        CARD, "plugin.py",
        '"amount": request.amount.minor,\n            "currency": request.amount.currency,\n'
        '            "token"',
        '"amount": int(float(request.amount.major) * 100),\n'
        '            "currency": request.amount.currency,\n            "token"',
        "test_minor_units_are_kept",
    ),
    "every refusal is a bad card": (
        CARD, "mapping.py", "code=DECLINES.get(provider_code, DeclineCode.PROCESSING_ERROR)",
        "code=DeclineCode.CARD_DECLINED",
        "test_a_decline_moves_nothing_and_says_why",
    ),
    "the token is logged": (
        CARD, "plugin.py", '        reply = self._api.post("v1", "charges", body=body',
        "        import logging; logging.getLogger('acme').info('charging %s', body)\n"
        '        reply = self._api.post("v1", "charges", body=body',
        "test_no_secret_is_written_anywhere",
    ),
    "the secret key stands in the page": (
        CARD, "plugin.py", '"public_key": self.ctx.config.public_key',
        '"public_key": self.ctx.config.secret_key.get_secret_value()',
        "test_the_page_holds_no_secret",
    ),
    "signatures are not compared": (
        CARD, "notices.py", "if not hmac.compare_digest(expected, found[2]):", "if False:",
        "test_a_tampered_body_is_rejected",
    ),
    "old signatures are good": (
        CARD, "notices.py", "> TOLERANCE_SECONDS:", "> 10**9:",
        "test_a_notification_of_another_day_is_rejected",
    ),
    "a lost charge is called never sent": (
        CARD, "plugin.py",
        "charge_outcome(found[0]) if found else", "charge_outcome(found[0]) if not found else",
        "test_a_payment_is_found_by_key_and_by_reference",
    ),
    "a secret is a plain text": (
        CARD, "plugin.py",
        'secret_key: SecretStr = Field(title="Secret key"', 'secret_key: str = Field(title="Secret key"',
        "test_a_setting_that_is_a_secret_is_declared_as_one",
    ),
    "a setting without a title": (
        CARD, "plugin.py", 'title="Public key",', "", "test_every_setting_has_a_title_and_a_description",
    ),
    "a box ticked beforehand": (
        CARD, "fields.py", 'name="keep_card",', 'name="keep_card", default="1",',
        "test_nothing_is_agreed_to_beforehand",
    ),
    "the expiry date is not checked": (
        CARD, "fields.py", 'elif "expiry_month" not in wrong and (year, month) < (today.year, today.month):',
        'elif "expiry_month" in wrong and year > 9000:',
        "test_each_bad_field_is_told_and_not_repeated",
    ),
    "the script is missing": (
        CARD, "plugin.py", 'module="sandbox_card.js"', 'module="sandbox_cart.js"',
        "test_the_script_is_there_and_comes_from_where_it_says",
    ),
    "a look-up that takes the money": (
        WALLET, "plugin.py", "    def lookup(self, request: LookupRequest) -> PaymentOutcome:\n",
        "    def lookup(self, request: LookupRequest) -> PaymentOutcome:\n"
        "        return self.complete(request)\n",
        "test_looking_up_takes_nothing",
    ),
    "approved is taken for paid": (
        WALLET, "mapping.py", 'if status in ("created", "approved"):',
        'if status == "approved":\n        paid = Status.SUCCEEDED\n'
        "        return PaymentOutcome(status=paid, reference=reference, amount=record.money())\n"
        '    if status in ("created", "approved"):',
        "test_looking_up_takes_nothing",
    ),
    "pending is taken for settled": (
        ECHECK, "mapping.py", 'if status == "pending":\n        return PaymentOutcome(status=Status.PENDING',
        'if status == "pending":\n        return PaymentOutcome(status=Status.SUCCEEDED',
        "test_pending_money_is_reported_when_it_has_settled",
    ),
    "a return is not told": (
        ECHECK, "plugin.py", 'for record in reply.body.objects("data")]',
        'for record in reply.body.objects("data") if record.text("status") == "settled"]',
        "test_a_debit_that_comes_back_is_reported",
    ),
    "the account number is repeated": (
        ECHECK, "fields.py", 'wrong["account_number"] = _("An account number has 4 to 17 digits.")',
        'wrong["account_number"] = f"{form.get(\'account_number\')} is no account number."',
        "test_each_bad_field_is_told_and_not_repeated",
    ),
    "a stranger's account is adopted": (
        PANEL, "plugin.py",
        "if found is not None and found.marker == ref.marker and found.domain == ref.domain:",
        "if found is not None:",
        "test_a_strangers_account_is_never_adopted",
    ),
    "a stranger's account is removed": (
        PANEL, "plugin.py",
        "if found.marker != ref.marker:\n            return a_strangers()\n        reply = self._api.del",
        "reply = self._api.del",
        "test_a_strangers_account_is_never_touched",
    ),
    "removing what is gone is an error": (
        PANEL, "plugin.py",
        "return ProvisionOutcome(status=Status.SUCCEEDED, state=RemoteState.ABSENT, changed=False)",
        'return refused("no_such_account")',
        "test_removing_can_be_repeated",
    ),
    "no answer is taken for not there": (
        PANEL, "plugin.py", "        reply = self._api.get(*ACCOUNTS, ref.username)\n",
        "        try:\n            reply = self._api.get(*ACCOUNTS, ref.username)\n"
        "        except NoAnswer:\n            return None\n",
        "test_a_broken_question_is_not_an_absence",
    ),
    "a renewal from today": (
        REGISTRAR, "plugin.py", '{"years": years, "expires_on": expires_on.isoformat()}',
        '{"years": years, "expires_on": self.inspect(domain).expires_on.isoformat()}',
        "test_renewing_from_one_date_happens_once",
    ),
    "any name of ours is this one": (
        REGISTRAR, "plugin.py", "if found is not None and found.marker == marker:", "if found is not None:",
        "test_a_name_of_another_service_of_ours_is_taken",
    ),
    "an office that is closed says no": (
        VIES, "plugin.py", 'return TaxNumberAnswer(verdict=Verdict.UNKNOWN, note=f"VIES could',
        'return TaxNumberAnswer(verdict=Verdict.INVALID, note=f"VIES could',
        "test_a_closed_office_is_unknown",
    ),
    "valid unless it says no": (
        VIES, "plugin.py", '    raise NoAnswer(f"VIES answered {response.status_code}{_reason(response)}")',
        '    return Answer({"valid": True})',
        "test_a_broken_answer_is_never_a_verdict",
    ),
}  # fmt: skip

pytestmark = pytest.mark.timeout(240)  # one run of many tests, in the first test's set-up

ONLY = """
from core.testing.suite import contract_of

TestContract = contract_of(__file__)
for _name in [name for name in dir(TestContract) if name.startswith("test_")]:
    if _name not in {wanted!r}:
        setattr(TestContract, _name, None)
"""
CAN_BE_TESTED = "test_can_be_tested"  # the only test of a plugin that does not load


def copied(plugin: str, folder: Path, wanted: set[str]) -> None:
    """A bundled plugin as it would lie outside the distribution, with these tests of its contract only."""
    shutil.copytree(PLUGINS / plugin, folder, ignore=shutil.ignore_patterns("__pycache__"))
    package = f"plugins.{plugin.replace('/', '.')}"
    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = text.replace(f"from {package}.", "from .").replace(f"from {package} import", "from . import")
        path.write_text(text, encoding="utf-8")
    manifest = folder / "plugin.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r'module = ".*"', 'module = "plugin"', text), encoding="utf-8")
    (folder / "test_contract.py").write_text(ONLY.format(wanted=wanted | {CAN_BE_TESTED}), encoding="utf-8")


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{path.name} holds no {old!r} any more: mend the mutant"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> KitResult:
    """All mutants and the unharmed plugins in one run: a process for each would cost a minute."""
    root = tmp_path_factory.mktemp("mutants")
    for number, (plugin, file, old, new, test) in enumerate(MUTANTS.values()):
        copied(plugin, root / f"mutant{number}", {test})
        changed(root / f"mutant{number}" / file, old, new)
    for plugin in {mutant[0] for mutant in MUTANTS.values()}:
        copied(
            plugin, root / f"unharmed_{Path(plugin).name}", {m[4] for m in MUTANTS.values() if m[0] == plugin}
        )
    odd_ones(root)
    return run_kit(root)


@pytest.mark.parametrize("name", list(MUTANTS))
def test_the_kit_finds(name: str, result: KitResult) -> None:
    number, test = list(MUTANTS).index(name), MUTANTS[name][4]
    assert result.failed_in(f"mutant{number}") == {test}, result.output[-3000:]


@pytest.mark.parametrize("plugin", sorted({mutant[0] for mutant in MUTANTS.values()}))
def test_the_kit_passes_the_unharmed(plugin: str, result: KitResult) -> None:
    assert result.failed_in(f"unharmed_{Path(plugin).name}") == set(), result.output[-3000:]
    assert result.passed > len(MUTANTS)
    assert not result.errors


SPEC = 'spec_id = "manual"'
REFUSED = "test_an_unknown_setting_is_refused"
REASON = "the provider knows no settings at all"
# what stands in the harness of the manual gateway, what is put in its place, what must be said
ODD = {
    "a harness for another spec": (SPEC, 'spec_id = "other"', "has no GatewayHarness for manual"),
    "a harness that raises": ("class Manual", "1 / 0\nclass Manual", "harness.py: ZeroDivisionError"),
    "an exemption from nothing": (
        SPEC, f'{SPEC}\n    exempt = {{"test_x": "not there at all"}}', "test_x is no test of this plugin"
    ),
    "an exemption without a reason": (
        SPEC, f'{SPEC}\n    exempt = {{"{REFUSED}": "no"}}', f"exempt: {REFUSED} needs a reason in words"
    ),
    "no harness": ("", "", "harness.py is missing"),
}  # fmt: skip
EXEMPT = f'{SPEC}\n    exempt = {{"{REFUSED}": "{REASON}"}}'


def odd_ones(root: Path) -> None:
    for number, (old, new, _) in enumerate(ODD.values()):
        copied("gateways/manual", root / f"odd{number}", set())
        harness = root / f"odd{number}" / "harness.py"
        changed(harness, old, new) if old else harness.unlink()
    copied("gateways/manual", root / "exempt", {REFUSED})
    changed(root / "exempt" / "harness.py", SPEC, EXEMPT)


@pytest.mark.parametrize("name", list(ODD))
def test_a_plugin_that_can_not_be_tested_is_red(name: str, result: KitResult) -> None:
    assert result.failed_in(f"odd{list(ODD).index(name)}") == {CAN_BE_TESTED}
    assert ODD[name][2] in result.output


def test_an_exemption_is_shown_with_its_reason(result: KitResult) -> None:
    assert result.failed_in("exempt") == set()
    assert f"exempt: {REASON}" in result.output
