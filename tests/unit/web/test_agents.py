"""Browsers by their names."""

from __future__ import annotations

import pytest

from core.web.agents import words

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (CHROME, "Chrome on Linux"),
        (f"{CHROME} Edg/131.0", "Edge on Linux"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Windows"),
        ("curl/8.10.1", "curl/8.10.1"),
        ("x" * 300, "x" * 40),
        ("", "Unknown browser"),
    ],
)
def test_browser_and_system(agent: str, said: str) -> None:
    assert words(agent) == said
