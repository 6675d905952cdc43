"""What may stand in a text that somebody types, whatever it is for."""

from __future__ import annotations

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # invisible, but words are spelt with them


def is_readable(text: str, also: str = "") -> bool:
    """Whether a person sees all of it: no control characters, no tricks of direction. ``also`` may stand in
    it all the same: the line breaks of an area."""
    return all(letter.isprintable() or letter in JOINERS or letter in also for letter in text)


def is_line(text: str, longest: int) -> bool:
    """Whether something is said, in one line of ``longest`` characters at most."""
    return 0 < len(text) <= longest and is_readable(text)
