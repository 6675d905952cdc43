"""What people type in every script may stand; what nobody sees, or what turns a line around, may not."""

from __future__ import annotations

import pytest

from core.kernel.lines import is_line, is_readable

PERSIAN = "می\N{ZERO WIDTH NON-JOINER}خواهم"
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"


@pytest.mark.parametrize(
    "text", ["Invoice 7", "ß", "花子 山田", "שלום", PERSIAN, FAMILY, "क्\N{ZERO WIDTH JOINER}ष"]
)
def test_every_script_is_readable(text: str) -> None:
    assert is_line(text, 300)


@pytest.mark.parametrize(
    "text",
    [
        "a\0b", "a\nb", "a\tb", "a\x7fb", "a\N{RIGHT-TO-LEFT OVERRIDE}b", "a\N{LEFT-TO-RIGHT ISOLATE}b",
        "a\N{LINE SEPARATOR}b", "a\ue000b", "a\N{ZERO WIDTH NO-BREAK SPACE}b", "a\ud800b",
    ],
)  # fmt: skip
def test_what_nobody_sees_is_not(text: str) -> None:
    assert not is_line(text, 300)
    assert not is_readable(text)


def test_a_line_says_something_and_has_an_end() -> None:
    assert [is_line(text, 3) for text in ("", "a", "abc", "abcd")] == [False, True, True, False]
    assert is_readable("a\nb", also="\n")
    assert is_readable("")
