"""Payment methods on a page: what is drawn, which fields were meant, what the page may load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from flask import request

from core.kernel.i18n import gettext as _
from core.payments import methods as payments
from core.payments.methods import CHOICE as CHOICE
from core.payments.values import MethodView
from core.plugin_api.forms import BrowserSetup, FieldKind, FormField
from core.plugin_api.gateway import GatewaySpec
from core.web import forms, security
from core.web.current import brand, house
from core.web.forms import Form
from core.web.shown import said


class Drawn(Protocol):
    """What is needed of a payment method to read its form: a spec has it, and so has a view."""

    @property
    def id(self) -> str: ...
    @property
    def fields(self) -> tuple[FormField, ...]: ...


def offered(brand_id: UUID | None = None, currency: str = "") -> tuple[GatewaySpec, ...]:
    """The gateways of a brand (of this request's) in the order of the page, without asking any of them."""
    gateways = house().plugins.gateways
    with house().db.read() as session:
        names = payments.offered_for(session, house(), brand_id or brand().id, currency or brand().currency)
    return tuple(gateways[name].spec for name in names)


def chosen(methods: Sequence[MethodView], wanted: str) -> str:
    """The method to draw open: the one that was chosen, else the first that works."""
    ids = [method.id for method in methods if not method.trouble]
    return wanted if wanted in ids else next(iter(ids), "")


def posted_values(methods: Sequence[Drawn], choice: str = CHOICE) -> dict[str, str]:
    """The posted form with the fields of the chosen method, which the field ``choice`` names.

    Two methods may use one field name. Without script all of them arrive, in the order of the page;
    with script the closed ones are disabled and only one does.
    """
    values = forms.values()
    wanted = values.get(choice, "")
    for method in methods:
        if method.id == wanted:
            values |= {name: _value(methods, method, name) for name in _names(method) if name in request.form}
    return values


def again(errors: Mapping[str, str], methods: Sequence[Drawn] | None = None, choice: str = CHOICE) -> Form:
    """The posted form, to be drawn again with ``errors``; ``methods`` are the brand's when not given."""
    specs = offered() if methods is None else methods
    return replace(forms.posted(errors, secrets=secrets(specs)), values=posted_values(specs, choice))


def secrets(methods: Sequence[Drawn]) -> frozenset[str]:
    """Names whose values are never drawn again."""
    return frozenset(
        field.name for method in methods for field in method.fields if field.kind is FieldKind.SECRET
    )


def labels(methods: Sequence[MethodView], wanted: str, choice: str = CHOICE) -> dict[str, str]:
    """Field name -> words, for the list of errors."""
    fields = (field for method in methods if method.id == wanted for field in method.fields)
    return {choice: _("Payment method")} | {field.name: said(field.label) for field in fields}


def ids(methods: Sequence[MethodView], wanted: str, choice: str = CHOICE) -> dict[str, str]:
    """Field name -> id of its element, where two methods may share the name."""
    fields = (field for method in methods if method.id == wanted for field in method.fields)
    top = {choice: "payment-methods", "payment_token": "payment-methods"}
    return top | {field.name: element_id(wanted, field.name) for field in fields}


def element_id(method_id: str, name: str) -> str:
    return f"{method_id}-{name}".replace("_", "-")


def allow(methods: Sequence[MethodView]) -> None:
    """Let this page load what the gateways on it need."""
    for method in methods:
        if method.setup is not None:
            allow_setup(method.setup)


def allow_setup(setup: BrowserSetup) -> None:
    if setup.script is not None:
        vendors = (origin_of(url) for url in setup.script.vendor_scripts)
        security.allow_origins(*setup.script.origins, *vendors)


def origin_of(url: str) -> str:
    """``https://js.pay.example`` of ``https://js.pay.example/v3/``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def vendor_scripts(methods: Sequence[MethodView]) -> tuple[str, ...]:
    """Full addresses, each once, in order."""
    scripts = (method.setup.script for method in methods if method.setup and method.setup.script)
    return tuple(dict.fromkeys(url for script in scripts for url in script.vendor_scripts))


def _names(method: Drawn) -> tuple[str, ...]:
    return (*(field.name for field in method.fields), "payment_token", "keep_card")


def _value(methods: Sequence[Drawn], method: Drawn, name: str) -> str:
    sent: Sequence[str] = request.form.getlist(name)
    sharing = [one for one in methods if name in _names(one)]
    at = sharing.index(method) if len(sent) == len(sharing) else 0
    return sent[at] if name in forms.SECRET_NAMES else sent[at].strip()


def lists(values: Mapping[str, str]) -> dict[str, list[str]]:
    """All values by name, as the services want them; those of the chosen method replaced."""
    found = {name: list(many) for name, many in forms.lists().items()}
    return found | {name: [value] for name, value in values.items() if len(found.get(name, ())) <= 1}
