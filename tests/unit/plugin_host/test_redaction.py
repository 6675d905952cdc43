"""What must not be written is not written, wherever it hides."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from core.plugin_host.redaction import RedactingFilter, Redactor, secrets_of


class Inner(BaseModel):
    token: SecretStr


class Outer(BaseModel):
    name: str
    key: SecretStr
    inner: Inner
    more: list[SecretStr]


def test_secrets_are_found_at_any_depth() -> None:
    outer = Outer(name="n", key=SecretStr("k1"), inner=Inner(token=SecretStr("k2")), more=[SecretStr("k3")])
    assert secrets_of(outer) == ("k1", "k2", "k3")


@pytest.mark.parametrize(
    "text",
    [
        "key=hunter22 in the middle",
        "Authorization: Bearer abc.def-ghi123456",
        "sk_live_51HxAbCdEf was refused",
        '{"password": "opensesame", "user": "u"}',
        "password=opensesame&user=u",
        "card 4242 4242 4242 4242 was refused",
        "card 4242-4242-4242-4242",
        "4242424242424242",
        "card-4242424242424242",
        "12 4242424242424242 05",
        "x4242424242424242y",
        "4242 4242 4242 4242 and 5555-5555-5555-4444",
        "4242424242424242 5555555555554444",
    ],
)
def test_a_secret_is_masked(text: str) -> None:
    masked = Redactor(["hunter22"]).text(text)
    for secret in (
        "hunter22",
        "abc.def",
        "51HxAb",
        "opensesame",
        "4242424242424242",
        "4242 4242",
        "4242-4242",
    ):
        assert secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567890123",
        "0.1234567890123456",
        "2026-01-05 10 00 00 12",
        "WH-1042",
        "2026-01-05 10:00:00",
        "the secret is empty",
    ],
)
def test_the_rest_stays_readable(text: str) -> None:
    assert Redactor(["hunter22"]).text(text) == text


def test_the_longest_secret_goes_first() -> None:
    assert Redactor(["abcd", "abcdefgh"]).text("abcdefgh") == "[hidden]"


def test_short_secrets_do_not_eat_the_text() -> None:
    assert Redactor(["a"]).text("banana") == "banana"


def test_a_mapping_becomes_flat_text() -> None:
    assert Redactor(["hunter22"]).mapping({"a": 5, "b": "hunter22", "hunter22": "c"}) == {
        "a": "5",
        "b": "[hidden]",
        "[hidden]": "c",
    }


def test_its_own_repr_tells_nothing() -> None:
    assert "hunter22" not in repr(Redactor(["hunter22"]))


def test_a_logger_masks_words_arguments_and_traces(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("innkeeper.test.redaction")
    one = RedactingFilter(Redactor(["hunter22"]))
    logger.addFilter(one)
    try:
        raise ValueError("hunter22 inside")
    except ValueError:
        extra: dict[str, Any] = {"exc_info": True}
        logger.warning("the key %s is %s", "hunter22", {"k": "hunter22"}, **extra)
    finally:
        logger.removeFilter(one)
    assert "hunter22" not in caplog.text
    assert "ValueError: [hidden] inside" in caplog.text


@pytest.mark.parametrize("answer", ["1 " * 20_000, "4242 4242 4242 4242 " * 2_000])
def test_an_answer_full_of_digits_is_read_in_no_time(answer: str) -> None:
    begun = time.perf_counter()
    assert "4242 4242" not in Redactor().text(answer)
    assert time.perf_counter() - begun < 5  # a tenth of a second; hours where each stretch is read anew
