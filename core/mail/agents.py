"""What a browser calls itself, as people call it."""

from __future__ import annotations

# The first that fits: browsers carry the names of those they want to be taken for.
BROWSERS = (
    ("Edg/", "Edge"), ("EdgA/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"),
    ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
LONGEST = 60


def agent_words(agent: str) -> str:
    """``Firefox, Linux`` of a User-Agent header; its beginning where nothing in it is known; "" for none."""
    parts = [_first(BROWSERS, agent), _first(SYSTEMS, agent)]
    return ", ".join(part for part in parts if part) or agent[:LONGEST]


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for sign, name in known if sign in agent), "")
