"""What is not the real thing, said on every screen."""

from __future__ import annotations

from collections.abc import Iterator

from core.kernel.i18n import mark
from core.plugin_api.context import Mode
from core.web.current import WebHouse
from core.web.shown import said

DEMO = mark("Orders here are not real and no money moves.")


def test_words(house: WebHouse) -> str:
    """The sentence for the striped bar; "" when everything enabled is real."""
    if house.settings.is_demo:
        return said(DEMO)
    names = tuple(dict.fromkeys(_names(house)))
    if not names:
        return ""
    words = said("Not real here: {names}. No money moves and no account opens through them.")
    return words.format(names=", ".join(names))


def _names(house: WebHouse) -> Iterator[str]:
    plugins = house.plugins
    yield from (entry.spec.name for entry in plugins.gateways.values() if entry.mode is Mode.TEST)
    specs = [entry.spec for entry in plugins.provisioners.values() if entry.spec.mode is Mode.TEST]
    yield from (spec.name for spec in specs)
    yield from (entry.spec.name for entry in plugins.registrars.values() if entry.spec.mode is Mode.TEST)
