"""Every catalogue says everything that the code says to people, with the same blanks, and nothing more."""

from __future__ import annotations

import ast
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from core.kernel import i18n
from scripts import messages
from tests.architecture import source

CORE = sorted(i18n.FOLDER.glob(f"*/{i18n.DOMAIN}.po"))
OURS = [(folder, path) for folder in messages.plugins() for path in messages.plugin_catalogues(folder)]
PATHS = [*CORE, *(path for _, path in OURS)]
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


def named(path: Path) -> str:
    return path.relative_to(messages.ROOT).as_posix()


@pytest.mark.parametrize("path", CORE, ids=named)
def test_a_catalogue_is_complete_and_up_to_date(path: Path, template: Catalog) -> None:
    """``make messages`` changes nothing in it, and it has words for everything."""
    complete(path, template)


@pytest.mark.parametrize(("folder", "path"), OURS, ids=named)
def test_so_is_that_of_a_bundled_plugin(folder: Path, path: Path) -> None:
    complete(path, messages.plugin_template(folder))


def test_what_plugins_say_to_people_is_said_in_every_language() -> None:
    """Whoever has words for people has them in all languages of core; themes have theirs in core's."""
    home = messages.ROOT / "plugins"
    speaking = {one.parent for one in home.glob("*/*/plugin.toml") if messages.plugin_template(one.parent)}
    speaking -= set((home / "themes").iterdir())
    languages = {path.parent.name for path in CORE}
    assert speaking == set(messages.plugins())
    for folder in speaking:
        found = {messages.language_of(path) for path in messages.plugin_catalogues(folder)}
        assert found == languages, folder


def complete(path: Path, template: Catalog) -> None:
    wanted = messages.updated(path, template)
    assert messages.missing(read_po(BytesIO(wanted), locale=messages.language_of(path))) == []
    assert wanted == path.read_bytes()


@pytest.mark.parametrize("path", PATHS, ids=named)
def test_blanks_are_those_of_the_message(path: Path) -> None:
    """A count may be left out of its singular only."""
    wrong = [
        (english, text)
        for one in each(path)
        for english, text in said(one)
        if sorted(set(BLANK.findall(text))) != sorted(set(BLANK.findall(english)))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", PATHS, ids=named)
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


COMMENT, BLOCK, VALUE = (re.compile(text, re.DOTALL) for text in (r"{#.*?#}", r"{%.*?%}", r"{{.*?}}"))
TAG = re.compile(r"<[^>]*>", re.DOTALL)
LITERAL = r'"[^"]*[A-Za-z]{2}[^"]*"'
SAID = re.compile(  # of the catalogue, or no words at all
    rf"\b_\(\s*{LITERAL}|\bngettext\(\s*{LITERAL}\s*,\s*{LITERAL}|\[{LITERAL}\]|\bicon\([^)]*\)"
    rf"|form\.value\([^)]*\) or {LITERAL}|\btone={LITERAL} if \w+ else {LITERAL}"
)
UNSAID = re.compile(  # a sentence that is drawn as it stands in the code
    rf"(?:\bor|\belse|^{{{{-?)\s*{LITERAL}|\b(?:field|select|check|textarea)\(\s*\"[a-z_]*\",\s*{LITERAL}"
    rf"|\bbutton\(\s*{LITERAL}|\b(?:help|placeholder|busy)=\s*{LITERAL}"
)
JOINED = re.compile(
    r'"[^"]*[A-Za-z]{2} [^"]*"\s*~|~\s*"[^"]* [A-Za-z]{2}[^"]*"'
)  # half a sentence and a value
STORED = re.compile(r"\bmethod_words\([^)]*\)")  # takes what is stored in English, and says it anew
TITLE = re.compile(rf"{{%-?\s*set title\s*=\s*{LITERAL}")
NAMED = re.compile(r"""\s(?:alt|aria-label|title|placeholder)="([^"]*)\"""")
WORD = re.compile(r"[A-Za-z]{2,}")


def bare(text: str) -> list[str]:
    """English that a template says without asking the catalogue for it."""
    source = COMMENT.sub("", text)
    found = [one for one in NAMED.findall(VALUE.sub("", BLOCK.sub("", source))) if WORD.search(one)]
    found += TITLE.findall(source) + JOINED.findall(STORED.sub("", TAG.sub(" ", source)))
    seen = re.sub(r"&[a-z]+;", "", TAG.sub(" ", VALUE.sub("", BLOCK.sub("", source))))
    found += [line.strip() for line in seen.splitlines() if WORD.search(line)]
    outside = TAG.sub(" ", BLOCK.sub("", source))
    return found + [one for one in VALUE.findall(outside) if UNSAID.search(SAID.sub("", one))]


@pytest.mark.parametrize("path", sorted(Path("plugins/themes").glob("*/templates/**/*.html")), ids=str)
def test_a_page_of_shop_and_portal_says_nothing_in_english_alone(path: Path) -> None:
    assert bare(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "<p>Hello there</p>", '<img alt="A door">', '{{ field("name", "Name") }}', '{{ ip or "unknown" }}',
        '{{ button("Save") }}', '{{ total|money ~ " to pay" }}', '{% set title = what ~ ", Order" %}',
        '{% set title = "Security" %}', '{{ "Change" if x else _("Set up") }}',
    ],
)  # fmt: skip
def test_english_alone_is_seen(text: str) -> None:
    assert bare(text)


def hidden(tree: ast.Module) -> list[int]:
    """Lines of messages that stand in an f-string: the extractor does not look inside."""
    return [
        call.lineno
        for text in ast.walk(tree) if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        and call.func.id in {"_", "gettext", "ngettext", "mark"}
        and call.args and isinstance(call.args[0], ast.Constant)
    ]  # fmt: skip


def test_no_message_hides_in_an_f_string() -> None:
    assert hidden(ast.parse("f\"{word}: {ngettext('one', 'many', 2)}\"")) == [1]
    found = [source.place(path, line) for path in source.python_files("core", "plugins")
             for line in hidden(source.tree(path))]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("language", sorted(code for code, _name in i18n.languages()))
def test_no_words_stay_no_words(language: str) -> None:
    with i18n.using(language):
        assert i18n.gettext("") == ""
