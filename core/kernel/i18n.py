"""Words in the reader's language: gettext catalogues read from ``core/locales/<language>/innkeeper.po``, then
from those that plugins bring.

The language is that of whoever reads: a request's visitor, a mail's contact. It is set with ``using`` and
holds for the thread or task at hand, so that mails, documents and pages are told apart without a request.
English is in the code; a language is offered when it has a catalogue.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment

FOLDER = Path(__file__).resolve().parents[1] / "locales"
DOMAIN = "innkeeper"
PLUGIN_CATALOGUE = Path("LC_MESSAGES", "messages.po")
SOURCE = "en"
_language: ContextVar[str] = ContextVar("innkeeper.language", default=SOURCE)


@cache
def languages() -> tuple[tuple[str, str], ...]:
    """(code, own name) of every language there are words in; English first, then by code."""
    found = sorted(one.parent.name for one in FOLDER.glob(f"*/{DOMAIN}.po"))
    return tuple((code, _own_name(code)) for code in (SOURCE, *found))


def _own_name(code: str) -> str:
    try:
        name = Locale.parse(code).get_display_name(code)
    except (UnknownLocaleError, ValueError):
        return code
    return (name or code).capitalize()


def best(wanted: str) -> str:
    """The language to use for a wish ("de-AT"): itself, its root, or English."""
    known = {code for code, _ in languages()}
    code = wanted.replace("-", "_")
    return next((one for one in (code, code.partition("_")[0]) if one in known), SOURCE)


@contextmanager
def using(language: str) -> Iterator[None]:
    """Speak this language inside the block."""
    token = _language.set(best(language))
    try:
        yield
    finally:
        _language.reset(token)


def current() -> str:
    """The code of the language that is spoken now."""
    return _language.get()


def locale_for(*, country: str = "", home: str = "") -> Locale:
    """How numbers and days are written for whoever reads now, in the language of now.

    As in ``country`` where that language is spoken there (de, AT -> de_AT); else as at ``home``, the
    brand's locale, where it is the same language; else as usual in it. English when nothing is known.
    """
    language = current()
    if country and language in get_official_languages(country, regional=True, de_facto=True):
        known = parsed(f"{language}_{country}")
        if known is not None:
            return known
    at_home = parsed(home)
    if at_home is not None and at_home.language == language:
        return at_home
    return parsed(language) or Locale(SOURCE)


@cache
def parsed(name: str) -> Locale | None:
    """The locale of a name such as ``de-AT`` or ``de_AT``; None for what is none."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return None


def teach(environment: Environment, *, unless: Callable[[], bool] = lambda: False) -> None:
    """Templates of this environment, and of its overlays, speak the language of now: ``_("Hello
    %(name)s", name=...)``, ``ngettext`` and ``{% trans %}``; English where ``unless`` holds."""

    def one(message: str) -> str:
        return message if unless() else gettext(message)

    def some(single: str, many: str, count: int) -> str:
        if unless():
            return single if count == 1 else many
        return ngettext(single, many, count)

    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(one, some, newstyle=True)  # type: ignore[attr-defined]
    environment.policies["ext.i18n.trimmed"] = True


def mark(message: str) -> str:
    """The message itself: says only that it is one, where it is written down before anybody reads it."""
    return message


def gettext(message: str) -> str:
    """The message in the language of now. Fill in what it names afterwards, with ``.format``."""
    # under "" a catalogue keeps its own header
    return _catalogue(_language.get()).gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the message that fits the count."""
    return _catalogue(_language.get()).ngettext(one, many, count)


def learn(folders: Iterable[Path]) -> None:
    """Take in what plugins bring: ``<folder>/<language>/LC_MESSAGES/messages.po``, as pybabel lays it out.

    For the whole process, in this order: what core has words for is core's, then the first folder's that has.
    A folder that is known already changes nothing. They add words, no language.
    """
    new = [folder for folder in dict.fromkeys(folders) if folder not in _learnt]
    _learnt.extend(new)
    if new:
        _catalogue.cache_clear()


_learnt: list[Path] = []


@cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    if language == SOURCE:
        return _gettext.NullTranslations()
    found = _read(FOLDER / language / f"{DOMAIN}.po", language)
    for folder in _learnt:
        found.add_fallback(_read(folder / language / PLUGIN_CATALOGUE, language))
    return found


def _read(path: Path, language: str) -> _gettext.NullTranslations:
    if not path.is_file():
        return _gettext.NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)
