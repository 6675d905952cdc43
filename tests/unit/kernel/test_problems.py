"""What can be wrong, in words for people."""

from __future__ import annotations

from core.kernel.problems import Conflict, InvalidFields, NotFound, Problem, Refused


def test_fields_keep_their_sentences() -> None:
    messages = {"email": "Enter your email address.", "city": "Enter the city."}
    problem = InvalidFields(messages)
    messages["more"] = "later"
    assert problem.messages == {"email": "Enter your email address.", "city": "Enter the city."}
    assert str(problem) == "Enter your email address.; Enter the city."


def test_codes_are_stable() -> None:
    codes = {kind: kind.code for kind in (InvalidFields, NotFound, Conflict, Refused)}
    assert list(codes.values()) == ["invalid_fields", "not_found", "conflict", "refused"]
    assert all(issubclass(kind, Problem) for kind in codes)
