"""Checking the contact form. Pure; every field is looked at, so that a person hears of all at once."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields

import phonenumbers

from core.clients import places
from core.clients.places import AddressRules
from core.clients.values import (
    EMAIL_FORMATS,
    MAIL_TYPES,
    SIGN_IN_FIELDS,
    CleanContact,
    ContactForm,
    Form,
)
from core.identity.rules import check_password_rules, check_username, clean_email, clean_username
from core.kernel import cards
from core.kernel.i18n import current, languages, mark
from core.kernel.i18n import gettext as _
from core.kernel.lines import JOINERS
from core.kernel.problems import InvalidFields

LONGEST = 300
# Control and format characters: NUL breaks databases, line ends break headers, the directional ones
# let a text read differently from what it is. The joiners are letters' business in some scripts.
_REFUSED = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_PERSON = ("first_name", "last_name")
_WEB_ADDRESS = re.compile(
    r"https?:|www\.|[\w-]\.[a-z]{2,}/|[\w-]{2,}\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|site|online|shop|club)\b",
    re.IGNORECASE,
)
_PHONES = ("primary_phone", "secondary_phone", "fax", "mobile_phone")
_REQUIRED = {
    "first_name": mark("Enter your first name."),
    "last_name": mark("Enter your last name."),
    "email": mark("Enter your email address."),
    "street_address": mark("Enter the street and house number."),
    "primary_phone": mark("Enter a phone number where we can reach you."),
    "country": mark("Choose a country."),
}


def check_contact(form: Form, *, need_sign_in: bool) -> CleanContact:
    """Check what was posted and put it in order.

    With ``need_sign_in`` a user name and a password are needed; without it a user name may be there and
    the password is not looked at. Whether the name is free only the database knows (``taken``).
    Raises InvalidFields with a sentence for every field that needs one; what was typed stays with the
    caller.
    """
    check = ContactCheck(ContactForm.read(form))
    check.texts()
    check.country()
    check.email()
    for name in _PHONES:
        check.phone(name)
    check.choices()
    if need_sign_in or check.form.username.strip():
        check.username()
    if need_sign_in:
        check.password()
    return check.finished()


def tidy(text: str) -> str:
    """One form of each letter (NFC), no space around it and single ones inside."""
    return re.sub(r" {2,}", " ", unicodedata.normalize("NFC", text).replace("\u00a0", " ")).strip(" ")


def check_text(text: str) -> str | None:
    """What is wrong with a line somebody typed, whatever it is for; None when it will do."""
    if len(text) > LONGEST:
        return _("Use {count} characters at most.").format(count=LONGEST)
    if any(_is_refused(letter) for letter in text):
        return _("Remove the line breaks and invisible characters; type it again if you pasted it.")
    if cards.find(text):
        return _("This looks like a card number. Type card numbers under the payment method only.")
    return None


def _is_refused(letter: str) -> bool:
    return unicodedata.category(letter) in _REFUSED and letter not in JOINERS


def has_web_address(text: str) -> bool:
    """What only somebody who advertises types into a person's name, for it stands in the mails that follow.
    "Dr.med." and "J.R.R." are names."""
    return bool(_WEB_ADDRESS.search(unicodedata.normalize("NFKC", text)))


class ContactCheck:
    """Collects clean values and sentences while the form is gone through."""

    def __init__(self, form: ContactForm) -> None:
        self.form = form
        self.values: dict[str, str] = {}
        self.errors: dict[str, str] = {}

    def texts(self) -> None:
        for one in fields(ContactForm):
            if one.name in (*SIGN_IN_FIELDS, "email_actions"):
                continue
            value = tidy(getattr(self.form, one.name))
            self.values[one.name] = value
            problem = None if one.name in _PHONES and len(value) <= 40 else check_text(value)
            if problem is None and not value:
                problem = _(_REQUIRED[one.name]) if one.name in _REQUIRED else None
            if problem is None and one.name in _PERSON and has_web_address(value):
                problem = _("Leave web addresses out of the name.")
            self.wrong(one.name, problem)

    def finished(self) -> CleanContact:
        """What was gathered. Raises InvalidFields with everything that is wrong."""
        if self.errors:
            raise InvalidFields(self.errors)
        clean = {one.name: self.values.get(one.name, "") for one in fields(CleanContact)}
        actions = tuple(dict.fromkeys(self.form.email_actions))
        return CleanContact(**(clean | {"email_actions": actions}))  # type: ignore[arg-type]

    def wrong(self, name: str, sentence: str | None) -> None:
        """Note what is wrong with a field; the first sentence stays."""
        if sentence:
            self.errors.setdefault(name, sentence)

    def is_open(self, name: str) -> bool:
        """Whether the field holds something that nobody has objected to yet."""
        return bool(self.values[name]) and name not in self.errors

    def country(self) -> None:
        code = self.values["country"].upper()
        self.values["country"] = code
        rules = places.address_rules(code) if len(code) == 2 else None
        if rules is None:
            self.wrong("country", _("Choose a country from the list."))
            return
        self._state(rules)
        self._county(rules)
        if rules.needs_city and not self.values["city"]:
            self.wrong("city", _("Enter the city or town."))
        self._postal_code(rules)

    def _state(self, rules: AddressRules) -> None:
        if "state" not in rules.order:  # sent by a form that was drawn for another country
            self.values["state"] = ""
        choices, typed = places.states(rules.country), self.values["state"]
        if not choices or (not typed and not rules.needs_state):
            return
        code = _find_state(rules.country, typed)
        if code is None:
            self.wrong(
                "state", _("Choose the {word} from the list.").format(word=places.part_word(rules.state_word))
            )
        else:
            self.values["state"] = code

    def _county(self, rules: AddressRules) -> None:
        state = self.values["state"]
        if rules.country != "US":
            self.values["county"] = ""
        if not self.values["county"] or "state" in self.errors:
            return
        found = places.find_county(state, self.values["county"])
        if found is not None:
            self.values["county"] = found
        elif places.counties(state):
            self.wrong(
                "county", _("Choose a county of {state}.").format(state=places.state_name("US", state))
            )
        else:
            where = places.state_name("US", state)
            self.wrong("county", _("{state} has no counties. Leave this empty.").format(state=where))

    def _postal_code(self, rules: AddressRules) -> None:
        code = unicodedata.normalize("NFKC", self.values["postal_code"]).upper()
        self.values["postal_code"] = code
        if not code:
            if rules.needs_postal_code:
                self.wrong("postal_code", _missing(rules))
        elif not code.isascii() or not places.postal_code_fits(rules.country, "", code):
            self.wrong("postal_code", _malformed(rules))
        elif "state" not in self.errors and not places.postal_code_fits(
            rules.country, self.values["state"], code
        ):
            self.wrong("postal_code", _elsewhere(rules, self.values["state"]))

    def email(self) -> None:
        if not self.is_open("email"):
            return
        clean = clean_email(self.values["email"])
        if clean is None:
            self.wrong("email", _("Enter an email address, as in name@example.com."))
        else:
            self.values["email"] = clean

    def phone(self, name: str) -> None:
        is_nowhere = "country" in self.errors and not self.values[name].startswith("+")
        if not self.is_open(name) or is_nowhere:  # without a country nobody can tell
            return
        try:
            self.values[name] = read_phone(self.values[name], self.values["country"])
        except ValueError as error:
            self.wrong(name, str(error))

    def choices(self) -> None:
        spoken = tuple(code for code, _name in languages())
        self._one_of("language", spoken, _("Choose a language from the list."))
        formats = tuple(code for code, _label in EMAIL_FORMATS)
        self._one_of("email_format", formats, _("Choose HTML or plain text."))
        if not set(self.form.email_actions) <= {key for key, _label in MAIL_TYPES}:
            self.wrong("email_actions", _("Choose mails from the list."))

    def _one_of(self, name: str, codes: tuple[str, ...], sentence: str) -> None:
        """The first is taken when nothing was posted."""
        value = self.values[name] or codes[0]
        self.values[name] = value
        self.wrong(name, None if value in codes else sentence)

    def username(self) -> None:
        self.values["username"] = clean_username(self.form.username)
        self.wrong("username", check_username(self.form.username))
        if cards.find(self.form.username):
            self.wrong("username", _("This looks like a card number. Choose another user name."))

    def password(self) -> None:
        password, again = self.form.password, self.form.confirm_password
        self.values["password"] = password
        if not password:
            self.wrong("password", _("Choose a password."))
        self.wrong("password", check_password_rules(password, self.form.username, self.values["email"]))
        if password and not again:
            self.wrong("confirm_password", _("Type the password again."))
        elif password != again:
            self.wrong("confirm_password", _("The two passwords differ. Type the same one twice."))


def _find_state(country: str, typed: str) -> str | None:
    """The state that was meant by its code or its name, in whatever case."""
    wanted = typed.casefold()
    for code, name in places.states(country):
        if wanted in (code.casefold(), name.casefold()):
            return code
    return None


def _missing(rules: AddressRules) -> str:
    word, example = places.part_word(rules.postal_word), rules.postal_example
    if example:
        return _("Enter the {word}, as in {example}.").format(word=word, example=example)
    return _("Enter the {word}.").format(word=word)


def _malformed(rules: AddressRules) -> str:
    if rules.country == "US":
        return _("A ZIP code has five digits, as in 78702.")
    word, example = places.part_word(rules.postal_word), rules.postal_example
    country = places.country_name(rules.country, current())
    if example:
        sentence = _("This is not a {word} of {country}. Enter it as in {example}.")
        return sentence.format(word=word, country=country, example=example)
    return _("This is not a {word} of {country}.").format(word=word, country=country)


def _elsewhere(rules: AddressRules, state: str) -> str:
    return _("This {word} is not in {state}. Check both.").format(
        word=places.part_word(rules.postal_word), state=places.state_name(rules.country, state)
    )


def _phone_of(country: str) -> str:
    """A number as it is written from elsewhere, of this country where one is known."""
    number = None if country in ("", "US") else phonenumbers.example_number(country)
    if number is None:
        return "+1 512 555 0140"
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def read_phone(text: str, country: str) -> str:
    """The number in E.164 ("+15125550140"); ``country`` is where it is from without a +.

    Raises ValueError with a sentence for the person.
    """
    how = _("Enter the whole number with its area code, as in {example}.").format(example=_phone_of(country))
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise ValueError(how) from None
    if number.extension:
        raise ValueError(_("Leave out the extension; we call the main number."))
    if not phonenumbers.is_valid_number(number):
        raise ValueError(how)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
