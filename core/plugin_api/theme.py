"""A theme is data: templates, assets and a few checked tokens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeSpec:
    """``templates/`` and ``static/`` stand beside the plugin's module.

    ``overrides`` names the core templates this theme replaces; each is checked against the list of
    templates that core renders, so a misspelt one is an error at start.
    """

    id: str
    name: str
    parent: str | None = None  # another theme's id, looked in when a template is missing here
    overrides: frozenset[str] = frozenset()
    stylesheet: str | None = None  # a file in static/, linked after base.css


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFragment:
    """A plugin's piece of a page: a template and its plain data, never a string of HTML."""

    slot: str  # one of SLOTS
    template: str  # in the plugin's templates/
    order: int = 100


SLOTS = frozenset({"shop.order_placed.after_summary", "admin.order.side", "shop.home.after_plans"})

# The pages core draws in a theme; a theme without a parent has all of them. Each begins with a comment that
# names its data.
PAGES = frozenset(
    f"shop/{name}.html"
    for name in (
        "home", "product", "cart", "checkout", "review", "processing", "placed", "pay", "places",
        "progress", "terms", "error",
    )
) | frozenset(
    f"portal/{name}.html"
    for name in (
        "sign-in", "factor", "reset", "choose-password", "home", "services", "service", "invoices",
        "invoice", "ways", "way-new", "way-remove", "security", "prove", "factors", "factor-app",
        "recovery-codes",
    )
)  # fmt: skip
# Parts of pages in core/web/templates that a theme may draw its own way.
COMPONENTS = frozenset(
    f"components/{name}.html"
    for name in (
        "bill",
        "factor",
        "fields",
        "head",
        "icon",
        "methods",
        "parts",
        "steps",
        "tasks",
    )
)
