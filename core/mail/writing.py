"""Mails are written once per fact and contact, in the outbox's turn. Sending them is another matter.

A handler runs after the fact is committed, so nothing that fails here touches money: the delivery is
tried again. It may be called twice with one fact, and by two processes at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from core.kernel.i18n import gettext, using
from core.kernel.outbox import Fact, Subscriber
from core.mail import facts, packages, people
from core.mail.facts import MailHouse
from core.mail.letters import HowToPay, Letter, Reader
from core.mail.storing import is_wanted, keep
from core.mail.types import PACKAGES, TYPES, MailType
from core.plugin_api.errors import PluginError
from core.plugin_api.gateway import TakesManualPayments
from core.plugin_api.values import Instructions
from core.plugin_host.calls import ask
from core.plugin_host.errors import PluginMissing

log = logging.getLogger("innkeeper.mail")


def handlers(house: MailHouse) -> tuple[Subscriber, ...]:
    """One subscriber per mail type that follows from a fact."""
    return tuple(
        Subscriber(name=f"mail.{one.name}", event=one.event, handle=_handler(house, one), after=one.after)
        for one in TYPES
    )


def _handler(house: MailHouse, mail_type: MailType) -> Callable[[Fact], None]:
    if mail_type.name == PACKAGES:
        return lambda fact: packages.write(house, mail_type, fact)
    if mail_type.event.startswith("user."):
        return lambda fact: people.write(house, mail_type, fact)
    return lambda fact: write(house, mail_type, fact)


def write(house: MailHouse, mail_type: MailType, fact: Fact) -> None:
    """Write the mails of a fact: one for each reader who wants its kind, if it is still so. Again writes
    nothing."""
    for letter in _letters(house, mail_type, fact):
        keep(house, mail_type, fact, _with_instructions(house, letter))


def _letters(house: MailHouse, mail_type: MailType, fact: Fact) -> list[Letter]:
    with house.db.read() as session:
        if mail_type.for_staff:
            everybody: tuple[Reader, ...] = (facts.STAFF,)
        else:
            everybody = facts.readers(session, UUID(fact.payload["client_id"]))
        found = (
            facts.letter_for(session, house, mail_type.name, fact.payload, reader) for reader in everybody
        )
        return [letter for letter in found if letter is not None and is_wanted(mail_type, letter)]


def _with_instructions(house: MailHouse, letter: Letter) -> Letter:
    """How to pay by hand, as the gateway says it. Asked outside any transaction.

    A plugin that does not answer stops no mail: the order's page says it too.
    """
    if letter.order is None or letter.order.starts != "transfer" or letter.invoice is None:
        return letter
    label, amount = letter.invoice.label, letter.invoice.open
    try:
        plugin = house.plugins.build_gateway(letter.gateway)
        if not isinstance(plugin, TakesManualPayments):
            return letter
        manual = plugin
        with using(letter.reader.language):
            told = ask(lambda: manual.instructions(label, amount), Instructions, db=house.db, plugin=plugin)
    except (PluginError, PluginMissing) as error:
        log.warning("order %s: %s gives no instructions: %s", letter.order.label, letter.gateway, error)
        return letter
    said = (f"Amount: {amount}", f"Reference: {label}")  # the mail has rows of its own for these
    lines = tuple(line for line in told.lines if line not in said)
    with using(letter.reader.language):
        title = gettext(told.title)  # gateways speak English; for the usual heading we have words
    return replace(letter, how_to_pay=HowToPay(title=title, lines=lines))
