"""Forms that come back keep what was typed, never a secret, and say what is wrong."""

from __future__ import annotations

from flask import Flask

from core.web import forms
from core.web.forms import Form
from tests.unit.web.conftest import Visitor


def test_what_was_typed_is_kept_but_never_a_secret(flask_app: Flask) -> None:
    typed = {
        "email": " a@b.example ",
        "password": " with blanks ",
        "payment_token": "tok_1",
        "account": "123",
    }
    with flask_app.test_request_context("/", method="POST", data=typed):
        form = forms.posted({"email": "Wrong."}, secrets=frozenset({"account"}))
        assert form.value("email") == "a@b.example"
        assert forms.values()["password"] == " with blanks "
        assert [form.value(name) for name in ("password", "payment_token", "account")] == ["", "", ""]
        assert form.error("email") == "Wrong."
        assert form.error("other") == ""


def test_several_values_of_one_name(flask_app: Flask) -> None:
    data = [("email_actions", "order"), ("email_actions", "invoice")]
    with flask_app.test_request_context("/", method="POST", data=_encoded(data), content_type=FORM):
        assert forms.lists()["email_actions"] == ("order", "invoice")
        assert forms.values()["email_actions"] == "order"


FORM = "application/x-www-form-urlencoded"


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def test_folded_fields_open_when_they_hold_something_or_are_wrong() -> None:
    assert not Form(values={"fax": ""}).open("fax", "mobile_phone")
    assert Form(values={"fax": "1"}).open("fax")
    assert Form(errors={"fax": "Wrong."}).open("mobile_phone", "fax")


def test_titles_count() -> None:
    assert forms.errors_title({"a": ""}) == "One field needs a change"
    assert forms.errors_title({"a": "", "b": ""}) == "Two fields need a change"
    assert forms.errors_title({str(number): "" for number in range(13)}) == "13 fields need a change"
    assert forms.page_title("Order Summary", {}) == "Order Summary"
    assert forms.page_title("Order Summary", {"a": "", "b": ""}) == "Order Summary: 2 fields need a change"


def test_errors_follow_the_page() -> None:
    errors = {"city": "c", "": "general", "email": "e", "unknown": "u"}
    assert list(forms.in_order(errors, ["email", "city"])) == ["", "unknown", "email", "city"]


def test_a_wrong_summary_comes_back_whole(visitor: Visitor) -> None:
    visitor.send(
        "/order/starter-hosting",
        {"cycle": "year:1", "domain": "forms.example"},
        page="/order/starter-hosting",
    )
    typed: dict[str, object] = {
        "first_name": "Adaeze", "last_name": "", "email": "not a mail", "country": "US", "state": "TX",
        "postal_code": "7870", "password": "nine geese over the barn", "confirm_password": "other",
        "payment_method": "manual", "fax": "abc",
    }  # fmt: skip
    answer = visitor.send("/checkout", typed, page="/checkout")
    page = answer.text
    assert answer.status_code == 422
    assert "fields need a change · Wayside Hosting</title>" in page
    assert 'value="Adaeze"' in page
    assert 'value="not a mail"' in page
    assert "nine geese" not in page
    assert 'href="#email"' in page
    assert 'id="email-error"' in page
    assert '<option value="TX" selected>' in page
    assert '<option value="Travis"' in page  # the counties of the state that was chosen
    assert page.index('href="#last-name"') < page.index('href="#postal-code"')
    assert '<details class="ik-more" open>' in page  # the fax is folded away and wrong


def test_update_asks_for_states_without_judging(visitor: Visitor) -> None:
    visitor.send(
        "/order/starter-hosting",
        {"cycle": "year:1", "domain": "places.example"},
        page="/order/starter-hosting",
    )
    answer = visitor.send(
        "/checkout", {"update": "places", "country": "CA", "first_name": "Ada"}, page="/checkout"
    )
    assert answer.status_code == 200
    assert "ik-errors" not in answer.text
    assert ">Ontario</option>" in answer.text
    assert 'value="Ada"' in answer.text
