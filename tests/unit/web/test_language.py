"""Which language a request speaks: the person's own, else the browser's, else the brand's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from core.brands.values import BrandView
from core.kernel import i18n
from core.web import current


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr", "fr"),
        ("en-GB,de;q=0.5", "en"),
        ("ja,es;q=0.3", "es"),
        ("ja", "en"),
        ("", "en"),
        ("de;q=0,en", "en"),
        ("\N{SNOWMAN};q=;;", "en"),
    ],
)
def test_a_browser_is_answered_in_the_language_it_asks_for(own_app: Flask, asked: str, spoken: str) -> None:
    heard = []

    @own_app.before_request
    def _note() -> None:
        heard.append(i18n.current())

    page = own_app.test_client().get(
        "/", headers={"Accept-Language": asked.encode("utf-8").decode("latin-1")}
    )
    assert heard == [spoken]
    assert f'<html lang="{spoken}' in page.text
    assert i18n.current() == i18n.SOURCE  # and nothing of it is left for the next one


def test_without_a_wish_the_brand_speaks(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    german = _brand_in(own_app, "de_AT")
    monkeypatch.setattr(current.brands, "brand_for_host", lambda _session, _host: german)
    assert '<html lang="de-AT"' in own_app.test_client().get("/").text


def test_a_refused_request_is_told_of_in_words_one_can_read(own_app: Flask) -> None:
    answer = own_app.test_client().post("/cart", headers={"Accept-Language": "de"})
    assert answer.status_code == 400
    assert '<html lang="de' in answer.text


def _brand_in(flask_app: Flask, locale: str) -> BrandView:
    with flask_app.test_request_context("/"):
        return replace(current.brand(), locale=locale)
