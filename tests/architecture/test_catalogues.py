"""Every catalogue says everything that the code says to people, with the same blanks, and nothing more."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from core.kernel import i18n
from scripts import messages

PATHS = sorted(i18n.FOLDER.glob(f"*/{i18n.DOMAIN}.po"))
BLANK = re.compile(r"%\(\w+\)s|\{\w*\}")


@pytest.fixture(scope="module")
def template() -> Catalog:
    return messages.template()


def each(path: Path) -> list[Message]:
    return [one for one in messages.read(path) if one.id]


def said(one: Message) -> list[tuple[str, str]]:
    """(in English, in the language) of a message and of its plural."""
    if isinstance(one.id, tuple | list):
        return [(one.id[-1] if at else one.id[0], text) for at, text in enumerate(one.string)]
    return [(str(one.id), str(one.string))]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_a_catalogue_is_complete_and_up_to_date(path: Path, template: Catalog) -> None:
    """``make messages`` changes nothing in it, and it has words for everything."""
    wanted = messages.updated(path, template)
    assert messages.missing(read_po(BytesIO(wanted), locale=path.parent.name)) == []
    assert wanted == path.read_bytes()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_blanks_are_those_of_the_message(path: Path) -> None:
    """A count may be left out of its singular only."""
    wrong = [
        (english, text)
        for one in each(path)
        for english, text in said(one)
        if sorted(set(BLANK.findall(text))) != sorted(set(BLANK.findall(english)))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_sentences_end_as_they_do_in_english(path: Path) -> None:
    """A sentence stays one, a label stays a label; what is glued together keeps its ends."""
    wrong = [
        (english, text)
        for one in each(path)
        for english, text in said(one)
        if english.endswith((".", "?")) != text.endswith((".", "?"))
        and not english.endswith(("only.", "registered.", "{how}"))
    ]
    assert wrong == []


def test_nothing_of_the_machine_stands_in_a_catalogue() -> None:
    for path in PATHS:
        text = path.read_text()
        assert not re.search(r"POT-Creation|Language-Team|Last-Translator|^#:", text, re.MULTILINE)


def test_the_languages_offered_are_those_with_a_catalogue() -> None:
    assert i18n.languages() == (
        ("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français"),
    )  # fmt: skip
