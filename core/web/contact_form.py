"""The contact form on a page, in the shop and in the admin: its words, and what an address can choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.clients import places as geography
from core.kernel.i18n import mark
from core.web import shown
from core.web.current import brand
from core.web.forms import Form

# In the order of the shop's page.
LABELS: dict[str, str] = {
    "company_name": mark("Company name"),
    "first_name": mark("First name"),
    "last_name": mark("Last name"),
    "email": mark("Email"),
    "primary_phone": mark("Primary phone"),
    "secondary_phone": mark("Secondary phone"),
    "mobile_phone": mark("Mobile phone"),
    "fax": mark("Fax"),
    "country": mark("Country"),
    "street_address": mark("Street address"),
    "address_2": mark("Address 2"),
    "city": mark("City"),
    "state": mark("State"),
    "county": mark("County"),
    "postal_code": mark("Postal code"),
    "username": mark("Username"),
    "password": mark("Password"),
    "confirm_password": mark("Confirm password"),
    "language": mark("Language"),
    "email_format": mark("Email format"),
    "email_actions": mark("Email actions"),
}


def labels() -> dict[str, str]:
    """LABELS in the words of this page."""
    return {name: shown.said(words) for name, words in LABELS.items()}


_ADDRESS = ("street_address", "address_2", "city", "state", "county", "postal_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What can be chosen in an address, given what has been chosen so far."""

    country: str
    state: str
    countries: Sequence[tuple[str, str]]
    states: Sequence[tuple[str, str]]
    counties: Sequence[str]
    rules: geography.AddressRules | None

    @property
    def state_label(self) -> str:
        return _part(self.rules.state_word) if self.rules else shown.said(LABELS["state"])

    @property
    def order(self) -> Sequence[str]:
        """Names of the fields as an address is written in this country."""
        return self.rules.order if self.rules else _ADDRESS

    @property
    def labels(self) -> Mapping[str, str]:
        """What the country calls the parts of an address."""
        if self.rules is None:
            return {name: shown.said(LABELS[name]) for name in _ADDRESS}
        area = f" ({shown.said(self.rules.area_word)})" if self.rules.area_word else ""
        return {
            "street_address": shown.said(LABELS["street_address"]),
            "address_2": shown.said(LABELS["address_2"]) + area,
            "city": _part(self.rules.city_word), "state": self.state_label,
            "county": shown.said(LABELS["county"]), "postal_code": _part(self.rules.postal_word),
        }  # fmt: skip

    def needs(self, name: str) -> bool:
        """Whether the field must be filled in."""
        rules = self.rules
        if name in ("street_address", "county"):
            return True
        if rules is None:
            return False
        needed = {
            "state": rules.needs_state,
            "city": rules.needs_city,
            "postal_code": rules.needs_postal_code,
        }
        return needed.get(name, False)


def _part(word: str) -> str:
    """``Postal code``: what a country calls a part of its addresses, as a label."""
    return shown.sentence(shown.said(word.replace("_", " ")))


def countries() -> Sequence[tuple[str, str]]:
    """Every country by its name in the reader's language."""
    return geography.countries(str(shown.locale()))


def places_for(form: Form) -> Places:
    """What the address in a form can choose from; the brand's country where none was chosen."""
    country = form.value("country") or brand().country
    state = form.value("state")
    return Places(
        country=country,
        state=state,
        countries=countries(),
        states=geography.states(country),
        counties=geography.counties(state) if country == "US" else (),
        rules=geography.address_rules(country),
    )
