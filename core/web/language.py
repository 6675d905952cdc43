"""The language of a request: that of whoever is signed in, else what their browser asks for, else the
brand's. Everything that speaks through ``core.kernel.i18n`` speaks it until the request is over.

The admin's own pages are English; what is raised by slices (errors beside fields) speaks the language of
the staff member all the same.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import cast

from flask import Flask, g, request

from core.kernel import i18n
from core.web.admin import access as admin
from core.web.current import brand
from core.web.portal import access as portal

PEOPLE = frozenset({"shop", "portal"})  # whose pages are drawn in the language of the request
ADMIN = "admin"


def register(flask_app: Flask) -> None:
    """To be called before the guards, so that what they refuse is told in words one can read."""
    flask_app.before_request(_listen)
    flask_app.teardown_request(_fall_silent)


def settle() -> None:
    """Before each request, after the guards: whoever is signed in has chosen already."""
    chosen = _of_person()
    if not chosen and request.blueprint in PEOPLE and not _asked_for():
        chosen = brand().locale
    if chosen:
        _speak(chosen)


def _listen() -> None:
    _speak(_asked_for() or i18n.SOURCE)


def _speak(language: str) -> None:
    _stack().enter_context(i18n.using(language))


def _stack() -> ExitStack:
    if "language_stack" not in g:
        g.language_stack = ExitStack()
    return cast(ExitStack, g.language_stack)


def _fall_silent(_error: BaseException | None) -> None:
    _stack().close()


def _asked_for() -> str:
    """What the browser asks for, of the languages there are; "" where it asks for none of them."""
    codes = {code for code, _name in i18n.languages()}
    wishes = (wish for wish, quality in request.accept_languages if quality)
    roots = (wish.replace("_", "-").partition("-")[0] for wish in wishes)
    return next((root for root in roots if root in codes), "")


def _of_person() -> str:
    if request.blueprint == ADMIN:
        staff = admin.who()
        return staff.locale if staff else ""
    person = portal.visitor() if request.blueprint in PEOPLE else None
    return person.identity.locale if person else ""
