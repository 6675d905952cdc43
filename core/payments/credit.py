"""A client's credit: given, laid on an invoice, paid out. Each is one balanced entry in the ledger.

The balance goes up and down by conditional updates only (``clients.take_credit``), so that of many who
reach for the same credit at once nobody gets what another has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import ledger
from core.billing import service as billing
from core.billing.ledger import Side
from core.clients import fate, standing
from core.clients import service as clients
from core.clients.values import ClientView
from core.kernel import audit
from core.kernel.i18n import gettext as _
from core.kernel.ids import new_id
from core.kernel.lines import is_line
from core.kernel.money import Money
from core.kernel.problems import Conflict, InvalidFields
from core.kernel.work import House
from core.payments import attempts
from core.payments.models import Allocation

Origin = Literal["goodwill", "received"]
# what a credit is made of -> the account that stands against it
AGAINST: dict[str, str] = {"goodwill": ledger.GIVEN, "received": ledger.MONEY}
MOST_MINOR = 10**12
LONGEST = 300
LONGEST_REFERENCE = 100


def add(
    house: House, client_id: UUID, *, amount_text: str, reason: str, origin: str, actor: str, ip: str = ""
) -> Money:
    """Give a client credit: as goodwill, or for money that was received without an invoice.

    A repeat gives it again. Raises InvalidFields (amount, reason, origin), NotFound, and Conflict for a
    client that was joined to another or erased.
    """
    wrong: dict[str, str] = {}
    reason = _words(reason, "reason", LONGEST, _("Say in a few words what the credit is for."), wrong)
    if origin not in AGAINST:
        wrong["origin"] = _("Choose where the credit comes from.")

    def work(session: Session) -> Money:
        fate.hold_living(session, client_id)
        client = clients.client_by_id(session, client_id)
        amount = _amount(amount_text, client.currency, wrong)
        if wrong:
            raise InvalidFields(wrong)
        clients.add_credit(session, client_id, amount.minor)
        _post(session, house, client, f"credit:{new_id()}:added", reason, (
            Side(account=AGAINST[origin], amount_minor=amount.minor),
            Side(account=ledger.CREDIT, amount_minor=-amount.minor, client_id=client_id),
        ))  # fmt: skip
        facts = {"amount": str(amount), "reason": reason, "origin": origin}
        _tell(session, house, actor, ip, "credit.add", client_id, facts)
        return amount

    return house.db.run(work)


def use(house: House, invoice_id: UUID, *, amount_text: str = "", actor: str, ip: str = "") -> Money:
    """Lay credit of its client on an open invoice: as much as was asked for, or as fits.

    Raises InvalidFields (amount) when there is less credit than that, Conflict when nothing is open or a
    charge is under way.
    """

    def work(session: Session) -> Money:
        head = billing.keep_open(session, invoice_id)
        if head.status not in billing.OPEN or not head.open:
            raise Conflict(_("Nothing is owed on this invoice any more."))
        if attempts.moving(session, invoice_id):
            raise Conflict(_("A payment for this invoice is under way. Wait for its answer first."))
        held = clients.client_by_id(session, head.client_id)
        most = min(head.open.minor, held.credit_minor)
        asked = _asked(amount_text, head.open, most)
        taken = clients.take_credit(session, head.client_id, asked.minor)
        if taken != asked.minor:
            raise InvalidFields({"amount": _less_left(Money(taken, asked.currency))})
        billing.lay_on(session, house, invoice_id, taken)
        use_id = new_id()
        session.add(
            Allocation(
                id=new_id(), attempt_id=None, invoice_id=invoice_id, amount_minor=taken,
                source=f"credit:{use_id}", created_at=house.clock.now(),
            )
        )  # fmt: skip
        _post(session, house, held, f"credit:{use_id}:used", head.label, (
            Side(account=ledger.CREDIT, amount_minor=taken, client_id=head.client_id),
            Side(account=ledger.RECEIVABLE, amount_minor=-taken, client_id=head.client_id),
        ))  # fmt: skip
        facts = {"amount": str(asked), "invoice": head.label}
        _tell(session, house, actor, ip, "credit.use", head.client_id, facts)
        return asked

    return house.db.run(work)


def _asked(text: str, owed: Money, most: int) -> Money:
    if not text.strip():
        if not most:
            raise InvalidFields({"amount": _("This client has no credit.")})
        return Money(most, owed.currency)
    wrong: dict[str, str] = {}
    amount = _amount(text, owed.currency, wrong)
    if not wrong and amount.minor > owed.minor:
        wrong["amount"] = _("Only {amount} is open on this invoice.").format(amount=owed)
    if not wrong and amount.minor > most:
        wrong["amount"] = _less_left(Money(most, owed.currency))
    if wrong:
        raise InvalidFields(wrong)
    return amount


def take_off(session: Session, house: House, invoice_id: UUID) -> int:
    """What credit lies on an invoice that is still open is the client's again; gives the minor units.

    In the caller's transaction, before the invoice is void. A paid invoice keeps it: 0. A repeat finds
    nothing more.
    """
    head = billing.keep_open(session, invoice_id)
    laid = _laid(session, invoice_id) if head.status in billing.OPEN else 0
    if laid <= 0 or not billing.lift_off(session, invoice_id, laid):
        return 0
    off_id = new_id()
    session.add(
        Allocation(
            id=new_id(), attempt_id=None, invoice_id=invoice_id, amount_minor=-laid,
            source=f"credit:{off_id}:taken_off", created_at=house.clock.now(),
        )
    )  # fmt: skip
    clients.add_credit(session, head.client_id, laid)
    held = clients.client_by_id(session, head.client_id)
    _post(session, house, held, f"credit:{off_id}:taken_off", head.label, (
        Side(account=ledger.RECEIVABLE, amount_minor=laid, client_id=head.client_id),
        Side(account=ledger.CREDIT, amount_minor=-laid, client_id=head.client_id),
    ))  # fmt: skip
    return laid


def _laid(session: Session, invoice_id: UUID) -> int:
    """The credit that lies on an invoice now."""
    statement = select(func.coalesce(func.sum(Allocation.amount_minor), 0)).where(
        Allocation.invoice_id == invoice_id, Allocation.attempt_id.is_(None)
    )
    return int(session.execute(statement).scalar_one())


def _less_left(left: Money) -> str:
    return _("This client has {amount} of credit left.").format(amount=left)


def pay_out(
    house: House, client_id: UUID, *, amount_text: str, reference: str, actor: str, ip: str = ""
) -> Money:
    """Note that credit was paid out to the client, under the reference of the transfer.

    The same reference of one client twice is refused. Raises InvalidFields (amount, reference), NotFound.
    """
    wrong: dict[str, str] = {}
    sentence = _("Enter the reference of the transfer or the check number.")
    reference = _words(reference, "reference", LONGEST_REFERENCE, sentence, wrong)

    def work(session: Session) -> Money:
        standing.hold(session, client_id)
        client = clients.client_by_id(session, client_id)
        amount = _amount(amount_text, client.currency, wrong)
        if not wrong and clients.take_credit(session, client_id, amount.minor) != amount.minor:
            wrong["amount"] = _less_left(Money(client.credit_minor, client.currency))
        if wrong:
            raise InvalidFields(wrong)
        _post(session, house, client, f"credit:{client_id}:paid_out:{reference}", reference, (
            Side(account=ledger.CREDIT, amount_minor=amount.minor, client_id=client_id),
            Side(account=ledger.MONEY, amount_minor=-amount.minor),
        ))  # fmt: skip
        facts = {"amount": str(amount), "reference": reference}
        _tell(session, house, actor, ip, "credit.pay_out", client_id, facts)
        return amount

    try:
        return house.db.run(work)
    except IntegrityError as error:
        raise InvalidFields({"reference": _("A payment with this reference is booked already.")}) from error


def _words(text: str, name: str, longest: int, sentence: str, wrong: dict[str, str]) -> str:
    text = " ".join(text.split())
    if not is_line(text, longest):
        wrong[name] = sentence
    return text


def _amount(text: str, currency: str, wrong: dict[str, str]) -> Money:
    try:
        amount = Money.typed(text, currency)
    except ValueError:
        wrong["amount"] = _("Enter an amount in figures, as in 25.00.")
        return Money.zero(currency)
    if not 0 < amount.minor <= MOST_MINOR:
        wrong["amount"] = _("Enter an amount above zero, and not beyond all bounds.")
    return amount


def _post(
    session: Session, house: House, client: ClientView, source: str, note: str, sides: tuple[Side, ...]
) -> None:
    ledger.post(
        session, brand_id=client.brand_id, occurred_on=billing.today(session, house, client.brand_id),
        source=source, currency=client.currency, sides=sides, now=house.clock.now(), note=note,
    )  # fmt: skip


def _tell(
    session: Session, house: House, actor: str, ip: str, action: str, client_id: UUID,
    facts: Mapping[str, object],
) -> None:  # fmt: skip
    audit.record(
        session, actor=actor, action=action, target=f"client:{client_id}", ip=ip, now=house.clock.now(),
        after=facts,
    )  # fmt: skip
