"""Servers: which there are, whether they answer, and what on them differs from what is billed."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from werkzeug.wrappers import Response

from core.kernel.problems import NotFound
from core.plugin_api.context import Mode
from core.plugin_api.errors import PluginError
from core.provisioning import queries as provisioning
from core.provisioning import staff
from core.provisioning.queries import ServerRow
from core.web.admin import notices, page, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.current import house


@blueprint.get("/servers", endpoint="servers")
@needs("servers.view")
def list_servers() -> Response:
    return _draw()


def _draw(status: int = 200, trouble: str = "") -> Response:
    with house().db.read() as session:
        found, drift = provisioning.servers(session), provisioning.open_drift(session)
    return page.draw(
        "servers.html", status, section="servers", servers=found, drift=drift, trouble=trouble,
        test_plugins=_test_plugins(),
    )  # fmt: skip


def _test_plugins() -> frozenset[str]:
    plugins = house().plugins
    panels = (entry.spec.id for entry in plugins.provisioners.values() if entry.spec.mode is Mode.TEST)
    registrars = (entry.spec.id for entry in plugins.registrars.values() if entry.spec.mode is Mode.TEST)
    return frozenset((*panels, *registrars))


@blueprint.post("/servers/<uuid:server_id>/check", endpoint="server_check")
@needs("servers.check")
def check_server(server_id: UUID) -> Response:
    """Test the connection. Moves nothing."""
    server = _find(server_id)
    report = staff.check_server(house(), server_id)
    said = f" {report.detail}" if report.detail else ""
    text = (
        f"{server.name} answers.{said}"
        if report.ok
        else f"{server.name} does not work:{said or ' no reason told.'}"
    )
    return notices.go(page.back_to(url_for("admin.servers")), text, "success" if report.ok else "warning")


@blueprint.post("/servers/<uuid:server_id>/compare", endpoint="server_compare")
@needs("servers.check")
def compare_server(server_id: UUID) -> Response:
    """List what differs between our books and the server. Nothing is mended."""
    server = _find(server_id)

    def do() -> Response:
        try:
            count = staff.compare(house(), server_id)
        except PluginError as error:
            return notices.go(url_for("admin.servers"), f"{server.name} does not answer: {error}", "warning")
        told = words.counted(count, "difference", limit=10**6) if count else "nothing that differs"
        return notices.go(url_for("admin.servers"), f"Compared with {server.name}: {told}.")

    return page.attempted(do, lambda status, text, _form: _draw(status, text))


def _find(server_id: UUID) -> ServerRow:
    with house().db.read() as session:
        found = provisioning.server(session, server_id)
    if found is None:
        raise NotFound("There is no such server.")
    return found
