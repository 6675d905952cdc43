"""Money that staff have looked into: what was held is dealt with, what was in doubt is known."""

from __future__ import annotations

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.payments import staff
from core.web.admin import access, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.payments import draw_payment, draw_unmatched
from core.web.current import house


@blueprint.post("/payments/unmatched/<uuid:unmatched_id>/close", endpoint="unmatched_close")
@needs("payments.record", proven=True)
def close_unmatched(unmatched_id: UUID) -> Response:
    """It was booked by hand, sent back, or explained: the note says which."""

    def do() -> Response:
        staff.close_unmatched(house(), unmatched_id, page.remark(), access.actor())
        return notices.go(url_for("admin.unmatched"), "It is dealt with.")

    return page.attempted(do, draw_unmatched)


@blueprint.post("/payments/<uuid:attempt_id>/settle", endpoint="payment_settle")
@needs("payments.record", proven=True)
def settle(attempt_id: UUID) -> Response:
    """Staff looked at the gateway's own screens: it happened, or it did not. Raises NotFound."""

    def do() -> Response:
        happened = request.form.get("happened") == "1"
        staff.settle(
            house(), attempt_id, happened=happened, note=page.remark(),
            reference=request.form.get("reference", ""), actor=access.actor(),
        )  # fmt: skip
        done = "It is booked as done." if happened else "It is noted that nothing happened."
        return notices.go(url_for("admin.payment", attempt_id=attempt_id), done)

    return page.attempted(do, lambda status, text, form: draw_payment(attempt_id, status, text, form))
