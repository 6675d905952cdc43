"""The contact form on a page, in the shop and in the admin: its words, and what an address can choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.clients import places as geography
from core.web import shown
from core.web.current import brand
from core.web.forms import Form

# In the order of the shop's page.
LABELS: dict[str, str] = {
    "company_name": "Company name", "first_name": "First name", "last_name": "Last name", "email": "Email",
    "primary_phone": "Primary phone", "secondary_phone": "Secondary phone", "mobile_phone": "Mobile phone",
    "fax": "Fax", "country": "Country", "street_address": "Street address", "address_2": "Address 2",
    "city": "City", "state": "State", "county": "County", "postal_code": "Postal code",
    "username": "Username", "password": "Password", "confirm_password": "Confirm password",
    "language": "Language", "email_format": "Email format", "email_actions": "Email actions",
}  # fmt: skip
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
        return shown.sentence(self.rules.state_word) if self.rules else "State"

    @property
    def order(self) -> Sequence[str]:
        """Names of the fields as an address is written in this country."""
        return self.rules.order if self.rules else _ADDRESS

    @property
    def labels(self) -> Mapping[str, str]:
        """What the country calls the parts of an address."""
        if self.rules is None:
            return {name: LABELS[name] for name in _ADDRESS}
        area = f" ({self.rules.area_word})" if self.rules.area_word else ""
        return {
            "street_address": LABELS["street_address"], "address_2": LABELS["address_2"] + area,
            "city": shown.sentence(self.rules.city_word), "state": self.state_label,
            "county": LABELS["county"], "postal_code": shown.sentence(self.rules.postal_word),
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
