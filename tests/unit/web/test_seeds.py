"""A brand sets seeds, and nothing else of a page."""

from __future__ import annotations

from flask.testing import FlaskClient

from core.web import seeds


def test_seeds_that_hold_are_written_and_nothing_else() -> None:
    tokens = {
        "brand": "#7a2e3a", "accent": "red", "radius": "0.25rem", "density": "0.95", "bg": "#000000",
        "font": "\"Newsreader Variable\", Georgia, serif", "font-mono": "x; } body { display: none",
        "on-brand": 3,
    }  # fmt: skip
    text = seeds.css(tokens)
    assert "--ik-seed-brand: #7a2e3a;" in text
    assert "--ik-seed-radius: 0.25rem;" in text
    assert "--ik-seed-density: 0.95;" in text
    assert "Newsreader" in text
    assert text.count("--ik-seed-") == 4
    assert "display" not in text
    assert "--ik-bg" not in text


def test_one_brand_does_not_serve_anothers(client: FlaskClient) -> None:
    assert client.get("/brand/other/tokens.css").status_code == 404
    answer = client.get("/brand/main/tokens.css")
    assert answer.text == ":root {\n\n}\n"
    assert "/brand/main/tokens.css" not in client.get("/").text  # it sets none, so none is linked
