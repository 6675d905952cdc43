"""Ways to pay that can be charged for the last time this month."""

from __future__ import annotations

from werkzeug.wrappers import Response

from core.clients import figures
from core.web.admin import page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.needs import this_month
from core.web.current import house

MOST = 500


@blueprint.get("/expiring", endpoint="expiring")
@needs("clients.view")
def list_expiring() -> Response:
    first, last = this_month()
    with house().db.read() as session:
        found = figures.expiring(session, first, last, MOST)
    return page.draw("expiring.html", section="dashboard", cards=found, last=last, is_all=len(found) < MOST)
