"""The contact form as staff fill it in: as ``rules`` has it, with what only staff can know or leave out.

- A state of the US that has counties needs one: it is part of the tax address.
- A phone may have an extension ("+1 512 555 0186 ext. 12"), kept as RFC 3966 writes it. Fax machines and
  mobile phones have none.
- Nobody has to sign in; with a user name and no password the person is invited to choose one.
"""

from __future__ import annotations

import phonenumbers

from core.clients import places
from core.clients.places import AddressRules
from core.clients.rules import ContactCheck, read_phone
from core.clients.values import CleanContact, ContactForm, Form
from core.kernel.i18n import gettext as _
from core.kernel.problems import InvalidFields

ROLES: tuple[tuple[str, str], ...] = (
    ("owner", "Owner"),
    ("billing", "Billing"),
    ("technical", "Technical"),
    ("administrative", "Administrative"),
)
WITH_EXTENSION = frozenset({"primary_phone", "secondary_phone"})
LONGEST_EXTENSION = 7


def check_contact(form: Form) -> CleanContact:
    """Check what staff posted and put it in order. Raises InvalidFields with a sentence for every field
    that needs one. ``password`` is "" when the person is to be invited, or not to sign in at all."""
    check = DeskCheck(ContactForm.read(form))
    check.everything()
    return check.finished()


def check_roles(form: Form) -> tuple[str, ...]:
    """The ticked roles in our order. Raises InvalidFields for one that does not exist."""
    posted = form.get("roles", ())
    ticked = {posted} - {""} if isinstance(posted, str) else set(posted)
    known = [role for role, _label in ROLES]
    if not ticked <= set(known):
        raise InvalidFields({"roles": _("Choose roles from the list.")})
    return tuple(role for role in known if role in ticked)


class DeskCheck(ContactCheck):
    """What differs from the form that buyers fill in."""

    def everything(self) -> None:
        self.texts()
        self.country()
        self.email()
        for name in ("primary_phone", "secondary_phone", "fax", "mobile_phone"):
            self.phone(name)
        self.choices()
        self.sign_in()

    def texts(self) -> None:
        super().texts()
        for name, sentence in self._needed().items():
            if name in self.errors and not self.values[name]:
                self.errors[name] = sentence

    @staticmethod
    def _needed() -> dict[str, str]:
        """As said to somebody who types for another."""
        return {
            "first_name": _("Enter the first name."),
            "last_name": _("Enter the last name."),
            "email": _("Enter the email address."),
            "primary_phone": _("Enter a phone number of this person."),
        }

    def _county(self, rules: AddressRules) -> None:
        state = self.values["state"]
        counties = places.counties(state) if rules.country == "US" else ()
        if self.values["county"] or "state" in self.errors or not counties:
            super()._county(rules)
        elif len(counties) == 1:
            self.values["county"] = counties[0]
        else:
            name = places.state_name("US", state)
            self.wrong(
                "county", _("Choose the county. Taxes in {state} differ by county.").format(state=name)
            )

    def phone(self, name: str) -> None:
        """Put the number in E.164, an extension after it: "+15125550186;ext=12"."""
        main, extension = self._split(name)
        if not extension:
            super().phone(name)
            return
        if name not in WITH_EXTENSION:
            self.wrong(name, _("This number can have no extension. Leave it out."))
        elif len(extension) > LONGEST_EXTENSION:
            self.wrong(name, _("An extension has seven digits at most."))
        else:
            self._with_extension(name, main, extension)

    def _split(self, name: str) -> tuple[str, str]:
        """(main number, extension) of what was typed; the text itself where it is no number."""
        text = self.values[name]
        if not self.is_open(name):
            return text, ""
        country = "" if "country" in self.errors else self.values["country"]
        try:
            number = phonenumbers.parse(text, country or None)
        except phonenumbers.NumberParseException:
            return text, ""
        extension, number.extension = number.extension or "", None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), extension

    def _with_extension(self, name: str, main: str, extension: str) -> None:
        try:
            self.values[name] = f"{read_phone(main, '')};ext={extension}"
        except ValueError as error:
            self.wrong(name, str(error))

    def sign_in(self) -> None:
        """A user name alone: they are invited. With a password it must be a good one, typed twice alike."""
        has_password = bool(self.form.password or self.form.confirm_password)
        if self.form.username.strip() or has_password:
            self.username()
        if has_password:
            self.password()
