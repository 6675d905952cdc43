"""The contact form: everything at once, in words that say what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.rules import check_contact, read_phone
from core.clients.values import CONTACT_FIELDS, MAIL_TYPES, CleanContact, ContactForm
from core.kernel.problems import InvalidFields

PASSWORD = "my cat likes warm bread"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"  # with a joiner, as it is written
GOOD: dict[str, str | list[str]] = {
    "company_name": "Pinewood Bakery LLC",
    "first_name": "Adaeze",
    "last_name": "Okonkwo",
    "email": "adaeze@pinewoodbakery.example",
    "street_address": "2207 East Cesar Chavez Street",
    "address_2": "",
    "city": "Austin",
    "state": "TX",
    "county": "Travis",
    "postal_code": "78702",
    "country": "US",
    "primary_phone": "512 555 0186",
    "secondary_phone": "",
    "fax": "",
    "mobile_phone": "",
    "username": "adaeze",
    "password": PASSWORD,
    "confirm_password": PASSWORD,
    "language": "en",
    "email_format": "html",
    "email_actions": ["order_received", "invoice"],
}


def check(need_sign_in: bool = True, **changes: Any) -> CleanContact:
    return check_contact(GOOD | changes, need_sign_in=need_sign_in)


def wrong(need_sign_in: bool = True, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidFields) as refused:
        check(need_sign_in, **changes)
    return refused.value.messages


def test_the_fields_are_those_of_the_issue() -> None:
    assert " ".join(CONTACT_FIELDS) == (
        "company_name first_name last_name email street_address address_2 city state county postal_code "
        "country primary_phone secondary_phone fax mobile_phone username password confirm_password "
        "language email_format email_actions"
    )


@pytest.mark.parametrize("name", [
    "http://win.example", "HTTPS:win", "www.win.example", "Claim it at bit.ly/abc", "casino.com",
    "win.example/now", "\uff57\uff57\uff57.win.example",
])  # fmt: skip
def test_a_name_holds_no_web_address(name: str) -> None:
    assert wrong(first_name=name) == {"first_name": "Leave web addresses out of the name."}
    assert "last_name" in wrong(last_name=name)


@pytest.mark.parametrize(
    "name", ["Dr.med. Anna", "J.R.R.", "St.John", "Ngũgĩ wa Thiong'o", "Jr.", "A/B", "Com"]
)
def test_points_and_strokes_belong_to_names(name: str) -> None:
    assert check(first_name=name).first_name == name


def test_a_good_contact_comes_back_in_order() -> None:
    clean = check()
    assert clean.primary_phone == "+15125550186"
    assert (clean.country, clean.state, clean.county) == ("US", "TX", "Travis")
    assert clean.email_actions == ("order_received", "invoice")
    assert clean.password == PASSWORD
    assert PASSWORD not in repr(clean)
    assert PASSWORD not in repr(ContactForm.read(GOOD))


def test_an_empty_form_hears_of_everything_at_once() -> None:
    with pytest.raises(InvalidFields) as refused:
        check_contact({}, need_sign_in=True)
    assert refused.value.messages.keys() == {
        "first_name", "last_name", "email", "street_address", "country", "primary_phone", "username",
        "password", "confirm_password",
    } - {"confirm_password"}  # fmt: skip


def test_an_address_in_the_us_needs_its_parts() -> None:
    found = wrong(state="", city="", postal_code="", county="")
    assert found.keys() == {"state", "city", "postal_code"}
    assert found["postal_code"] == "Enter the ZIP code, as in 78702."


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("first_name", "", "Enter your first name"),
        ("first_name", "   ", "Enter your first name"),
        ("first_name", "Ada\x00", "invisible characters"),
        ("first_name", "Ada\r\nBcc: x@y.z", "invisible characters"),
        ("last_name", "evil\u202egnp.exe", "invisible characters"),
        ("city", "Aus\u200btin", "invisible characters"),
        ("company_name", "x" * 301, "300 characters"),
        ("company_name", "4242 4242 4242 4242", "card number"),
        ("last_name", "4111-1111-1111-1111", "card number"),
        ("street_address", "378282246310005 Main Street", "card number"),
        ("address_2", "\uff14\uff12\uff14\uff12 4242 4242 4242", "card number"),
        ("username", "4242424242424242", "card number"),
        ("email", "ada@example", "Enter an email address, as in"),
        ("email", "4242424242424242@example.com", "card number"),
        ("country", "", "Choose a country"),
        ("country", "XX", "Choose a country from the list"),
        ("country", "United States", "Choose a country from the list"),
        ("country", "../../etc/passwd", "Choose a country from the list"),
        ("state", "ZZ", "Choose the state from the list"),
        ("county", "Multnomah", "Choose a county of Texas"),
        ("postal_code", "7870", "A ZIP code has five digits, as in 78702."),
        ("postal_code", "\u0667\u0668\u0667\u0660\u0662", "A ZIP code has five digits"),
        ("postal_code", "97201", "is not in Texas"),
        ("primary_phone", "", "Enter a phone number"),
        ("primary_phone", "555 0186", "area code"),
        ("primary_phone", "call me", "area code"),
        ("primary_phone", "1" * 400, "300 characters"),
        ("primary_phone", "4242 4242 4242 4242", "area code"),
        ("fax", "512 555 0186 ext 5", "extension"),
        ("mobile_phone", "+999 1", "area code"),
        ("username", "a b", "Use letters"),
        ("username", "", "Choose a user name"),
        ("password", "", "Choose a password"),
        ("password", "short", "15 characters"),
        ("confirm_password", "", "Type the password again"),
        ("confirm_password", "another one entirely", "The two passwords differ"),
        ("language", "tlh", "Choose a language"),
        ("email_format", "rtf", "HTML or plain text"),
        ("email_actions", ["invoice", "gossip"], "Choose mails"),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_to_do(field: str, typed: Any, says: str) -> None:
    found = wrong(**{field: typed})
    assert says in found[field]
    assert found.keys() <= {field, "confirm_password"}  # and nothing else is blamed


def test_the_sign_in_is_asked_for_only_where_it_is_needed() -> None:
    clean = check(need_sign_in=False, username="", password="", confirm_password="")
    assert (clean.username, clean.password) == ("", "")
    kept = check(need_sign_in=False, password="", confirm_password="")
    assert (kept.username, kept.password) == ("adaeze", "")
    assert "username" in wrong(need_sign_in=False, username="a b")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"state": "texas"}, {"state": "TX"}),
        ({"state": " tx "}, {"state": "TX"}),
        ({"country": "us"}, {"country": "US"}),
        ({"county": "TRAVIS COUNTY"}, {"county": "Travis"}),
        ({"county": ""}, {"county": ""}),
        ({"email": "Ada@PINEWOOD.example"}, {"email": "Ada@pinewood.example"}),
        ({"first_name": "  Ada   Mary "}, {"first_name": "Ada Mary"}),
        ({"first_name": "Jose\u0301"}, {"first_name": "Jos\u00e9"}),
        ({"first_name": PERSIAN}, {"first_name": PERSIAN}),
        ({"primary_phone": "(512) 555-0186"}, {"primary_phone": "+15125550186"}),
        ({"primary_phone": "+44 20 7946 0018"}, {"primary_phone": "+442079460018"}),
        ({"postal_code": "78702-1234"}, {"postal_code": "78702-1234"}),
        ({"postal_code": "\uff17\uff18\uff17\uff10\uff12"}, {"postal_code": "78702"}),
        ({"language": "", "email_format": ""}, {"language": "en", "email_format": "html"}),
        ({"email_actions": ["invoice", "invoice"]}, {"email_actions": ("invoice",)}),
        ({"email_actions": []}, {"email_actions": ()}),
        ({"email_actions": "invoice"}, {"email_actions": ("invoice",)}),
        ({"first_name": ["Ada", "Bob"]}, {"first_name": "Ada"}),
    ],
)  # fmt: skip
def test_what_is_meant_is_kept_in_one_form(typed: dict[str, Any], kept: dict[str, Any]) -> None:
    clean = check(**typed)
    assert {name: getattr(clean, name) for name in kept} == kept


@pytest.mark.parametrize(
    "address",
    [
        {"country": "DE", "state": "", "county": "", "postal_code": "10115", "city": "Berlin"},
        {"country": "GB", "state": "", "county": "Kent", "postal_code": "sw1a 1aa", "city": "London"},
        {"country": "CA", "state": "QC", "county": "", "postal_code": "H2X 1Y4", "city": "Montr\u00e9al"},
        {"country": "JP", "state": "Tokyo", "county": "", "postal_code": "154-0023", "city": ""},
        {"country": "HK", "state": "", "county": "", "postal_code": "", "city": ""},
        {"country": "IE", "state": "", "county": "", "postal_code": "", "city": "Dublin"},
        {"country": "US", "state": "AE", "county": "", "postal_code": "09012", "city": "APO"},
        {"country": "US", "state": "PR", "county": "", "postal_code": "00901", "city": "San Juan"},
    ],
)
def test_addresses_of_other_countries(address: dict[str, Any]) -> None:
    assert check(**address, primary_phone="+1 512 555 0186").country == address["country"]


def test_what_the_form_of_another_country_sent_is_dropped() -> None:
    """Without script the fields of Texas are still there when somebody has chosen Germany."""
    german = {"country": "DE", "postal_code": "10115", "city": "Berlin", "primary_phone": "+4930123456"}
    clean = check(**german, state="TX", county="Travis")
    assert (clean.state, clean.county) == ("", "")
    assert check(**(german | {"country": "HK", "postal_code": ""}), state="Kowloon").state == "Kowloon"


@pytest.mark.parametrize(
    ("address", "field", "says"),
    [
        ({"country": "DE", "postal_code": "1011"}, "postal_code", "Germany"),
        (
            {"country": "CA", "state": "BC", "postal_code": "H2X 1Y4"},
            "postal_code",
            "not in British Columbia",
        ),
        ({"country": "CA", "state": ""}, "state", "Choose the province"),
        ({"country": "JP", "state": "Texas", "postal_code": "154-0023"}, "state", "Choose the prefecture"),
        (
            {"country": "US", "state": "AE", "county": "Travis", "postal_code": "09012"},
            "county",
            "no counties",
        ),
    ],
)
def test_other_countries_say_their_own_words(address: dict[str, Any], field: str, says: str) -> None:
    assert says in wrong(**(address | {"primary_phone": "+1 512 555 0186"}))[field]


def test_a_number_from_abroad_is_read_where_the_buyer_is() -> None:
    assert read_phone("030 123456", "DE") == "+4930123456"
    with pytest.raises(ValueError, match="area code"):
        read_phone("030 123456", "")


def test_an_unknown_country_blames_only_the_country() -> None:
    found = wrong(country="XX", primary_phone="+1 512 555 0186")
    assert found.keys() == {"country"}
    assert wrong(country="XX").keys() == {"country"}  # a number from where? nobody can tell


def test_more_fields_than_the_form_has_change_nothing() -> None:  # A52
    assert check_contact(GOOD | {"is_taxable": "0", "credit_minor": "99999"}, need_sign_in=True) == check()


def test_saved_and_restored_without_the_password() -> None:
    clean = check()
    saved = clean.saved()
    assert "password" not in saved
    assert CleanContact.restored(saved) == check(need_sign_in=False, password="", confirm_password="")
    assert check_contact(saved, need_sign_in=False) == CleanContact.restored(saved)


def test_the_mail_types_are_seventeen() -> None:
    assert [key for key, _ in MAIL_TYPES] == [
        "package_info", "invoice", "card_payment", "echeck_payment", "bank_draft_payment",
        "third_party_payment", "declined_payment", "payment_error", "card_expiration",
        "domain_renewal_notice", "domain_transfer_success", "domain_transfer_failure", "suspension",
        "enabled", "order_received", "order_review", "new_device",
    ]  # fmt: skip


def problems(form: dict[str, Any]) -> dict[str, str]:
    try:
        check_contact(form, need_sign_in=True)
    except InvalidFields as refused:
        return refused.messages
    return {}


@given(
    st.dictionaries(
        st.sampled_from(CONTACT_FIELDS),
        st.one_of(st.text(max_size=40), st.lists(st.text(max_size=10), max_size=3)),
    )
)
def test_no_form_breaks_it(form: dict[str, Any]) -> None:
    found = problems(GOOD | form)
    assert found.keys() <= set(CONTACT_FIELDS)
    assert all(sentence.endswith(".") for sentence in found.values())
