"""Contacts in files: their columns, and words that other programs write where we keep codes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from sqlalchemy.orm import Session

from core.clients import places
from core.clients.custom import FieldView
from core.clients.desk_rules import DeskCheck
from core.clients.places import AddressRules
from core.clients.rules import ContactCheck
from core.clients.values import EMAIL_FORMATS, MAIL_TYPES, CleanContact, ContactForm
from core.identity.service import taken
from core.kernel import i18n
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields
from core.records.importing.reader import Place
from core.records.importing.values import Field, Texts

_PARTED = re.compile(r"[,;|]")
_NAMES_OF_LANGUAGES = {"english": "en", "german": "de", "spanish": "es", "french": "fr"}


def contact_fields() -> tuple[Field, ...]:
    """The fields of the contact form, but for passwords: those are not read from files."""
    return (
        Field(name="company_name", label="Company name", also=("company", "organisation", "organization")),
        Field(
            name="first_name", label="First name", is_required=True, also=("given name", "forename", "first"),
        ),
        Field(name="last_name", label="Last name", is_required=True, also=("surname", "family name", "last")),
        Field(name="email", label="Email", is_required=True, also=("email address", "e-mail", "mail")),
        Field(
            name="street_address", label="Street address", is_required=True,
            also=("address", "address 1", "address line 1", "street"),
        ),
        Field(name="address_2", label="Address 2", also=("address line 2",)),
        Field(name="city", label="City", also=("town",)),
        Field(name="state", label="State or province", also=("province", "region")),
        Field(name="county", label="County"),
        Field(name="postal_code", label="Postal code", also=("zip", "zip code", "postcode", "plz")),
        Field(
            name="country", label="Country", is_required=True, also=("country code",),
            help="Its code (US) or its English name.",
        ),
        Field(
            name="primary_phone", label="Primary phone", is_required=True,
            also=("phone", "phone number", "telephone", "tel"),
        ),
        Field(name="secondary_phone", label="Secondary phone", also=("phone 2",)),
        Field(name="fax", label="Fax", also=("fax number",)),
        Field(name="mobile_phone", label="Mobile phone", also=("mobile", "cell", "cell phone")),
        Field(
            name="username", label="Username", also=("user name", "login"),
            help="Nobody is written to; they choose a password under “forgot password”.",
        ),
        Field(name="language", label="Language", also=("lang", "locale"), help="The brand's when empty."),
        Field(name="email_format", label="Email format", help="html or text."),
        Field(
            name="email_actions", label="Email actions", also=("mails",),
            help="Names of mail types, separated by commas; all or none. All when nothing is said.",
        ),
    )  # fmt: skip


def custom_fields(views: Iterable[FieldView]) -> tuple[Field, ...]:
    """The host's own fields."""
    return tuple(
        Field(name=one.name, label=one.label, is_required=one.is_required, also=(one.key,), help=one.help)
        for one in views
    )


def describe(texts: Texts) -> str:
    """``Pinewood Bakery, Ada Okonkwo, ada@pinewood.example``."""
    person = f"{texts.get('first_name', '')} {texts.get('last_name', '')}".strip()
    parts = (texts.get("company_name", ""), person, texts.get("email", ""))
    return ", ".join(part for part in parts if part)


def readable(texts: Texts, place: Place) -> dict[str, str]:
    """Names of countries, languages and formats as the codes that the form's rules know. What cannot be
    understood stays as it is: the rules say so."""
    found = dict(texts)
    if len(found.get("country", "")) > 2:
        found["country"] = _countries().get(found["country"].casefold(), found["country"])
    if len(found.get("billing_country", "")) > 2:
        found["billing_country"] = _countries().get(
            found["billing_country"].casefold(), found["billing_country"]
        )
    language = found.get("language", "") or i18n.best(place.brand.locale)
    found["language"] = _languages().get(language.casefold(), language)
    formats = {label.casefold(): key for key, label in EMAIL_FORMATS}
    written = found.get("email_format", "").casefold()
    found["email_format"] = formats.get(written, written)
    return found


@cache
def _countries() -> dict[str, str]:
    return {name.casefold(): code for code, name in places.countries("en")}


@cache
def _languages() -> dict[str, str]:
    own = {name.casefold(): code for code, name in i18n.languages()}
    return own | _NAMES_OF_LANGUAGES | {code: code for code, _name in i18n.languages()}


def check(texts: Texts) -> CleanContact:
    """The rules of the form that staff fill in, but for the county: files rarely know it. Passwords are
    not looked at. Raises InvalidFields."""
    form: dict[str, str | list[str]] = dict(texts)
    form |= {
        "password": "",
        "confirm_password": "",
        "email_actions": mail_types(texts.get("email_actions", "")),
    }
    looked = _FileCheck(ContactForm.read(form))
    looked.everything()
    return looked.finished()


class _FileCheck(DeskCheck):
    def _county(self, rules: AddressRules) -> None:
        ContactCheck._county(self, rules)


def mail_types(text: str) -> list[str]:
    """Keys of the mail types that a cell names by key or label; what it names else is kept, to be refused."""
    keys = [key for key, _label in MAIL_TYPES]
    folded = text.strip().casefold()
    if folded in ("", "all"):
        return keys
    if folded == "none":
        return []
    names = {label.casefold(): key for key, label in MAIL_TYPES} | {key: key for key in keys}
    parts = [part.strip().casefold() for part in _PARTED.split(text) if part.strip()]
    return [names.get(part, part) for part in parts]


def free(session: Session, contact: CleanContact) -> None:
    """Raises InvalidFields when the user name, or the email of one who signs in, is taken."""
    wrong = taken(session, contact.username, contact.email)
    if wrong:
        raise InvalidFields(wrong)


def roles(text: str, known: Iterable[tuple[str, str]]) -> list[str]:
    """Keys of the roles that a cell names. Raises ValueError."""
    names = {label.casefold(): key for key, label in known} | {key: key for key, _label in known}
    parts = [part.strip().casefold() for part in _PARTED.split(text) if part.strip()]
    if any(part not in names for part in parts):
        raise ValueError(_("Name roles from this list, separated by commas: {roles}.").format(
            roles=", ".join(key for key, _label in known)
        ))  # fmt: skip
    return list(dict.fromkeys(names[part] for part in parts))
