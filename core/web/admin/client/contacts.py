"""The contacts of a client: the second guided step, and everything one does with them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from core.clients import accounts, addresses, contacts, custom, desk_rules
from core.clients.accounts import Account
from core.clients.contacts import NewPerson, Person
from core.clients.values import email_formats, mail_types
from core.identity import service as identity
from core.kernel.i18n import gettext as _
from core.kernel.i18n import languages
from core.kernel.problems import InvalidFields
from core.web import contact_form, forms
from core.web.admin import access, editing, notices, page
from core.web.admin.access import ProofNeeded, needs
from core.web.admin.blueprint import blueprint
from core.web.admin.client import frame
from core.web.admin.client.account import labels_with
from core.web.admin.client.frame import country_name
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.contact_form import places_for
from core.web.current import brand, house, visitor_ip
from core.web.forms import Form
from core.web.shown import locale, phone

_ORDER = (
    "company_name", "first_name", "last_name", "email", "roles", "country", "street_address", "address_2",
    "city", "state", "county", "postal_code", "primary_phone", "secondary_phone", "fax", "mobile_phone",
    "username", "password", "confirm_password", "language", "email_format", "email_actions",
)  # fmt: skip
_WORDS = contact_form.LABELS | {"roles": "Roles", "password": "New password"}
LABELS = {name: _WORDS[name] for name in _ORDER}
PHONES = ("primary_phone", "secondary_phone", "fax", "mobile_phone")
MANY = ("roles", "email_actions")
FIRST_ROLES = ("owner", "billing")


@blueprint.get("/clients/<uuid:client_id>/contacts", endpoint="client_contacts")
@needs("clients.view")
def list_contacts(client_id: UUID) -> Response:
    """Raises NotFound."""
    return _list(client_id)


def _list(client_id: UUID, status: int = 200, trouble: str = "") -> Response:
    with house().db.read() as session:
        found = contacts.people(session, client_id)
        fields = custom.fields_of(session, "contact")
    return frame.draw(
        "contacts.html", frame.read(client_id), tab="contacts", status=status, people=found, trouble=trouble,
        address_of=_address,
        roles=dict(desk_rules.ROLES), mail_types=mail_types(), fields=fields,
        language_names=dict(languages()),
        phones=[(name, LABELS[name]) for name in PHONES],
    )  # fmt: skip


def _address(person: Person) -> tuple[str, ...]:
    """As it is written in its country, with the county that decides taxes in the US."""
    lines = addresses.lines(person.fields, str(locale()), with_person=False)
    county = person.fields["county"]
    return (*lines[:-1], f"{county} County", lines[-1]) if county and lines else lines


@blueprint.get("/places", endpoint="places")
@needs("clients.edit")
def places() -> Response:
    """The fields of an address, which follow the country: fetched by script when it changes."""
    form = Form(values={name: request.args.get(name, "") for name in ("country", "state")})
    return page.draw("client/places.html", places=places_for(form), form=form)


@blueprint.route("/clients/<uuid:client_id>/contacts/new", endpoint="contact_new", methods=["GET", "POST"])
@needs("clients.edit")
def add_contact(client_id: UUID) -> Response:
    """Step 2 while the client has no primary contact, else another contact. Raises NotFound."""
    with house().db.read() as session:
        account = accounts.account(session, client_id)
    draw = _drawer(account, None)
    if request.method == "GET":
        return draw(Again(status=200, form=_blank(account)))
    if _is_update():
        return draw(Again(status=200, form=forms.posted()))
    return editing.attempted(lambda: _add(account), draw, labels=_labels())


def _is_update() -> bool:
    """Another country was chosen, and no script filled in what goes with it."""
    return "update" in request.form


def _blank(account: Account) -> Form:
    values = {
        "company_name": account.company_name, "country": account.billing_country,
        "language": brand().locale, "email_format": "html",
    }  # fmt: skip
    lists = {
        "email_actions": tuple(key for key, _label in mail_types()),
        "roles": () if account.has_primary else FIRST_ROLES,
    }
    return Form(values=values, lists=lists)


def _labels() -> dict[str, str]:
    with house().db.read() as session:
        return labels_with(LABELS, custom.fields_of(session, "contact"))


def _checked(kept: Mapping[str, str] | None = None) -> NewPerson:
    """What was posted, with the password hashed. Raises InvalidFields with everything at once."""
    posted: dict[str, Any] = {**forms.values(), **_many()}
    with house().db.read() as session:
        fields = custom.fields_of(session, "contact")
    values, wrong = custom.check(fields, forms.values(), kept)
    roles: tuple[str, ...] = ()
    try:
        roles = desk_rules.check_roles(posted)
    except InvalidFields as problem:
        wrong |= problem.messages
    try:
        contact = desk_rules.check_contact(posted)
    except InvalidFields as problem:
        raise InvalidFields(problem.messages | wrong) from None
    if wrong:
        raise InvalidFields(wrong)
    hashed = identity.hash_password(contact.password) if contact.password else ""
    return NewPerson(
        contact=replace(contact, password=""), roles=roles, custom=values, password_hash=hashed
    )  # fmt: skip


def _many() -> dict[str, list[str]]:
    found = forms.lists()
    return {name: list(found.get(name, ())) for name in MANY}


def _add(account: Account) -> Response:
    new = _checked()
    with house().db.transaction() as session:
        contact_id = contacts.add(session, house(), account.id, new, actor=access.actor(), ip=visitor_ip())
        person = contacts.person(session, account.id, contact_id)
    text = f"{person.name} is saved." + (" An invitation is on its way." if person.is_invited else "")
    return notices.go(_onward(account, person), text)


def _onward(account: Account, person: Person) -> str:
    """To the third step after a first contact, where that step is there."""
    if person.is_primary and request.form.get("then") != "close":
        step = f"{url_for('admin.client', client_id=account.id)}/billing-accounts/new"
        if _is_there(step):
            return step
        return url_for("admin.client", client_id=account.id)
    if person.is_primary:
        return url_for("admin.client", client_id=account.id)
    return url_for("admin.client_contacts", client_id=account.id)


def _is_there(path: str) -> bool:
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return False
    return True


def _drawer(account: Account, person: Person | None) -> Callable[[Again], Response]:
    """What draws the form of a contact: of a new one, or of ``person``."""

    def draw(again: Again) -> Response:
        with house().db.read() as session:
            fields = custom.fields_of(session, "contact")
        client = frame.read(account.id)
        places = places_for(again.form)
        heading = _heading(account, person)
        return page.draw(
            "client/contact.html", again.status, section="clients", client=client, account=account,
            person=person, form=again.form, labels={**labels_with(LABELS, fields), **places.labels},
            fields=fields, places=places, mail_types=mail_types(), languages=languages(),
            email_formats=email_formats(), roles=desk_rules.ROLES, differences=again.differences,
            trouble=again.trouble, heading=heading, may_set_password=_may_change_sign_in(person),
            title=forms.page_title(heading, again.form.errors),
        )  # fmt: skip

    return draw


def _may_change_sign_in(person: Person | None) -> bool:
    return person is None or person.user_id is None or access.is_proven()


def _heading(account: Account, person: Person | None) -> str:
    if person is not None:
        return f"Edit {person.name}"
    return "Add Contact" if account.has_primary else "Add Primary Contact"


@blueprint.route(
    "/clients/<uuid:client_id>/contacts/<uuid:contact_id>/edit", endpoint="contact_edit",
    methods=["GET", "POST"],
)  # fmt: skip
@needs("clients.edit")
def edit_contact(client_id: UUID, contact_id: UUID) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        account = accounts.account(session, client_id)
        person = contacts.person(session, client_id, contact_id)
    draw = _drawer(account, person)
    if request.method == "GET":
        return draw(Again(status=200, form=_form_of(person)))
    if _is_update():
        return draw(Again(status=200, form=forms.posted()))
    shown = {name: phone for name in PHONES} | {"country": country_name}
    trail = Trail(target=f"client:{client_id}", only={"contact": str(contact_id)})
    return editing.attempted(
        lambda: _change(person), draw, labels=_labels(), shown=shown, many=MANY, trail=trail
    )


def _form_of(person: Person) -> Form:
    values = {**person.form(), **{name: phone(person.fields[name]) for name in PHONES}}
    return Form(values=values, lists={"email_actions": person.mail_choices, "roles": person.roles})


def _change(person: Person) -> Response:
    new = _checked(person.custom)
    _ask_before_sign_in_changes(person, new)
    with house().db.transaction() as session:
        contacts.change(
            session, house(), person.client_id, person.id, new, version=editing.version(forms.values()),
            actor=access.actor(), ip=visitor_ip(),
        )  # fmt: skip
    return notices.go(_contacts_of(person.client_id), "The contact is saved.")


def _ask_before_sign_in_changes(person: Person, new: NewPerson) -> None:
    """What somebody signs in with, or has a link for it sent to, is changed by who has shown that it is still
    them: the forms of a browser that was left open do not take an account over.

    Raises ProofNeeded; InvalidFields for a password, which a form that waits for proof would not keep.
    """
    if _may_change_sign_in(person):
        return
    if new.password_hash:
        raise InvalidFields({"password": _("Confirm first that it is you, then choose the password.")})
    if (person.username, person.fields["email"]) != (new.contact.username, new.contact.email):
        raise ProofNeeded


def _contacts_of(client_id: UUID) -> str:
    return url_for("admin.client_contacts", client_id=client_id)


@blueprint.post("/clients/<uuid:client_id>/contacts/<uuid:contact_id>/remove", endpoint="contact_remove")
@needs("clients.edit")
def remove_contact(client_id: UUID, contact_id: UUID) -> Response:
    def do() -> Response:
        with house().db.transaction() as session:
            contacts.remove(session, house(), client_id, contact_id, actor=access.actor(), ip=visitor_ip())
        return notices.go(_contacts_of(client_id), "The contact is removed.")

    return page.attempted(do, lambda status, text, _form: _list(client_id, status, text))


@blueprint.post("/clients/<uuid:client_id>/contacts/<uuid:contact_id>/primary", endpoint="contact_primary")
@needs("clients.edit")
def make_primary(client_id: UUID, contact_id: UUID) -> Response:
    with house().db.transaction() as session:
        contacts.make_primary(session, house(), client_id, contact_id, actor=access.actor(), ip=visitor_ip())
    return notices.go(_contacts_of(client_id), "This is the primary contact now.")


@blueprint.post("/clients/<uuid:client_id>/contacts/<uuid:contact_id>/invite", endpoint="contact_invite")
@needs("clients.edit")
def invite_contact(client_id: UUID, contact_id: UUID) -> Response:
    """Once more, for somebody who has not chosen a password yet."""

    def do() -> Response:
        with house().db.transaction() as session:
            contacts.invite(session, house(), client_id, contact_id, ip=visitor_ip())
        return notices.go(_contacts_of(client_id), "The invitation is on its way.")

    return page.attempted(do, lambda status, text, _form: _list(client_id, status, text))


@blueprint.post(
    "/clients/<uuid:client_id>/contacts/<uuid:contact_id>/reset-factor", endpoint="contact_reset_factor"
)
@needs("clients.edit", proven=True)
def reset_factor(client_id: UUID, contact_id: UUID) -> Response:
    """For somebody who lost theirs, after staff have made sure who is asking."""

    def do() -> Response:
        with house().db.transaction() as session:
            contacts.reset_factor(session, house(), client_id, contact_id, by=access.person())
        return notices.go(
            _contacts_of(client_id),
            "Their second factors and recovery codes are gone, and they are signed out everywhere.",
        )

    return page.attempted(do, lambda status, text, _form: _list(client_id, status, text))
