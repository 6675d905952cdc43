"""What can be wrong with a request, in words for the person who made it.

The web layer turns these into pages; nothing else does. ``code`` is stable.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.kernel.i18n import gettext as _


class Problem(Exception):
    """Root. The text is for the person; it never names an internal."""

    code = "problem"


class InvalidFields(Problem):
    """``messages`` maps field name to one sentence that says what to do."""

    code = "invalid_fields"

    def __init__(self, messages: Mapping[str, str]) -> None:
        super().__init__("; ".join(messages.values()))
        self.messages = dict(messages)


class NotFound(Problem):
    """It does not exist, or not for this person: the answer is the same."""

    code = "not_found"


class Conflict(Problem):
    """The state has moved on since the page was drawn."""

    code = "conflict"


class Refused(Problem):
    """Not allowed, or not now (too many tries)."""

    code = "refused"


class Stale(Conflict):
    """Somebody else saved this thing while a form of it was open.

    ``theirs`` holds what is kept now, as the form would show it: field name -> text. ``version`` is what a
    form must carry to be saved over it after all.
    """

    code = "stale"

    def __init__(self, version: int, theirs: Mapping[str, str]) -> None:
        super().__init__(_("Somebody else changed this while you had it open."))
        self.version = version
        self.theirs = dict(theirs)
