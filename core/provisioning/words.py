"""What panels and registrars tell of an account, in the words of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping

from core.kernel.i18n import gettext, mark

FACTS: Mapping[str, str] = {
    "hostname": mark("Server"),
    "host": mark("Server"),
    "ip": mark("IP address"),
    "nameservers": mark("Name servers"),
    "panel_url": mark("Control panel"),
    "url": mark("Address"),
    "username": mark("Username"),
    "expires": mark("Expires"),
}


def fact_label(name: str) -> str:
    """``Name servers`` of ``nameservers``; a name we do not know becomes a phrase: ``Mail host``."""
    known = FACTS.get(name.lower())
    if known is not None:
        return gettext(known)
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
