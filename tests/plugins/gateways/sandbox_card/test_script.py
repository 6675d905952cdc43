"""The card form's script, run by Node with a page and a sandbox of a few lines."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.kernel import i18n
from plugins.gateways.sandbox_card.sentences import for_the_page

PLUGIN = Path(__file__).parents[4] / "plugins" / "gateways" / "sandbox_card"
SCRIPT = PLUGIN / "static" / "sandbox_card.js"
SANDBOX = """
export async function tokenize(card) {
  if (card.number === "4111111111111111")
    throw { code: "incorrect_number", message: "Not ours.", field: "number" };
  if (card.code === "999") throw { code: "incorrect_cvc", message: "Not the code.", field: "code" };
  if (card.code === "998") throw { code: "on_fire", message: "The machine burns." };
  return { token: `tok_${card.publicKey}`, brand: "Visa", last4: "4242", seen: card };
}
export async function authenticate(order) {
  if (order.challenge === "late") throw { code: "already_finished", message: "Too late." };
  if (order.challenge === "dead") throw { code: "unreachable", message: "No answer." };
}
"""
PAGE = """
const values = JSON.parse(process.argv[1]);
const root = { querySelector: (path) => {
  const name = path.match(/"(.+)"/)[1];
  return name in values ? { value: values[name] } : null;
} };
const module = (await import(process.argv[2])).default;
const setup = { tokenizer: process.argv[3], public_key: "pk", ...JSON.parse(process.argv[4]) };
try {
  const told = values.challenge
    ? await module.authenticate({ setup, data: { charge: "ch_1", challenge: values.challenge } })
    : await module.tokenize({ root, setup, form: null });
  console.log(JSON.stringify({ told }));
} catch (error) {
  console.log(JSON.stringify({ error }));
}
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    script, sandbox = tmp_path / "card.mjs", tmp_path / "tokenizer.mjs"
    shutil.copy(SCRIPT, script)
    sandbox.write_text(SANDBOX)

    def run(tokenizer: str = "", **values: str) -> dict[str, Any]:
        done = subprocess.run(
            ["node", "--input-type=module", "-e", PAGE, json.dumps(values), script.as_uri(),
             tokenizer or sandbox.as_uri(), json.dumps(for_the_page(2026))],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    return run


GOOD = {
    "number": "4242 4242-4242 4242",
    "code": "123",
    "expiry_month": "12",
    "expiry_year": "2099",
    "name_on_card": "A",
}
THIS_MONTH = datetime.now(UTC)
LAST_MONTH = THIS_MONTH.replace(day=1) - timedelta(days=1)


def test_a_card_becomes_a_token(run: Any) -> None:
    assert run(**GOOD, card_type="Automatic") == {"told": {"token": "tok_pk"}}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"number": "4242 4242 4242 4241"}, "number", "number is not right"),
        ({"number": "4242"}, "number", "number is not right"),
        ({"number": "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}, "number", "number is not right"),
        ({"expiry_month": "13"}, "expiry_month", "two digits"),
        ({"expiry_month": "0"}, "expiry_month", "two digits"),
        ({"expiry_year": "99"}, "expiry_year", "as in 2028"),
        ({"expiry_year": "1999"}, "expiry_year", "has expired"),
        (
            {"expiry_month": f"{LAST_MONTH:%m}", "expiry_year": f"{LAST_MONTH:%Y}"},
            "expiry_year",
            "has expired",
        ),
        ({"code": "12"}, "code", "3 or 4 digits"),
        ({"code": "12a"}, "code", "3 or 4 digits"),
    ],
)
def test_a_mistake_stands_beside_its_field(run: Any, changes: dict[str, str], field: str, words: str) -> None:
    (error,) = run(**{**GOOD, **changes})["error"]["errors"]
    assert error["field"] == field
    assert words in error["message"]


def test_a_card_of_this_month_runs(run: Any) -> None:
    now = {"expiry_month": f"{THIS_MONTH:%m}", "expiry_year": f"{THIS_MONTH:%Y}"}
    assert run(**GOOD | now) == {"told": {"token": "tok_pk"}}


def test_all_that_is_wrong_to_the_eye_is_told_at_once(run: Any) -> None:
    told = run(**GOOD | {"number": "bad", "code": "1", "expiry_month": "13", "expiry_year": "203"})
    assert [one["field"] for one in told["error"]["errors"]] == [
        "number", "expiry_month", "expiry_year", "code",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"number": "4111111111111111"},
            {"field": "number", "message": "Only the test card numbers work here: this is a rehearsal."},
        ),
        ({"code": "999"}, {"field": "code", "message": "Enter the 3 or 4 digits of the security code."}),
        ({"code": "998"}, {"message": "The machine burns."}),
    ],
)
def test_what_the_sandbox_complains_of_is_said_in_our_words(
    run: Any, changes: dict[str, str], told: dict[str, str]
) -> None:
    error = run(**GOOD | changes)["error"]
    assert error == told


def test_the_script_speaks_the_language_of_the_page() -> None:
    i18n.learn([PLUGIN / "locales"])
    with i18n.using("de"):
        assert for_the_page(2026)["say_number"] == "Diese Kartennummer stimmt nicht. Prüfen Sie jede Ziffer."
        assert for_the_page(2026)["say_year"].endswith("2028.")


def test_another_card_type_than_chosen_is_told(run: Any) -> None:
    error = run(**GOOD, card_type="Mastercard")["error"]
    assert (error["field"], error["message"]) == (
        "card_type",
        "This card is from Visa. Choose Visa or Automatic.",
    )


def test_a_sandbox_that_is_away_is_told(run: Any, tmp_path: Path) -> None:
    error = run((tmp_path / "gone.mjs").as_uri(), **GOOD)["error"]
    assert error == {"message": "The card service did not answer. Please try again in a moment."}


@pytest.mark.parametrize("challenge", ["fine", "late"])
def test_after_the_challenge_the_server_looks_up(run: Any, challenge: str) -> None:
    assert run(challenge=challenge) == {"told": {}}


def test_a_challenge_without_answer_can_be_tried_again(run: Any) -> None:
    assert run(challenge="dead") == {
        "error": {"message": "The card service did not answer. Please try again in a moment."}
    }
