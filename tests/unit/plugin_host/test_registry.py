"""One broken plugin is one clear line, and everything else works on."""

from __future__ import annotations

from typing import Any

import pytest

from core.plugin_api.context import Mode
from core.plugin_api.theme import PAGES
from core.plugin_host.errors import PluginLoadError, PluginMissing
from tests.fixtures.plugins import GATEWAY, Load, WritePlugin

FAULTS = {
    "raises on import": ("raise RuntimeError('no licence')", "RuntimeError while it was loaded: no licence"),
    "exits on import": ("import sys; sys.exit('bye')", "SystemExit while it was loaded: bye"),
    "syntax": ("def broken(:", "SyntaxError while it was loaded"),
    "missing library": ("import acme_sdk", "No module named 'acme_sdk'"),
    "misspelt hook": (
        GATEWAY.replace("def register_gateways", "def register_gateway"),
        "unknown hook register_gateway; did you mean register_gateways?",
    ),
    "hook with an argument": (
        GATEWAY.replace("register_gateways()", "register_gateways(app)"),
        "hook 'register_gateways'",
    ),
    "hook raises": (GATEWAY.replace("return [Gate", "1 / 0; return [Gate"), "ZeroDivisionError"),
    "hook returns none": (GATEWAY.replace("return [GatewaySpec(", "x = [GatewaySpec("), "offers nothing"),
    "hook returns a word": (GATEWAY.replace("return [Gate", "return 'acme'; [Gate"), "returned str"),
    "hook returns strangers": (GATEWAY.replace("return [Gate", "return [1]; [Gate"), "returned a int among"),
    "abstract": (GATEWAY.replace("def check", "def chek"), "Acme does not define: check"),
    "ability missing": (GATEWAY.replace("Config], Takes", "Config]):\n    x = (Takes").replace(
        "TakesManualPayments):", "TakesManualPayments)"), "must implement TakesManualPayments"),
    "bad spec id": (GATEWAY.replace('id="acme"', 'id="Acme Inc"'), "the id 'Acme Inc' must be small letters"),
    "config is no model": (GATEWAY.replace("config=Config", "config=dict"), "config must be a class derived"),
    "host with a path": (
        GATEWAY.replace("config=Config", "hosts=frozenset({'https://acme.example/'}), config=Config"),
        "hosts: 'https://acme.example/' must be a bare host name",
    ),
    "host setting that is none": (
        GATEWAY.replace("config=Config", "hosts=None, host_settings=('payeee',), config=Config"),
        "host_settings names 'payeee', which is no setting; did you mean payee?",
    ),
    "constructor raises": (
        GATEWAY.replace("    def check", "    def __init__(self, ctx): raise OSError('disk')\n    def check"),
        "OSError: disk",
    ),
}  # fmt: skip


def test_a_plugin_outside_the_distribution_is_loaded(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin()
    registry = load(strict=True)
    assert registry.build_gateway("acme").check().detail == "Acme Ltd"
    assert registry.build_gateway("acme") is registry.build_gateway("acme")
    assert registry.gateway_spec("acme").name == "Acme"
    assert [state.state for state in registry.plugins] == ["enabled"]
    assert registry.plugins[0].offers == ("acme",)


def test_its_relative_imports_work(write_plugin: WritePlugin, load: Load) -> None:
    place = write_plugin(GATEWAY + "\nfrom .names import PAYEE\nfrom .sub.deep import DEEP\n")
    (place / "names.py").write_text("PAYEE = 'x'\n")
    (place / "sub").mkdir()
    (place / "sub" / "__init__.py").write_text("")
    (place / "sub" / "deep.py").write_text("from ..names import PAYEE as DEEP\n")
    assert load(strict=True).gateways.keys() == {"acme"}


def test_two_outside_plugins_may_use_the_same_file_names(write_plugin: WritePlugin, load: Load) -> None:
    for name in ("acme", "beta"):
        code = GATEWAY.replace('id="acme"', f'id="{name}"') + "\nfrom .client import NAME\n"
        place = write_plugin(code, folder=name)
        (place / "client.py").write_text(f"NAME = {name!r}\n")
    tables = {f"gateways.{name}": {"payee": name} for name in ("acme", "beta")}
    registry = load("gateway.acme", "gateway.beta", strict=True, **tables)
    assert {key: registry.build_gateway(key).check().detail for key in registry.gateways} == {
        "acme": "acme",
        "beta": "beta",
    }


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_broken_plugin_is_one_line_and_harms_nobody(
    write_plugin: WritePlugin, load: Load, fault: str
) -> None:
    code, said = FAULTS[fault]
    write_plugin(code)
    write_plugin(GATEWAY.replace('id="acme"', 'id="good"'), folder="good")
    tables = {"gateways.acme": {"payee": "x"}, "gateways.good": {"payee": "x"}}
    registry = load("gateway.acme", "gateway.good", **tables)
    failed = registry.state("gateway.acme")
    assert failed is not None
    assert failed.state == "failed"
    assert said in failed.error
    assert "acme" in failed.error
    assert "\n" not in failed.error
    assert registry.gateways.keys() == {"good"}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_strict_makes_the_same_fault_fatal(write_plugin: WritePlugin, load: Load, fault: str) -> None:
    code, said = FAULTS[fault]
    write_plugin(code)
    with pytest.raises(PluginLoadError) as raised:
        load(strict=True)
    assert said in str(raised.value)


def test_the_line_of_the_plugin_that_raised_is_named(write_plugin: WritePlugin, load: Load) -> None:
    place = write_plugin("\n\nraise ValueError('x')")
    assert f"({place / 'plugin.py'}:3)" in str(load().plugins[0].error)


def test_a_plugin_for_another_api_is_refused(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin(api=7)
    assert "api: it was written for version 7" in load().plugins[0].error


def test_a_module_that_lies_elsewhere_is_refused(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin(module="json.decoder")
    assert "module: json.decoder lies in" in load().plugins[0].error


def test_a_module_that_is_not_there_is_refused(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin(module="plugn")
    assert "module: plugn does not exist" in load().plugins[0].error


def test_enabling_what_is_not_installed_names_the_nearest(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin()
    registry = load("gateway.acmee")
    failed = registry.state("gateway.acmee")
    assert failed is not None
    assert failed.error == (
        "innkeeper.toml: [plugins] enabled: gateway.acmee is not installed; did you mean gateway.acme?"
    )


def test_what_is_not_enabled_is_never_imported(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin()
    write_plugin("raise RuntimeError('imported')", folder="other")
    other = load(strict=True).state("gateway.other")
    assert other is not None
    assert (other.state, other.error, other.mode) == ("available", "", None)


def test_two_plugins_that_offer_one_gateway_are_told_apart(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin()
    write_plugin(folder="copy")
    registry = load("gateway.acme", "gateway.copy")
    copy = registry.state("gateway.copy")
    assert copy is not None
    assert copy.error == "gateway.copy: acme is offered by gateway.acme already"
    assert registry.gateways["acme"].plugin_id == "gateway.acme"


def test_a_table_for_nobody_is_an_error(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin()
    tables: dict[str, dict[str, Any]] = {"gateways.acme": {"payee": "x"}, "gateways.acne": {"payee": "x"}}
    with pytest.raises(PluginLoadError, match=r"\[gateways.acne\]: no plugin has this name; did you mean"):
        load("gateway.acme", strict=True, **tables)


def test_a_table_for_a_disabled_plugin_is_kept_quiet(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin()
    write_plugin(folder="beta")
    tables: dict[str, dict[str, Any]] = {"gateways.acme": {"payee": "x"}, "gateways.beta": {"payee": "x"}}
    assert load("gateway.acme", strict=True, **tables).gateways.keys() == {"acme"}


def test_asking_for_what_is_not_there_says_so(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin()
    registry = load()
    with pytest.raises(PluginMissing, match="no enabled plugin offers the gateway 'gone'"):
        registry.build_gateway("gone")
    with pytest.raises(PluginMissing, match="provisioner"):
        registry.build_provisioner("gone", {})
    with pytest.raises(PluginMissing, match="registrar"):
        registry.build_registrar("gone", {})


def test_the_mode_may_come_from_the_settings(write_plugin: WritePlugin, load: Load) -> None:
    code = GATEWAY.replace(
        "class Acme(",
        "from core.plugin_api.context import Mode\n"
        "class Keyed(Config):\n"
        "    @property\n"
        "    def mode(self):\n"
        "        return Mode.TEST if self.payee == 'test' else Mode.LIVE\n\n"
        "class Acme(",
    ).replace("config=Config", "config=Keyed")
    write_plugin(code)
    for payee, mode in (("test", Mode.TEST), ("live", Mode.LIVE)):
        registry = load(strict=True, **{"gateways.acme": {"payee": payee}})
        assert registry.gateways["acme"].mode is mode
        assert registry.build_gateway("acme").ctx.mode is mode
        assert registry.plugins[0].mode is mode


def test_folders_are_given_for_enabled_plugins_only(write_plugin: WritePlugin, load: Load) -> None:
    place = write_plugin()
    (place / "static").mkdir()
    registry = load(strict=True)
    assert registry.static_folder("gateway.acme") == place / "static"
    assert registry.template_folder("gateway.acme") is None
    assert registry.static_folder("gateway.other") is None


EXTENSION = """
from core.plugin_api.events import Subscription
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.theme import SlotFragment, ThemeSpec

@hookimpl
def register_slots():
    return [SlotFragment(slot="admin.order.side", template="late.html", order=200),
            SlotFragment(slot="admin.order.side", template="early.html", order=5)]

@hookimpl
def register_subscriptions():
    return [Subscription(event="invoice.paid", name="ping", handler=print)]

@hookimpl
def register_themes():
    overrides = frozenset({"shop/home.html"})
    return [ThemeSpec(id="velvet", name="Velvet", stylesheet="velvet.css", overrides=overrides)]
"""


def _extension(write_plugin: WritePlugin, code: str = EXTENSION) -> None:
    place = write_plugin(code, folder="ext", id="extension.ext", kind="extension")
    pages = (f"templates/{page}" for page in PAGES)
    for name in ("templates/late.html", "templates/early.html", "static/velvet.css", *pages):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("")


def test_slots_subscriptions_and_themes_are_collected(write_plugin: WritePlugin, load: Load) -> None:
    _extension(write_plugin)
    registry = load("extension.ext", strict=True, **{"themes.velvet": {}})
    assert [one.fragment.template for one in registry.slots["admin.order.side"]] == [
        "early.html",
        "late.html",
    ]
    assert [one.name for one in registry.subscriptions] == ["extension.ext:ping"]
    assert registry.themes["velvet"].spec.name == "Velvet"
    assert registry.template_folder("extension.ext") == registry.themes["velvet"].folder / "templates"


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("invoice.payed", "invoice.paid", "there is no event 'invoice.payed'; did you mean invoice.paid?"),
        ("admin.order.sidebar", "admin.order.side", "there is no slot 'admin.order.sidebar'"),
        ("missing.html", "early.html", "slot admin.order.side: templates/missing.html is missing"),
        ("rouge.css", "velvet.css", "stylesheet: static/rouge.css is missing"),
        (
            '{"components/bill.html"}',
            '{"shop/home.html"}',
            "overrides: templates/components/bill.html is missing",
        ),
        (
            '{"shop/hom.html"}',
            '{"shop/home.html"}',
            "core draws no template shop/hom.html; did you mean shop/home",
        ),
        ('name=" "', 'name="ping"', "needs a name and a handler"),
    ],
)
def test_a_misspelt_part_of_an_extension_is_named(
    write_plugin: WritePlugin, load: Load, wrong: str, right: str, said: str
) -> None:
    _extension(write_plugin, EXTENSION.replace(right, wrong))
    state = load("extension.ext", **{"themes.velvet": {}}).state("extension.ext")
    assert state is not None
    assert said in state.error


THEME = """
from core.plugin_api.hookspecs import hookimpl
from core.plugin_api.theme import ThemeSpec

@hookimpl
def register_themes():
    return [ThemeSpec(id="{name}", name="{name}", parent={parent!r})]
"""
Pages = frozenset[str]


def _theme(
    write_plugin: WritePlugin, name: str, pages: Pages = frozenset(), parent: str | None = None
) -> None:
    code = THEME.format(name=name, parent=parent)
    place = write_plugin(code, folder=name, id=f"theme.{name}", kind="theme")
    for page in pages:
        (place / "templates" / page).parent.mkdir(parents=True, exist_ok=True)
        (place / "templates" / page).write_text("")


def test_a_theme_that_lacks_pages_is_left_out_with_who_stands_on_it(
    write_plugin: WritePlugin, load: Load
) -> None:
    _theme(write_plugin, "whole", PAGES)
    _theme(write_plugin, "child", parent="whole")
    _theme(write_plugin, "torn", PAGES - {"shop/cart.html", "portal/ways.html"})
    _theme(write_plugin, "orphan", PAGES, parent="torn")
    registry = load("theme.torn", "theme.orphan", "theme.child", "theme.whole", **{"themes.whole": {}})
    assert sorted(registry.themes) == ["child", "whole"]
    errors = {one.id: one.error for one in registry.plugins if one.state == "failed"}
    assert set(errors) == {"theme.torn", "theme.orphan"}
    assert errors["theme.torn"].endswith("here: templates/portal/ways.html, templates/shop/cart.html")
    assert "no enabled theme is called 'torn'" in errors["theme.orphan"]


def test_strict_names_every_fault_at_once(write_plugin: WritePlugin, load: Load) -> None:
    write_plugin("1/0", folder="first", id="gateway.first")
    write_plugin("import nowhere_at_all", folder="second", id="gateway.second")
    _theme(write_plugin, "torn", PAGES - {"shop/cart.html"})
    with pytest.raises(PluginLoadError) as error:
        load(
            "gateway.first",
            "gateway.third",
            "gateway.second",
            "theme.torn",
            strict=True,
            **{"gateways.x": {}},
        )
    lines = str(error.value).splitlines()
    assert len(lines) == 5
    for line, said in zip(
        lines, ("gateway.first", "gateway.third", "gateway.second", "theme.torn", "[gateways.x]"), strict=True
    ):
        assert said in line
