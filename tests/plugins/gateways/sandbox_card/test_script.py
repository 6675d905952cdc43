"""The card form's script, run by Node with a page and a sandbox of a few lines."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[4] / "plugins" / "gateways" / "sandbox_card" / "static" / "sandbox_card.js"
SANDBOX = """
export async function tokenize(card) {
  if (card.number === "bad") throw { code: "incorrect_number", message: "Not right.", field: "number" };
  if (card.expiryYear === "1999") throw { code: "expired_card", message: "Expired.", field: "expiryYear" };
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
const setup = { tokenizer: process.argv[3], public_key: "pk" };
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
             tokenizer or sandbox.as_uri()],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    return run


GOOD = {"number": "4242", "code": "123", "expiry_month": "12", "expiry_year": "2030", "name_on_card": "A"}


def test_a_card_becomes_a_token(run: Any) -> None:
    assert run(**GOOD, card_type="Automatic") == {"told": {"token": "tok_pk"}}


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"number": "bad"}, "number"), ({"expiry_year": "1999"}, "expiry_year")],
)
def test_a_mistake_stands_beside_its_field(run: Any, changes: dict[str, str], field: str) -> None:
    (error,) = run(**{**GOOD, **changes})["error"]["errors"]
    assert error["field"] == field
    assert error["message"]


def test_all_that_is_wrong_to_the_eye_is_told_with_it(run: Any) -> None:
    told = run(**GOOD | {"number": "bad", "code": "1", "expiry_month": "13", "expiry_year": "203"})
    assert [one["field"] for one in told["error"]["errors"]] == [
        "number", "expiry_month", "expiry_year", "code",
    ]  # fmt: skip


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
    assert run(challenge="dead") == {"error": {"message": "No answer."}}
