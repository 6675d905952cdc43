"""What a browser calls itself, in words."""

from __future__ import annotations

import pytest

from core.mail.agents import agent_words

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome, Windows"),
        (f"{CHROME} Edg/131.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", "Safari, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) CriOS/131.0 Safari/604.1", "Chrome, iPhone"),
        ("curl/8.5.0", "curl"),
        ("Sputnik 7", "Sputnik 7"),
        ("x" * 400, "x" * 60),
        ("", ""),
    ],
)
def test_words(agent: str, words: str) -> None:
    assert agent_words(agent) == words
