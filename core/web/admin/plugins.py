"""Plugins: what was found, what is enabled, what failed and why, and whether their settings work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from core.kernel.problems import NotFound
from core.plugin_api import gateway, provisioner
from core.plugin_api.context import HealthReport, Mode
from core.plugin_host import health
from core.plugin_host.configs import SettingView, describe
from core.plugin_host.values import GatewayEntry, PluginState, ProvisionerEntry, RegisterEntry, RegistrarEntry
from core.web.admin import page, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house, site_url

KINDS = {
    "gateway": "Gateways", "provisioner": "Provisioners", "registrar": "Registrars",
    "register": "Registers", "theme": "Themes",
    "extension": "Extensions", "available": "Not enabled", "failed": "Failed",
}  # fmt: skip
ICONS = {
    "gateway": "credit-card", "provisioner": "server-2", "registrar": "world", "register": "receipt-tax",
    "theme": "sun",
    "extension": "plug",
}  # fmt: skip
ABILITIES: Mapping[str, type] = {
    "Charges": gateway.Charges, "Refunds": gateway.Refunds, "Looks up": gateway.LooksUp,
    "Redirects": gateway.Redirects, "Notifies": gateway.Notifies, "Settles": gateway.Settles,
    "Stores": gateway.Stores, "Takes manual payments": gateway.TakesManualPayments,
    "Polls": provisioner.Polls, "Changes plans": provisioner.ChangesPlans,
    "Resets passwords": provisioner.ResetsPasswords, "Lists accounts": provisioner.Lists,
    "Needs staff": provisioner.NeedsStaff,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One gateway, panel, registrar or theme of a plugin. ``report`` is there once it was tested."""

    id: str
    name: str
    about: str
    table: str
    settings: tuple[SettingView, ...] = ()
    abilities: tuple[str, ...] = ()
    webhook: str = ""
    can_check: bool = False
    report: HealthReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin as the page draws it."""

    id: str
    name: str
    kind: str
    version: str
    origin: str
    state: str
    error: str
    icon: str
    word: words.Word
    offers: tuple[Offer, ...] = ()


@blueprint.get("/plugins", endpoint="plugins")
@needs("plugins.view")
def list_plugins() -> Response:
    return _draw(_kind(), None)


@blueprint.get("/plugins/<plugin_id>", endpoint="plugin")
@needs("plugins.view")
def show_plugin(plugin_id: str) -> Response:
    """Raises NotFound."""
    return _draw(request.args.get("kind", ""), _find(plugin_id))


@blueprint.post("/plugins/<plugin_id>/check", endpoint="plugin_check")
@needs("plugins.view")
def check_plugin(plugin_id: str) -> Response:
    """Ask a gateway or register whether its settings work. Moves no money; the answer stands in the page."""
    state, spec_id = _find(plugin_id), request.form.get("spec", "")
    answers = health.check_configured(house().plugins, db=house().db, plugin_id=plugin_id)
    reports = {one.spec_id: one.report for one in answers if one.spec_id == spec_id}
    if not reports:
        raise NotFound("Only gateways and registers are tested here.")
    return _draw(request.form.get("kind", ""), state, reports)


def _find(plugin_id: str) -> PluginState:
    found = house().plugins.state(plugin_id)
    if found is None:
        raise NotFound("There is no such plugin.")
    return found


def _draw(kind: str, one: PluginState | None, reports: Mapping[str, HealthReport] | None = None) -> Response:
    kind = kind if kind in KINDS else _tab_of(one) if one else "gateway"
    shown = [_row(state) for state in house().plugins.plugins if _belongs(state, kind)]
    config_file = house().settings.config_file
    return page.draw(
        "plugins.html", section="plugins", shown=shown, kind=kind, kind_title=KINDS[kind],
        by_kind=list(_tabs(kind)), config_file=config_file,
        one=_row(one, tuple(_offers(one, reports or {}))) if one else None,
    )  # fmt: skip


def _kind() -> str:
    return request.args.get("kind", "")


def _tabs(kind: str) -> Iterator[tuple[str, str, bool, int]]:
    for name, title in KINDS.items():
        count = sum(_belongs(state, name) for state in house().plugins.plugins)
        if count or name == kind or name in ("gateway", "provisioner", "registrar", "theme"):
            yield title, url_for("admin.plugins", kind=name), name == kind, count


def _tab_of(state: PluginState) -> str:
    return state.kind if state.state == "enabled" and state.kind in KINDS else state.state


def _belongs(state: PluginState, kind: str) -> bool:
    """Enabled ones stand under their kind; a failed one under its kind too, where it is missed."""
    if kind in ("available", "failed"):
        return state.state == kind
    return state.kind == kind and state.state != "available"


def _row(state: PluginState, offers: tuple[Offer, ...] = ()) -> Plugin:
    return Plugin(
        id=state.id, name=state.name, kind=state.kind, version=state.version, origin=state.origin,
        state=state.state, error=state.error, icon=_icon(state), word=_word(state),
        offers=offers,
    )  # fmt: skip


def _icon(state: PluginState) -> str:
    """A gateway's own, as checkout shows it."""
    found = (
        house().plugins.gateways[one].spec.icon for one in state.offers if one in house().plugins.gateways
    )
    return next(found, ICONS.get(state.kind, "plug"))


def _word(state: PluginState) -> words.Word:
    if state.state == "failed":
        return words.Word("Failed", "danger")
    if state.state == "available":
        return words.Word("Not enabled")
    return words.Word("Test mode", "warning") if state.mode is Mode.TEST else words.Word("Enabled", "success")


def _offers(state: PluginState, reports: Mapping[str, HealthReport]) -> Iterator[Offer]:
    plugins = house().plugins
    for spec_id in state.offers:
        if spec_id in plugins.gateways and plugins.gateways[spec_id].plugin_id == state.id:
            yield _gateway(plugins.gateways[spec_id], reports.get(spec_id))
        for kind, entries in (("provisioners", plugins.provisioners), ("registrars", plugins.registrars)):
            if spec_id in entries and entries[spec_id].plugin_id == state.id:
                yield _panel(kind, entries[spec_id])
        if spec_id in plugins.registers and plugins.registers[spec_id].plugin_id == state.id:
            yield _register(plugins.registers[spec_id], reports.get(spec_id))
        if spec_id in plugins.themes and plugins.themes[spec_id].plugin_id == state.id:
            yield _theme(spec_id)


def _abilities(spec: Any) -> tuple[str, ...]:
    return tuple(name for name, ability in ABILITIES.items() if spec.can(ability))


def _gateway(entry: GatewayEntry, report: HealthReport | None) -> Offer:
    spec = entry.spec
    address = (
        f"{site_url()}{url_for('webhooks.receive', gateway=spec.id)}" if spec.can(gateway.Notifies) else ""
    )
    return Offer(
        id=spec.id, name=spec.name, about=f"{spec.kind.value.capitalize()} gateway, offered at checkout.",
        table=f"[gateways.{spec.id}]", settings=describe(spec.config, entry.config), can_check=True,
        abilities=_abilities(spec), webhook=address, report=report,
    )  # fmt: skip


def _panel(kind: str, entry: ProvisionerEntry | RegistrarEntry) -> Offer:
    """Settings belong to servers, each with its own; here stands what they start from."""
    return Offer(
        id=entry.spec.id, name=entry.spec.name, table=f"[{kind}.{entry.spec.id}]",
        about="Each server has settings of its own; these are what one starts from.",
        settings=tuple(_defaults(entry)), abilities=_abilities(entry.spec),
    )  # fmt: skip


def _register(entry: RegisterEntry, report: HealthReport | None) -> Offer:
    spec = entry.spec
    return Offer(
        id=spec.id, name=spec.name, table=f"[registers.{spec.id}]",
        settings=describe(spec.config, entry.config),
        about=f"Tells whether tax numbers of {len(spec.countries)} countries are registered.",
        can_check=True, report=report,
    )  # fmt: skip


def _defaults(entry: ProvisionerEntry | RegistrarEntry) -> Iterator[SettingView]:
    """A default that is a secret is masked like any other."""
    for setting in describe(entry.spec.config):
        value = entry.defaults.get(setting.name)
        yield SettingView(
            name=setting.name, title=setting.title, description=setting.description,
            is_secret=setting.is_secret, is_set=value is not None, required=setting.required,
            value="" if setting.is_secret or value is None else str(value),
        )  # fmt: skip


def _theme(spec_id: str) -> Offer:
    spec = house().plugins.themes[spec_id].spec
    parent = f"Stands on {spec.parent}. " if spec.parent else ""
    return Offer(
        id=spec.id, name=spec.name, about=f"{parent}A brand chooses it.", table=f"[themes.{spec.id}]"
    )
