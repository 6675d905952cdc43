"""Real orders through the whole house: which facts write which mails, to whom, in which form."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from core.billing import service as billing
from core.brands import service as brands
from core.brands.models import Brand
from core.clients.models import Contact
from core.mail.words import Words
from core.payments import staff
from core.services.models import Service
from tests.fixtures.innkeeper import DECLINED_CARD, Inn
from tests.integration.mail.conftest import Mails, subjects
from tests.integration.mail.post import PostOffice


def test_a_card_order_writes_three_mails_of_their_own(posting: Inn, post: PostOffice, mails: Mails) -> None:
    posting.place_order("sandbox_card", "business-hosting", domain="pinewood.example")
    posting.later(seconds=61)
    assert mails.types == ["order_received", "payment", "package_info"]
    assert mails.states == {"sent"}
    received, payment, package = post.letters
    assert received.recipients == payment.recipients == package.recipients == (mails.all()[0].recipient,)
    assert "Business Hosting: $144.00" in received.text
    assert "Business Hosting: $144.00" not in payment.text + package.text
    assert "Paid with: Visa ending in 4242" in payment.text
    assert "ending in 4242" not in received.text + package.text
    assert "Username: " in package.text
    assert "Username: " not in received.text + payment.text


def test_hosting_and_its_domain_are_told_in_one_mail(posting: Inn, post: PostOffice, mails: Mails) -> None:
    posting.place_order("sandbox_card", "business-hosting", "example-domain", domain="pinewood.example")
    posting.later(seconds=61)
    assert mails.types == ["order_received", "payment", "package_info"]
    package = post.letters[-1]
    assert package.mail["Subject"] == "Ready for you: Business Hosting and pinewood.example"
    assert "Registered until: " in package.text
    assert package.text.count("Username: ") == 1


def test_an_echeck_is_told_of_twice(posting: Inn, post: PostOffice, mails: Mails) -> None:
    posting.place_order("sandbox_echeck", "starter-hosting")
    assert mails.types == ["order_received", "echeck_pending"]
    assert "as soon as your bank has confirmed the payment" in post.letters[0].text
    assert "three to five business days" in post.letters[1].text
    posting.settle()
    posting.later(seconds=61)
    assert mails.types == ["order_received", "echeck_pending", "payment", "package_info"]


def test_a_returned_echeck_opens_the_invoice_again(posting: Inn, post: PostOffice, mails: Mails) -> None:
    order = posting.place_order("sandbox_echeck", "starter-hosting")
    posting.settle()
    (transfer,) = posting.world.books("transfers")
    posting.world.return_transfer(str(transfer["id"]))
    posting.settle(days=1)
    posting.later(seconds=61)
    letter = post.letters[-1]
    assert letter.mail["Subject"] == "Your bank has taken back a payment of $63.00"
    assert f"/orders/{order}/pay" in letter.text
    assert "$63.00 of invoice WH-" in letter.text


def test_a_declined_card_says_why_and_keeps_the_order(posting: Inn, post: PostOffice, mails: Mails) -> None:
    order = posting.place_order("sandbox_card", number=DECLINED_CARD)
    assert mails.types == ["order_received", "payment_declined"]
    letter = post.letters[-1]
    assert letter.mail["Subject"] == "Your payment of $63.00 did not go through"
    assert "Nothing was charged" in letter.text
    assert f"/orders/{order}/pay" in letter.text
    assert f"/orders/{order}/pay" in letter.html


def test_manual_payment_is_told_how(posting: Inn, post: PostOffice, mails: Mails) -> None:
    order = posting.place_order("manual", "starter-hosting")
    letter = post.letters[-1]
    view = posting.view(order)
    for text in (letter.text, letter.html):
        assert "How to pay" in text
        assert "$63.00 USD" in text
        assert view.invoice_label in text
        assert "Wayside Hosting LLC, 100 Congress Avenue, Austin, TX 78701" in text
    assert f"Due: {due_day(posting, order)}" in letter.text
    assert letter.text.count(f"Reference: {view.invoice_label}") == 1
    assert letter.text.count("Amount: ") == 1


def due_day(inn: Inn, order: str) -> str:
    with inn.db.read() as session:
        due = billing.find(session, inn.view(order).invoice_id).due_on
        return Words.of(brands.default_brand(session)).day(due)


def test_money_booked_by_hand_is_thanked_for(posting: Inn, post: PostOffice, mails: Mails) -> None:
    order = posting.place_order("manual", "starter-hosting")
    staff.mark_paid(
        posting.house, posting.view(order).invoice_id, gateway="manual", amount_text="60.00",
        reference="check 1207", actor="staff:test",
    )  # fmt: skip
    posting.drain()
    letter = post.letters[-1]
    assert letter.mail["Subject"] == "Payment received: $60.00"
    assert "Paid with: Bank transfer or check" in letter.text
    assert "Your reference: check 1207" in letter.text
    assert "$3.00 of this invoice is still open." in letter.text


@pytest.mark.parametrize("form", ["html", "text"])
def test_the_form_that_was_chosen(form: str, posting: Inn, post: PostOffice, mails: Mails) -> None:
    posting.place_order("sandbox_card", email_format=form)
    posting.later(seconds=61)
    kinds = {letter.mail.get_content_type() for letter in post.letters}
    assert kinds == {"multipart/alternative" if form == "html" else "text/plain"}
    assert all(letter.text for letter in post.letters)
    assert {bool(mail.body_html) for mail in mails.all()} == {form == "html"}


def test_who_ticks_nothing_gets_nothing(posting: Inn, post: PostOffice, mails: Mails) -> None:
    posting.place_order("sandbox_card", drain=False)
    mails.choose()
    posting.later(seconds=61)
    assert not mails.types
    assert not post.letters


@pytest.mark.parametrize("chosen", [True, False])
def test_declines_have_a_box(chosen: bool, posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_card", number=DECLINED_CARD, drain=False)
    mails.choose(*(["declined_payment"] if chosen else ["payment_error"]))
    posting.drain()
    assert ("payment_declined" in mails.types) is chosen


@pytest.mark.parametrize("chosen", [True, False])
def test_news_of_echecks_have_a_box(chosen: bool, posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_echeck", drain=False)
    mails.choose(*(["echeck_payment"] if chosen else ["card_payment"]))
    posting.drain()
    assert ("echeck_pending" in mails.types) is chosen


def test_every_mail_has_the_headers_of_one(posting: Inn, post: PostOffice, mails: Mails) -> None:
    posting.place_order("sandbox_card")
    posting.later(seconds=61)
    for letter in post.letters:
        assert letter.mail["Reply-To"] == "Wayside Hosting <help@wayside.example>"
        assert letter.mail["Auto-Submitted"] == "auto-generated"
        assert letter.sender == "billing@wayside.example"
    ids = [letter.mail["Message-ID"] for letter in post.letters]
    assert ids == [mail.message_id for mail in mails.all()]
    assert len(set(ids)) == 3
    assert len(set(subjects(post.letters))) == 3


def test_links_lead_to_the_address_that_is_configured(posting: Inn, post: PostOffice) -> None:
    order = posting.place_order("sandbox_card")
    assert f"{posting.house.settings.public_url}/orders/{order}" in post.letters[0].text


def test_the_demo_keeps_every_mail_as_a_file(posting: Inn, post: PostOffice) -> None:
    posting.place_order("sandbox_card")
    posting.later(seconds=61)
    files = sorted((posting.house.settings.data / "mail").iterdir())
    assert [file.name for file in files] == ["000001.eml", "000002.eml", "000003.eml"]
    assert b"Subject: We have your order" in files[0].read_bytes()


def test_without_a_server_mails_are_kept(inn: Inn, mails: Mails) -> None:
    inn.place_order("sandbox_card")
    inn.later(seconds=61)
    assert mails.states == {"kept"}
    assert len(list((inn.house.settings.data / "mail").iterdir())) == 3


EVIL = "<script>alert(1)</script>{{7*7}}\r\nBcc: victim@elsewhere.example\r\n\r\nPay to account 666"


def test_hostile_names_stay_names(posting: Inn, post: PostOffice, mails: Mails) -> None:
    """Whatever way they came into the tables: in both forms, in headers and in the file."""
    posting.place_order("sandbox_card", drain=False)
    with posting.db.transaction() as session:
        session.execute(update(Contact).values(first_name=EVIL))
        session.execute(update(Service).values(label=EVIL))
        session.execute(update(Brand).values(name=EVIL))
    posting.later(seconds=61)
    assert len(post.letters) == 3
    for letter in post.letters:
        assert letter.recipients == (mails.all()[0].recipient,)
        assert letter.mail["Bcc"] is None
        assert "<script" not in letter.html
        assert "&lt;script&gt;" in letter.html
        assert "{{7*7}}" in letter.html
        assert "{{7*7}}" in letter.text
        assert not [line for line in letter.text.splitlines() if line.startswith(("Bcc", "Pay to"))]
        assert letter.mail["From"].addresses[0].addr_spec == "billing@wayside.example"
    files = (posting.house.settings.data / "mail").iterdir()
    assert all(b"\nBcc:" not in file.read_bytes() for file in files)
