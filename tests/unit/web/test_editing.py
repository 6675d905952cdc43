"""Forms that come back when two people change one thing."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from core.kernel.problems import Conflict, InvalidFields, Stale
from core.web.admin import editing

LABELS = {"name": "Name", "colour": "Colour", "password": "Password"}


def come_back(problem: Exception, **form: str) -> editing.Again:
    """What is drawn again after ``problem``."""
    drawn: list[editing.Again] = []

    def do() -> Response:
        raise problem

    def draw(again: editing.Again) -> Response:
        drawn.append(again)
        return Response(status=again.status)

    with Flask("test").test_request_context(method="POST", data=form):
        editing.attempted(do, draw, labels=LABELS, shown={"colour": str.upper})
    return drawn[0]


def test_what_differs_is_told_field_by_field() -> None:
    problem = Stale(8, {"name": "Gold", "colour": "brand", "password": "x"})
    again = come_back(problem, version="7", name="Silver", colour="brand", password="typed")
    assert [(one.label, one.typed, one.theirs) for one in again.differences] == [("Name", "Silver", "Gold")]
    assert again.status == 409
    assert again.form.value("version") == "8"  # sent once more it is saved over theirs
    assert again.form.value("name") == "Silver"


def test_codes_are_told_in_words() -> None:
    again = come_back(Stale(8, {"colour": "brand"}), version="7", colour="info")
    assert (again.differences[0].typed, again.differences[0].theirs) == ("INFO", "BRAND")


def test_the_same_text_typed_twice_is_no_difference() -> None:
    again = come_back(Stale(8, {"name": "Gold"}), version="7", name="Gold")
    assert not again.is_stale
    assert "Somebody else" in again.trouble


def test_wrong_fields_come_back_in_the_order_of_the_page() -> None:
    again = come_back(InvalidFields({"colour": "No.", "name": "Yes?"}), name="Silver")
    assert (again.status, list(again.form.errors)) == (422, ["name", "colour"])


def test_what_has_moved_on_is_told_above() -> None:
    again = come_back(Conflict("It is used."))
    assert (again.status, again.trouble) == (409, "It is used.")


@pytest.mark.parametrize("text", ["", "x", "1.5"])
def test_a_form_without_version_is_refused(text: str) -> None:
    with pytest.raises(Conflict):
        editing.version({"version": text})


@pytest.mark.parametrize("typed", ["", "x", "-1", "9" * 25, "1e3", "\u0661"])
def test_a_version_that_is_none_is_no_fault_of_ours(typed: str) -> None:
    """Larger than any, it is an error of PostgreSQL."""
    with pytest.raises(Conflict, match="Open the page again"):
        editing.version({"version": typed})
    assert editing.version({"version": "12"}) == 12
