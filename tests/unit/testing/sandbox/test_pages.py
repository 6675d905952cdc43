"""The first page and the script for sellers."""

from __future__ import annotations

import re

import pytest

from core.testing.sandbox.cards import TEST_NUMBERS
from core.testing.sandbox.pages import money
from tests.unit.testing.sandbox.caller import Caller


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (17926, "USD", "179.26 USD"),
        (5, "EUR", "0.05 EUR"),
        (1234567, "JPY", "1,234,567 JPY"),
        (1500, "KWD", "1.500 KWD"),
        (123456789, "USD", "1,234,567.89 USD"),
    ],
)
def test_amounts_for_people(minor: int, currency: str, words: str) -> None:
    assert money(minor, currency) == words


def test_the_first_page_says_what_this_is(call: Caller) -> None:
    call.charge()
    page = call.client.get("/")
    shown = re.sub(r"\s", "", page.text)
    assert page.status_code == 200
    assert [number for number in TEST_NUMBERS if number not in shown] == []
    for link in ("charges", "payments", "transfers", "accounts", "domains", "events", "calls"):
        assert f'href="/books/{link}"' in page.text
    assert "Test mode" in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_its_buttons_move_the_clock_and_clear_faults(call: Caller) -> None:
    call.fault("charges", "lose_answer", times=2)
    assert "lose answer" in call.client.get("/").text
    assert call.client.post("/desk/clock", data={"days": "3"}).status_code == 303
    assert call.get("/clock")["offset_seconds"] == 3 * 86_400
    assert call.client.post("/desk/faults").status_code == 303
    assert call.get("/faults")["data"] == []


@pytest.mark.parametrize("path", ["/desk/clock", "/desk/faults"])
def test_another_site_can_not_press_them(call: Caller, path: str) -> None:
    call.fault("charges", "lose_answer")
    headers = {"Origin": "http://evil.example"}
    assert call.client.post(path, data={"days": "3"}, headers=headers).status_code == 403
    assert call.get("/clock")["offset_seconds"] == 0
    assert len(call.get("/faults")["data"]) == 1


def test_a_wrong_step_is_refused(call: Caller) -> None:
    assert call.client.post("/desk/clock", data={"days": "4000"}).status_code == 422


def test_the_tokeniser_is_a_module_for_other_origins(call: Caller) -> None:
    script = call.client.get("/tokenizer.js")
    assert script.mimetype == "text/javascript"
    assert script.headers["Access-Control-Allow-Origin"] == "*"
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "export async function tokenize(" in script.text
    assert "export async function authenticate(" in script.text


@pytest.mark.parametrize(
    ("path", "kind"), [("/static/sandbox.css", "text/css"), ("/static/icon.svg", "image/svg+xml")]
)
def test_its_files_come_from_itself(call: Caller, path: str, kind: str) -> None:
    answer = call.client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    answer.close()


def test_a_wrong_address_is_a_page_for_people(call: Caller) -> None:
    page = call.client.get("/nowhere", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Not found" in page.text
