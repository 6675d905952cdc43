"""Take every sentence out of code and templates into the catalogues: ``make messages``.

What a catalogue has translated stays; what is new in the code stands in it untranslated, what is gone is
dropped. ``--check`` changes nothing and says what is missing. A bundled plugin with a folder ``locales`` has
its own words there; core's catalogue has those of core and of the themes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "core" / "locales"
DOMAIN = "innkeeper"
KEYWORDS = {"_": None, "gettext": None, "mark": None, "ngettext": (1, 2)}
METHODS = (
    ("core/locales/**", "ignore"),
    ("core/testing/**", "ignore"),
    ("core/**.py", "python"),
    ("core/**/templates/**.html", "jinja2"),
    ("core/**/templates/**.txt", "jinja2"),
    ("core/**/templates/**.words", "jinja2"),
    ("plugins/themes/**/templates/**.html", "jinja2"),
)
PLUGIN_CATALOGUE = "LC_MESSAGES/messages.po"
PLUGIN_METHODS = (("locales/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2"))
HEADER = "# {name} of Innkeeper. Written by hand; `make messages` adds what is new and drops what is gone."


def template() -> Catalog:
    """Every message of the code, in one catalogue. A template that does not parse stops it."""
    found = Catalog(domain=DOMAIN, charset="utf-8")
    options = {"**": {"silent": "false", "trimmed": "true"}}
    for folder in ("core", "plugins"):
        methods = [
            (one.removeprefix(f"{folder}/"), how) for one, how in METHODS if one.startswith(f"{folder}/")
        ]
        messages = extract_from_dir(
            ROOT / folder, methods, options_map=options, keywords=KEYWORDS, comment_tags=(),
            directory_filter=_is_ours,
        )  # fmt: skip
        for _file, _line, message, comments, context in messages:
            found.add(message, None, (), auto_comments=comments, context=context)
    return found


def plugin_template(folder: Path) -> Catalog:
    """Every message of one plugin."""
    found = Catalog(charset="utf-8")
    messages = extract_from_dir(folder, PLUGIN_METHODS, keywords=KEYWORDS, comment_tags=())
    for _file, _line, message, comments, context in messages:
        found.add(message, None, (), auto_comments=comments, context=context)
    return found


def plugins() -> Iterator[Path]:
    """The folders of bundled plugins with catalogues of their own."""
    yield from sorted(one.parent for one in ROOT.glob("plugins/*/*/locales"))


def _is_ours(folder: str | Path) -> bool:
    return Path(folder).name not in ("node_modules", "vendor", "__pycache__")


def catalogues() -> Iterator[Path]:
    yield from sorted(LOCALES.glob(f"*/{DOMAIN}.po"))


def plugin_catalogues(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob(f"locales/*/{PLUGIN_CATALOGUE}"))


def language_of(path: Path) -> str:
    """``de`` of core's catalogue and of a plugin's."""
    return path.parent.parent.name if path.parent.name == "LC_MESSAGES" else path.parent.name


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language_of(path))


def updated(path: Path, messages: Catalog) -> bytes:
    """The catalogue as it should stand: no dates, hosts or places in it, so that it changes with its words
    only."""
    catalogue = read(path)
    catalogue.update(messages, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    body = BytesIO()
    write_po(
        body, catalogue, width=100, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True
    )
    name = catalogue.locale.english_name if catalogue.locale else language_of(path)
    head = (
        f"{HEADER.format(name=name)}\n"
        'msgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        f'"Language: {language_of(path)}\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return head.encode() + body.getvalue().lstrip()


def missing(catalogue: Catalog) -> list[str]:
    """Messages without words, or with words that nobody has looked at."""
    return [str(one.id) for one in catalogue if one.id and (not _is_said(one.string) or one.fuzzy)]


def _is_said(words: object) -> bool:
    return all(words) if isinstance(words, tuple | list) else bool(words)


def main(check: bool) -> int:
    late = False
    core = template()
    pairs = [(path, core) for path in catalogues()]
    pairs += [(path, plugin_template(folder)) for folder in plugins() for path in plugin_catalogues(folder)]
    for path, messages in pairs:
        wanted = updated(path, messages)
        late = late or wanted != path.read_bytes()
        if not check:
            path.write_bytes(wanted)
        left = missing(read_po(BytesIO(wanted), locale=language_of(path)))
        print(
            f"{path.relative_to(ROOT).parent}: {len(messages)} messages, {len(left)} without words",
            *left,
            sep="\n  ",
        )
        late = late or bool(left)
    return int(late and check)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
