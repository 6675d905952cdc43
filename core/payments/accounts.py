"""Use cases of billing accounts: adding one by hand, the default, which pays for which service.

For staff and for clients alike: who does it is ``actor``, from where is ``ip``. Nothing here ever sees a
card number: the gateway's own script has turned it into a token before the form was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.clients import billing_accounts
from core.clients import service as clients
from core.clients.statuses import OVER
from core.clients.values import BillingAccountView, ClientView
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.paging import Page, Window
from core.kernel.problems import Conflict, InvalidFields, NotFound
from core.payments import methods
from core.payments.values import MethodView
from core.plugin_api.values import PaymentSource, StoredMethod
from core.plugin_host.house import PluginHouse
from core.services import paying
from core.services.paying import Payer

METHOD = "method"  # the field that says which gateway; its other fields are the gateway's own
DEFAULT = "default"  # in a choice for a service: whatever is the default


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is to pay for one service, and what the chooser saw chosen (None: the default)."""

    service_id: UUID
    account_id: UUID | None
    was: UUID | None


def ways(house: PluginHouse, client_id: UUID) -> tuple[MethodView, ...]:
    """How this client could pay: the enabled gateways of its brand that take its currency, in the brand's
    order, in words that speak of no order. Calls gateways. Raises NotFound."""
    with house.db.read() as session:
        client = clients.client_by_id(session, client_id)
        offered = methods.offered_for(session, house, client.brand_id, client.currency)
    return tuple(methods.method(house, one, kept=True) for one in offered)


def add(
    house: PluginHouse,
    client_id: UUID,
    form: Mapping[str, str],
    *,
    actor: str,
    ip: str,
    locale: str = "",
    counted_as: str = "",
) -> UUID:
    """Keep a way to pay for a client: ``method``, the fields of its gateway, ``is_default`` (1 or nothing).

    The gateway checks the fields outside any transaction. The same card or bank account once more, from a
    double click or a second tab, gives the account that is there. Raises InvalidFields, NotFound, Conflict
    for a client whose account is closed, Refused after too many tries of one address (``counted_as``).
    """
    with house.db.read() as session:
        client = _open_client(session, client_id)
        names = _names(session, client_id)
    gateway = form.get(METHOD, "").strip()
    source, wrong = methods.collect(
        house, gateway, {**names, **form}, client.brand_id, ip=ip, currency=client.currency, locale=locale,
        choice=METHOD, counted_as=counted_as, kept=True,
    )  # fmt: skip
    if not wrong and isinstance(source, StoredMethod) and not source.reusable:
        wrong = {METHOD: _("This can be used once only, and not be kept. Choose another way to pay.")}
    if wrong:
        raise InvalidFields(wrong)
    wants_default = form.get("is_default", "") == "1"
    return house.db.run(
        lambda session: _add(session, house, client_id, gateway, source, wants_default, actor=actor, ip=ip)
    )


def _open_client(session: Session, client_id: UUID) -> ClientView:
    client = clients.client_by_id(session, client_id)
    if client.behaviour in OVER:
        raise Conflict(_("This account is closed, so no way to pay is kept for it."))
    return client


def _names(session: Session, client_id: UUID) -> dict[str, str]:
    """Whose account it is, for gateways that write it down; none before there is a contact."""
    try:
        contact = clients.primary_contact(session, client_id)
    except NotFound:
        return {}
    return {
        "company_name": contact.company_name,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
    }


def _add(
    session: Session,
    house: PluginHouse,
    client_id: UUID,
    gateway: str,
    source: PaymentSource | None,
    wants_default: bool,
    *,
    actor: str,
    ip: str,
) -> UUID:
    known = billing_accounts.find_same(session, house, client_id, gateway, source)
    if known is not None:
        if wants_default:
            _make_default(session, house, client_id, known, actor=actor, ip=ip)
        return known
    now, kind = house.clock.now(), house.plugins.gateways[gateway].spec.kind
    account_id = billing_accounts.add(
        session, house, client_id, gateway, str(kind), source, keep=True, is_default=wants_default, now=now
    )
    audit.record(
        session, actor=actor, action="billing_account.add", target=f"client:{client_id}", ip=ip, now=now,
        after={
            "billing_account": account_id, "gateway": gateway, "is_default": wants_default,
            "label": methods.label_of(house, gateway, source),
        },
    )  # fmt: skip
    return account_id


def own(session: Session, client_id: UUID, account_id: UUID) -> BillingAccountView:
    """One account of this client. Raises NotFound, for another client's too."""
    account = billing_accounts.view(session, account_id)
    if account.client_id != client_id:
        raise NotFound(_("There is no such billing account."))
    return account


def make_default(house: PluginHouse, client_id: UUID, account_id: UUID, *, actor: str, ip: str) -> None:
    """Have it pay wherever a service names no other. Raises NotFound, Conflict when it was removed."""
    house.db.run(lambda session: _make_default(session, house, client_id, account_id, actor=actor, ip=ip))


def _make_default(
    session: Session, house: PluginHouse, client_id: UUID, account_id: UUID, *, actor: str, ip: str
) -> None:
    account = own(session, client_id, account_id)
    before = billing_accounts.default_of(session, client_id)
    if before is not None and before.id == account_id:
        return
    if not billing_accounts.make_default(session, client_id, account_id):
        raise Conflict(_("This can not be the default: it was removed, or is kept for one payment only."))
    audit.record(
        session, actor=actor, action="billing_account.default", target=f"client:{client_id}", ip=ip,
        now=house.clock.now(), before={"billing_account": before.label if before else ""},
        after={"billing_account": account.label or account.gateway},
    )  # fmt: skip


def payers(house: PluginHouse, client_id: UUID, window: Window) -> Page[Payer]:
    """The services of a client that are not over, each with what pays for it."""
    with house.db.read() as session:
        return paying.payers(session, client_id, window)


def choose(house: PluginHouse, client_id: UUID, choices: list[Choice], *, actor: str, ip: str) -> int:
    """Have these accounts pay for these services, all or none. Returns how many were changed.

    Raises NotFound for an account or service that is not this client's, Conflict for an account that can
    not be charged again, or when somebody else has chosen meanwhile.
    """
    wanted = [one for one in choices if one.account_id != one.was]
    house.db.run(lambda session: _choose(session, house, client_id, wanted, actor=actor, ip=ip))
    return len(wanted)


def _choose(
    session: Session, house: PluginHouse, client_id: UUID, wanted: list[Choice], *, actor: str, ip: str
) -> None:
    for one in wanted:
        if one.account_id is not None:
            account = own(session, client_id, one.account_id)
            if not account.keep or not billing_accounts.hold(session, account.id):
                raise Conflict(_("This way to pay was removed meanwhile. Choose another one."))
        if not paying.choose(session, client_id, one.service_id, one.account_id, one.was):
            raise Conflict(_("Somebody else has chosen for one of these services meanwhile. Look again."))
        audit.record(
            session, actor=actor, action="service.billing_account", target=f"service:{one.service_id}",
            ip=ip, now=house.clock.now(), before={"billing_account": one.was or DEFAULT},
            after={"billing_account": one.account_id or DEFAULT},
        )  # fmt: skip
