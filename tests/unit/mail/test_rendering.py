"""Each mail type in both forms, and what hostile data makes of them: nothing."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from core.brands.values import BrandView
from core.kernel import i18n
from core.kernel.money import Money
from core.mail.letters import HIDDEN_LINK, JobFacts, PackageFacts
from core.mail.rendering import LONGEST_SUBJECT, render, tidy
from core.mail.samples import preview, sample
from core.mail.types import TYPES

NAMES = [one.name for one in TYPES]
LANGUAGES = [code for code, _name in i18n.languages() if code != i18n.SOURCE]
EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{% include 'mail/base.html' %}",
    "Ada\r\nBcc: victim@elsewhere.example\r\n\r\nDear client, pay to account 666",
    "Ada\u2028\u202emoc.evil\x00\x07",
    "javascript:alert(1)",
)

# No words: codes, addresses that are ours, and the one text that has lines of its own.
KEPT = frozenset(
    "url account_url language change starts status currency locale timezone email tokens tax_rounding"
    " legal_address".split()
)


class Reading(HTMLParser):
    """What a reader's program finds in a page: tags, addresses, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def poisoned(value: Any, text: str) -> Any:
    """The same letter with ``text`` in every place that holds words."""
    if isinstance(value, tuple):
        return tuple(poisoned(one, text) for one in value)
    if not is_dataclass(value) or isinstance(value, Money | type):
        return text if isinstance(value, str) else value
    return replace(
        value,
        **{
            one.name: poisoned(getattr(value, one.name), text)
            for one in fields(value) if one.name not in KEPT
        },
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_type_is_drawn_in_both_forms(name: str, brand: BrandView) -> None:
    mail = preview(name, brand)
    assert mail.subject
    assert "\n" not in mail.subject
    reading = Reading(mail.html)
    assert mail.subject in reading.text
    assert "Wayside Hosting" in reading.text
    assert "Wayside Hosting" in mail.text
    is_test = sample(name, brand).test_mode
    assert mail.text.startswith("TEST MODE.") is is_test
    assert ("Test mode." in reading.text) is is_test
    assert "\n\n\n" not in mail.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_each_type_speaks_each_language(name: str, language: str, brand: BrandView) -> None:
    """Every word of ours is translated: no sentence of the code is left as it is in the code."""
    mail = preview(name, brand, language)
    page = Reading(mail.html).text
    assert f'<html lang="{language}">' in mail.html
    assert mail.subject in page
    with i18n.using(language):
        english = [text for text in _plain_messages() if i18n.gettext(text) != text]
    told = f"{mail.subject}\n{mail.text}\n{page}"
    left = [text for text in english if text in told]
    assert [text for text in left if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", told)] == []


@cache
def _plain_messages() -> tuple[str, ...]:
    """Messages that stand in a mail as they are; short ones may be somebody's name for a thing."""
    path = next(iter(sorted(i18n.FOLDER.glob("*/*.po"))))
    with path.open("rb") as file:
        ids = [one.id for one in read_po(file) if isinstance(one.id, str)]
    return tuple(one for one in ids if len(one) > 11 and "%(" not in one and "{" not in one)


@pytest.mark.parametrize(("language", "colon"), [("en", ":"), ("de", ":"), ("fr", "\u00a0:")])
def test_a_colon_stands_as_the_language_has_it(language: str, colon: str, brand: BrandView) -> None:
    with i18n.using(language):
        label = i18n.gettext("Open my account")
    assert f"{label}{colon} http" in preview("suspension", brand, language).text


def test_numbers_and_days_are_the_readers(brand: BrandView) -> None:
    mail = preview("invoice", brand, "de")
    assert mail.subject.endswith("150,75 $")
    assert "04.12.2026" in mail.text
    french = preview("invoice", brand, "fr")
    assert french.subject.endswith("150,75 $US")
    assert "4 d\u00e9c. 2026" in french.text


@pytest.mark.parametrize(
    ("language", "greeting", "lead"),
    [
        ("en", "Hello Adaeze,", "Thank you for"),
        ("de", "Guten Tag Adaeze Okafor,", "vielen Dank"),
        ("es", "Buenos d\u00edas, Adaeze Okafor:", "Gracias por"),
        ("fr", "Bonjour Adaeze Okafor,", "Merci pour"),
    ],
)
def test_a_letter_begins_as_one_does_there(language: str, greeting: str, lead: str, brand: BrandView) -> None:
    lines = preview("order_received", brand, language).text.splitlines()
    at = lines.index(greeting)
    assert lines[at + 2].startswith(lead)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded_and_nothing_runs(name: str, brand: BrandView) -> None:
    mail = preview(name, brand)
    reading = Reading(mail.html)
    assert set(reading.tags) & {"script", "img", "link", "iframe", "form", "object"} == set()
    assert all(
        link.startswith(("https://shop.example/", "https://cedar", HIDDEN_LINK, "mailto:"))
        for link in reading.links
    )
    assert "url(" not in mail.html
    assert "@import" not in mail.html


@pytest.mark.parametrize("name", NAMES)
def test_it_stays_readable_where_colours_are_turned_round(name: str, brand: BrandView) -> None:
    """Every panel has its colour as an attribute too, for readers that drop styles."""
    html = preview(name, brand).html
    assert '<meta name="color-scheme" content="light">' in html
    assert 'bgcolor="#ffffff"' in html
    assert re.search(r'<body[^>]*bgcolor="#f1efea"', html)


def test_both_forms_say_the_same(brand: BrandView) -> None:
    mail = preview("order_received", brand)
    page = Reading(mail.html).text
    for told in ("$150.75 USD", "Dec 4, 2026", "WH-2026-004817", "Payable to: Wayside",
                 "\N{MINUS SIGN}$14.40", "Business Hosting renews on Nov 20, 2027 for $144.00."):  # fmt: skip
        assert told in page
        assert told in mail.text


def test_marked_as_a_test_only_where_it_is_one(brand: BrandView) -> None:
    mail = render("payment", replace(sample("payment", brand), test_mode=False))
    assert "est mode" not in mail.html
    assert "TEST MODE" not in mail.text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("evil", EVIL)
def test_hostile_words_stay_words(name: str, evil: str, brand: BrandView) -> None:
    clean, mail = preview(name, brand), render(name, poisoned(sample(name, brand), evil))
    reading, before = Reading(mail.html), Reading(clean.html)
    assert set(reading.tags) <= set(before.tags)
    assert {name for name, _ in reading.attributes} <= {name for name, _ in before.attributes}
    assert [link for link in reading.links if not link.startswith(("https://", "mailto:"))] == []
    assert "49" not in reading.text.replace("$1", "")
    assert "\r" not in mail.subject + mail.text
    assert not [c for c in mail.subject + mail.text if not c.isprintable() and c != "\n"]
    assert "Bcc:" not in [line[:4] for line in mail.text.splitlines()]
    assert not any(line.startswith("Dear client") for line in mail.text.splitlines())


@given(st.text(max_size=60))
def test_any_name_gives_one_line(text: str) -> None:
    line = tidy(text)
    assert "\n" not in line
    assert line == tidy(line)
    assert line.split() == [part for part in line.split(" ") if part]


def test_a_long_subject_is_cut(brand: BrandView) -> None:
    letter = sample("package_info", brand)
    long = replace(letter, packages=(PackageFacts(label="x" * 400, domain="d.example"),))
    mail = render("package_info", long)
    assert len(mail.subject) == LONGEST_SUBJECT
    assert mail.subject.endswith("…")


def test_two_of_a_kind_are_told_apart_by_their_domains(brand: BrandView) -> None:
    twice = tuple(PackageFacts(label="Starter Hosting", domain=f"d{n}.example") for n in (1, 2))
    mail = render("package_info", replace(sample("package_info", brand), packages=twice))
    assert mail.subject == "Ready for you: d1.example and d2.example"


def test_a_panels_link_is_a_link_and_a_script_is_not(brand: BrandView) -> None:
    facts = (("Control panel", ("https://panel.example/", "javascript:alert(1)")),)
    packages = (PackageFacts(label="Hosting", facts=facts),)
    reading = Reading(render("package_info", replace(sample("package_info", brand), packages=packages)).html)
    assert "https://panel.example/" in reading.links
    assert "javascript:alert(1)" in reading.text
    assert "javascript:alert(1)" not in reading.links


def test_a_payment_without_an_order_names_its_lines_and_no_page(brand: BrandView) -> None:
    mail = render("payment", replace(sample("payment", brand), order=None))
    assert "Business Hosting: $144.00" in mail.text
    assert "http" not in mail.text


@pytest.mark.parametrize("name", ["payment_declined", "payment_returned", "echeck_pending", "package_info"])
def test_a_renewal_has_no_link_to_an_order(name: str, brand: BrandView) -> None:
    mail = render(name, replace(sample(name, brand), order=None))
    assert "/pay" not in mail.text + mail.html
    assert "orders" not in mail.text + mail.html


def test_a_silent_plugin_leaves_the_way_to_the_page(brand: BrandView) -> None:
    mail = render("order_received", replace(sample("order_received", brand), how_to_pay=None))
    assert "Where to pay stands on the page of your order." in mail.text
    assert "Where to pay stands on the page of your order." in Reading(mail.html).text


def test_a_brand_without_an_address_promises_no_answer(brand: BrandView) -> None:
    mail = preview("payment", replace(brand, support_email="", legal_address="", legal_name=""))
    assert "Answer this mail" not in mail.text + mail.html
    assert "Wayside Hosting. You get" in " ".join(Reading(mail.html).text.split())


def test_doubt_is_told_to_staff(brand: BrandView) -> None:
    letter = sample("staff_job_failed", brand)
    assert isinstance(letter.job, JobFacts)
    mail = render("staff_job_failed", replace(letter, job=replace(letter.job, in_doubt=True, tries=1)))
    assert "look there before you repeat it" in mail.text
    assert "tried once and" in mail.text
