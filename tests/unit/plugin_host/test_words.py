"""What plugins say to people is read in the reader's language, values filled in after the looking up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.kernel import i18n
from core.plugin_api.errors import InvalidFields
from core.plugin_api.words import gettext, ngettext
from plugins.gateways.sandbox_echeck import fields
from tests.fixtures.plugins import GATEWAY, Load, WritePlugin

WORDS = """
msgid "Spin the {what}."
msgstr "Dreh {what}."

msgid "How to pay"
msgstr "Anders als im Haus"

msgid "{count} spin"
msgid_plural "{count} spins"
msgstr[0] "{count} Dreh"
msgstr[1] "{count} Drehs"
"""
HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is learnt here is known to no other test."""
    monkeypatch.setattr(i18n, "_learnt", [])
    i18n._catalogue.cache_clear()
    yield
    i18n._catalogue.cache_clear()


def taught(folder: Path, text: str = WORDS) -> Path:
    file = folder / "de" / i18n.PLUGIN_CATALOGUE
    file.parent.mkdir(parents=True)
    file.write_text(HEAD + text)
    return folder


def test_a_plugin_adds_words_and_changes_none_of_cores(tmp_path: Path) -> None:
    house_words = in_german("How to pay")
    assert house_words not in ("How to pay", "Anders als im Haus")
    assert in_german("Spin the {what}.") == "Spin the {what}."
    i18n.learn([taught(tmp_path)])
    i18n.learn([tmp_path])
    assert in_german("Spin the {what}.").format(what="Rad") == "Dreh Rad."
    assert in_german("How to pay") == house_words
    assert gettext("Spin the {what}.") == "Spin the {what}."
    with i18n.using("de"):
        assert ngettext("{count} spin", "{count} spins", 2) == "{count} Drehs"


def test_of_two_plugins_the_first_that_has_words_is_heard(tmp_path: Path) -> None:
    i18n.learn(
        [tmp_path / "none", taught(tmp_path / "a"), taught(tmp_path / "b", WORDS.replace("Dreh", "Kreisel"))]
    )
    assert in_german("Spin the {what}.") == "Dreh {what}."


def test_only_enabled_plugins_are_listened_to(write_plugin: WritePlugin, load: Load) -> None:
    for name in ("acme", "other"):
        taught(write_plugin(GATEWAY, folder=name, id=f"gateway.{name}") / "locales")
    folders = load("gateway.acme").locale_folders()
    assert [folder.parent.name for folder in folders] == ["acme"]


def test_a_sentence_with_a_value_is_read_in_the_readers_language() -> None:
    i18n.learn([Path(fields.__file__).parent / "locales"])
    typed = {"bank_name": "b" * 81, "date_of_birth": "2015-01-01"}
    with i18n.using("de"), pytest.raises(InvalidFields) as error:
        fields.read(typed, datetime(2026, 5, 13, tzinfo=UTC))
    assert error.value.messages["date_of_birth"] == "Um per eCheck zu zahlen, müssen Sie 18 oder älter sein."
    assert error.value.messages["bank_name"] == "Geben Sie höchstens 80 Zeichen ein."


def in_german(message: str) -> str:
    with i18n.using("de"):
        return gettext(message)
