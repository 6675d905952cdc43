"""Pages out of templates. One environment per theme: a shared loader would leak one brand's templates
into another's. Admin draws with core's own and never sees a theme."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from flask import Flask, current_app, make_response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.wrappers import Response

from core.kernel import i18n
from core.web import csrf, files, security, seeds, shown, themes
from core.web.current import WebHouse, brand, brand_or_none, house, house_of, look
from core.web.portal.access import visitor
from core.web.testmode import test_words

TEMPLATES = Path(__file__).resolve().parent / "templates"
THEMES = "innkeeper_themes"
PLUGINS = "innkeeper_plugin_templates"
# Flask offers these to every template; a theme gets values, not the application.
_NOT_FOR_TEMPLATES = ("config", "request", "session", "g", "get_flashed_messages")


class NoTheme(RuntimeError):
    """No theme is enabled, so there is no shop to draw."""


def register(flask_app: Flask) -> None:
    """Prepare core's environment and one overlay per enabled theme and per plugin with page slots."""
    flask_app.jinja_options = {"undefined": StrictUndefined, "autoescape": True}
    core = flask_app.jinja_env
    core.loader = FileSystemLoader(TEMPLATES)
    for name in _NOT_FOR_TEMPLATES:
        core.globals.pop(name, None)
    i18n.teach(core, unless=shown.is_admin)
    core.globals |= {
        "look": look, "here": security.here, "test_words": lambda: test_words(house()), "slot": slot,
        "visitor": visitor,
    }  # fmt: skip
    for part in (shown, files, seeds, csrf):
        part.register(flask_app)
    owner = house_of(flask_app)
    flask_app.extensions[THEMES] = {name: _theme(core, owner, name) for name in owner.plugins.themes}
    flask_app.extensions[PLUGINS] = {name: _plugin(core, owner, name) for name in _slot_plugins(owner)}


def render(name: str, status: int = 200, /, **context: Any) -> Response:
    """A page of the shop in the theme of this request's brand. Raises NoTheme."""
    theme = themes.find(house(), brand().theme)
    if theme is None:
        raise NoTheme
    environments = cast("dict[str, Environment]", current_app.extensions[THEMES])
    context["seeds"] = seeds.stylesheet_url()
    context["styles"] = [_stylesheet(name) for name in _styled(theme.spec.id)]
    return _page(environments[theme.spec.id], name, status, context)


def render_core(name: str, status: int = 200, /, **context: Any) -> Response:
    """A page of core's own: admin, and what is drawn when there is no theme."""
    return _page(current_app.jinja_env, name, status, context)


render_admin = render_core


def slot(name: str, /, **data: Any) -> Markup:
    """What plugins put into a named place of a page, in order. Each piece sees ``data`` and no more."""
    environments = cast("dict[str, Environment]", current_app.extensions[PLUGINS])
    pieces = (
        environments[entry.plugin_id].get_template(entry.fragment.template).render(**data)
        for entry in house().plugins.slots.get(name, ())
        if entry.plugin_id in environments
    )
    return Markup("").join(Markup(piece) for piece in pieces)  # noqa: S704  (rendered with autoescape)


def _page(environment: Environment, name: str, status: int, context: dict[str, Any]) -> Response:
    context.setdefault("brand", brand_or_none())
    response = make_response(environment.get_template(name).render(context).lstrip(), status)
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    return cast(Response, response)


def _theme(core: Environment, owner: WebHouse, theme_id: str) -> Environment:
    folders = [entry.folder / "templates" for entry in themes.chain(owner, theme_id)]
    return core.overlay(loader=ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, TEMPLATES)]))


def _plugin(core: Environment, owner: WebHouse, plugin_id: str) -> Environment:
    folder = themes.plugin_folder(owner, plugin_id, "templates")
    places = [place for place in (folder, TEMPLATES) if place]
    return core.overlay(loader=ChoiceLoader([FileSystemLoader(place) for place in places]))


def _slot_plugins(owner: WebHouse) -> set[str]:
    return {entry.plugin_id for entries in owner.plugins.slots.values() for entry in entries}


def _styled(theme_id: str) -> list[str]:
    """Themes with a stylesheet, the parent first, so that the child's rules come last."""
    entries = reversed(themes.chain(house(), theme_id))
    return [entry.spec.id for entry in entries if entry.spec.stylesheet]


def _stylesheet(theme_id: str) -> str:
    sheet = house().plugins.themes[theme_id].spec.stylesheet
    return files.theme_url(theme_id, cast(str, sheet))
