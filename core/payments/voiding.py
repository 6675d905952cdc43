"""Voiding an invoice on purpose: out of the books, its number kept, and the reason written down."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.billing import service
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.lines import is_line
from core.kernel.problems import Conflict, InvalidFields
from core.kernel.work import House
from core.payments import credit

LONGEST = 300


def void(house: House, invoice_id: UUID, *, reason: str, actor: str, ip: str = "") -> None:
    """Credit that was laid on it is the client's again. Periods on it are not billed again.

    Raises InvalidFields (reason), NotFound, and Conflict: money was paid or is on its way, an order waits
    for it, or it is void already.
    """
    reason = " ".join(reason.split())
    if not is_line(reason, LONGEST):
        raise InvalidFields({"reason": _("Say in a few words why it is void.")})

    def work(session: Session) -> None:
        head = service.keep_open(session, invoice_id)
        if head.order_id is not None:
            raise Conflict(_("An order waits for this invoice: cancel the order instead."))
        credit.take_off(session, house, invoice_id)
        if head.status == "pending" or not service.void(session, house, invoice_id):
            raise Conflict(_("Only an open invoice on which nothing was paid can be void."))
        audit.record(
            session, actor=actor, action="invoice.void", target=f"invoice:{invoice_id}", ip=ip,
            now=house.clock.now(), before={"status": head.status},
            after={"status": "void", "reason": reason},
        )  # fmt: skip

    house.db.run(work)
