"""Which billing account pays for which service: drop-downs on a page of staff or of a client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from flask import request

from core.clients.values import BillingAccountView
from core.kernel.i18n import gettext as _
from core.kernel.problems import Conflict
from core.payments.accounts import DEFAULT

MOST = 200  # services on one page
PICTURES = {"card": "credit-card", "echeck": "building-bank", "redirect": "wallet", "manual": "mail-dollar"}
ChoiceT = TypeVar("ChoiceT")


def label(account: BillingAccountView, gateway_name: Callable[[str], str]) -> str:
    """``Visa ending in 4242``; for what has no number, the way to pay itself."""
    return account.label or gateway_name(account.gateway)


def payers(
    accounts: Sequence[BillingAccountView], gateway_name: Callable[[str], str]
) -> list[tuple[str, str]]:
    """(value, words) of what a service can be paid by: the default, whichever it is, then each account."""
    own = [(str(one.id), label(one, gateway_name)) for one in accounts if one.keep]
    return [(DEFAULT, _("The default")), *own]


def posted(make: Callable[..., ChoiceT]) -> list[ChoiceT]:
    """The choices of the form: ``service-<id>``, and in ``was-<id>`` what it was drawn with.

    Raises Conflict for a form that was tampered with or cut short.
    """
    names = [name for name in request.form if name.startswith("service-")][:MOST]
    return [
        make(
            service_id=_id(name.removeprefix("service-")),
            account_id=_chosen(request.form[name]),
            was=_chosen(request.form.get(name.replace("service-", "was-", 1), "")),
        )
        for name in names
    ]


def _chosen(value: str) -> UUID | None:
    return None if value == DEFAULT else _id(value)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Conflict(_("This form did not arrive in one piece. Open the page again.")) from None
