"""Taking a way to pay away: from us at once, and from its gateway, however long that takes.

First the row is marked, in one transaction: from that moment nothing is charged to it. Then a durable task
asks the gateway to forget it, outside any transaction, again and again on a ladder until it has; what is
unknown there is forgotten already. Last the sealed source is wiped. A crash between any two of these is
taken up by the row itself, which is due again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.clients import billing_accounts
from core.clients.values import BillingAccountView
from core.kernel import audit
from core.kernel.crypto import DecryptionError
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict, InvalidFields
from core.payments import attempts
from core.payments.accounts import own
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import Stores
from core.plugin_api.values import PaymentSource, StoredMethod
from core.plugin_host.calls import ask
from core.plugin_host.house import PluginHouse
from core.services import paying

log = logging.getLogger(__name__)
TASK = "detach"
# How long to wait after a try that failed; after the last one a person has to look.
LADDER = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 720, 1440, 1440, 1440))
STRANDED = timedelta(minutes=2)  # a try that was lost is due again
LONGEST_NOTE = 500


class GatewayOff(PluginError):
    """It can not be asked: its plugin is switched off."""

    code = "gateway_off"


def remove(house: PluginHouse, client_id: UUID, account_id: UUID, *, actor: str, ip: str = "") -> None:
    """Take a way to pay away from a client. A repeat changes nothing.

    Raises NotFound, and Conflict while a payment with it is under way.
    """
    house.db.run(lambda session: remove_in(session, house, client_id, account_id, actor=actor, ip=ip))


def remove_in(
    session: Session, house: PluginHouse, client_id: UUID, account_id: UUID, *, actor: str, ip: str = ""
) -> bool:
    """As ``remove``, in the caller's transaction, which a Conflict must roll back. False: it was gone."""
    account = own(session, client_id, account_id)
    now = house.clock.now()
    if not billing_accounts.mark_removed(session, account_id, now, now + STRANDED):
        return False
    _refuse_while_moving(session, account)
    moved = paying.let_go(session, account_id)
    audit.record(
        session, actor=actor, action="billing_account.remove", target=f"client:{client_id}", ip=ip, now=now,
        before={"billing_account": account.label or account.gateway, "is_default": account.is_default},
        after={"billing_account": account_id, "services_now_paid_by_default": moved},
    )  # fmt: skip
    house.engine.enqueue(session, TASK, account_id, queue=attempts.queue_of(account.gateway))
    return True


def _refuse_while_moving(session: Session, account: BillingAccountView) -> None:
    """Looked at after the row was marked, so that no payment slips in: see ``attempts.open_charge``."""
    moving = attempts.moving_with(session, account.id)
    if moving is None:
        return
    words = _(
        "A payment with it is under way ({amount}, payment {number}), so it can not be removed yet. Make "
        "another one the default: then nothing new is charged to this one. Remove it when the payment is "
        "over."
    )
    raise Conflict(words.format(amount=moving.amount, number=moving.number))


def why_not(session: Session, account: BillingAccountView) -> str:
    """Why it can not be removed now, for the page that asks; "" when it can."""
    try:
        _refuse_while_moving(session, account)
    except Conflict as conflict:
        return str(conflict)
    return ""


def is_asked(house: PluginHouse, account: BillingAccountView) -> bool:
    """Whether its gateway keeps it too and will be asked to forget it."""
    entry = house.plugins.gateways.get(account.gateway)
    return entry is not None and entry.spec.can(Stores)


def run(house: PluginHouse, account_id: UUID) -> None:
    """The task "detach": have the gateway forget it, then forget it here. Harmless to repeat."""
    with house.db.read() as session:
        account = billing_accounts.view(session, account_id)
    if account.detaching not in ("waits", "stuck"):
        return
    try:
        with house.db.read() as session:
            source = billing_accounts.source_to_forget(session, house, account_id)
        _have_forgotten(house, account.gateway, source)
    except DecryptionError:
        _later(house, account_id, None, "the record does not open with the keys we have")
    except PluginError as error:
        _later(house, account_id, _next(account.detach_tries, house.clock.now()), error.code)
    else:
        _over(house, account_id)


def _have_forgotten(house: PluginHouse, gateway: str, source: PaymentSource | None) -> None:
    """Raises PluginError when the gateway does not say that it has forgotten."""
    if not isinstance(source, StoredMethod):
        return  # nothing of it lies anywhere else
    entry = house.plugins.gateways.get(gateway)
    if entry is None:
        raise GatewayOff(f"the gateway {gateway} is not enabled")
    if not entry.spec.can(Stores):
        return
    plugin = house.plugins.build_gateway(gateway)
    assert isinstance(plugin, Stores)
    ask(lambda: plugin.forget(source), type(None), db=house.db, plugin=plugin, secrets=(source.token,))


def _next(tries: int, now: datetime) -> datetime | None:
    """``tries`` that the schedule asked for have failed, and the first one before them."""
    return now + LADDER[tries] if tries < len(LADDER) else None


def _later(house: PluginHouse, account_id: UUID, when: datetime | None, why: str) -> None:
    log.warning("way to pay not detached", extra={"billing_account": str(account_id), "why": why})
    with house.db.transaction() as session:
        billing_accounts.plan_detach(session, account_id, when)


def _over(house: PluginHouse, account_id: UUID) -> None:
    now = house.clock.now()
    with house.db.transaction() as session:
        account = billing_accounts.view(session, account_id)
        if billing_accounts.detached(session, account_id, now):
            audit.record(
                session, actor="system", action="billing_account.detached",
                target=f"client:{account.client_id}", now=now, after={"billing_account": account_id},
            )  # fmt: skip


def detach_due(house: PluginHouse) -> None:
    """Give every removal whose time has come to a worker. Harmless in several processes at once."""
    now = house.clock.now()
    with house.db.read() as session:
        found = billing_accounts.detach_due(session, now)
    for account_id, gateway in found:
        with house.db.transaction() as session:
            _ask(session, house, account_id, gateway, due_by=now)


def _ask(
    session: Session, house: PluginHouse, account_id: UUID, gateway: str, due_by: datetime | None
) -> bool:
    again_at = house.clock.now() + STRANDED
    turn = billing_accounts.claim_detach(session, account_id, due_by, again_at)
    if turn is None:
        return False
    house.engine.enqueue(session, TASK, account_id, queue=attempts.queue_of(gateway), turn=turn)
    return True


def ask_now(house: PluginHouse, client_id: UUID, account_id: UUID, *, actor: str, ip: str = "") -> None:
    """Staff want the gateway asked once more, now. Raises NotFound, Conflict when it is detached."""
    with house.db.transaction() as session:
        account = own(session, client_id, account_id)
        if not _ask(session, house, account_id, account.gateway, due_by=None):
            raise Conflict(_("The gateway has forgotten it already."))
        audit.record(
            session, actor=actor, action="billing_account.ask_again", target=f"client:{client_id}", ip=ip,
            now=house.clock.now(), after={"billing_account": account_id},
        )  # fmt: skip


def settle_by_hand(
    house: PluginHouse, client_id: UUID, account_id: UUID, note: str, *, actor: str, ip: str = ""
) -> None:
    """Staff have taken it away at the gateway themselves: wipe our side too, and keep what they say.

    Raises InvalidFields (note), NotFound, Conflict when it is not removed or detached already.
    """
    said = " ".join(note.split())
    if not said or len(said) > LONGEST_NOTE:
        raise InvalidFields({"note": _("Say in a sentence how you took it away at the gateway.")})
    now = house.clock.now()
    with house.db.transaction() as session:
        own(session, client_id, account_id)
        if not billing_accounts.detached(session, account_id, now):
            raise Conflict(_("There is nothing to settle: it is in use, or detached already."))
        audit.record(
            session, actor=actor, action="billing_account.settle", target=f"client:{client_id}", ip=ip,
            now=now, after={"billing_account": account_id, "note": said},
        )  # fmt: skip
