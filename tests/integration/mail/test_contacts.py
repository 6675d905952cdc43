"""Each contact gets what it has ticked, in its language and form, through a real mail server."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.billing.models import Invoice
from core.clients.models import BillingAccount, Client, ClientStatus, Contact
from core.kernel.work import publish
from core.mail.delivery import GONE
from core.payments.models import Attempt
from core.services import service as services
from core.services.models import Service
from tests.fixtures.innkeeper import DECLINED_CARD, MAILS, Inn
from tests.integration.mail.conftest import GERMAN, Mails, subjects
from tests.integration.mail.post import Letter, PostOffice

BOOKS = "buchhaltung@pinewood.example"


def letters_to(post: PostOffice, recipient: str) -> list[Letter]:
    return [letter for letter in post.letters if letter.recipients == (recipient,)]


def test_a_contact_gets_its_two_kinds_in_its_own_language_and_form(
    posting: Inn, post: PostOffice, mails: Mails
) -> None:
    """A declined card, then an eCheck that settles and is taken back: everything there is to tell."""
    order = posting.place_order("sandbox_card", "business-hosting", number=DECLINED_CARD, drain=False)
    mails.another_reader(BOOKS, ("invoice", "payment_error"), **GERMAN)
    posting.drain()
    posting.pay_again(order, "sandbox_echeck")
    posting.settle()
    posting.later(seconds=61)
    (transfer,) = posting.world.books("transfers")
    posting.world.return_transfer(str(transfer["id"]))
    posting.settle(days=1)

    invoice, error = letters_to(post, BOOKS)
    assert mails.to(BOOKS) == ["invoice", "payment_returned"]
    for letter in (invoice, error):
        assert letter.mail.get_content_type() == "text/plain"
        assert "Guten Tag Ada Okonkwo," in letter.text
        assert not letter.html
    label = posting.view(order).invoice_label
    assert invoice.mail["Subject"] == f"Rechnung {label} \u00fcber 151,20 $"
    assert error.mail["Subject"] == "Ihre Bank hat eine Zahlung von 151,20 $ zur\u00fcckgeholt"
    assert {mail.locale for mail in mails.all() if mail.recipient == BOOKS} == {"de"}

    buyer = posting.view(order).email
    assert mails.to(buyer) == [
        "order_received", "payment_declined", "echeck_pending", "payment", "package_info", "payment_returned",
    ]  # fmt: skip
    for letter in letters_to(post, buyer):
        assert letter.mail.get_content_type() == "multipart/alternative"
        assert '<html lang="en"' in letter.html
        assert "Hello Ada," in letter.text
    assert {letter.recipients[0] for letter in post.letters} == {BOOKS, buyer}
    assert mails.states == {"sent"}


@pytest.mark.parametrize(
    ("ticked", "told"),
    [
        (("invoice",), ["invoice"]),
        (("invoice", "order_received"), ["order_received"]),
        (("card_payment", "package_info"), ["payment", "package_info"]),
        (("echeck_payment", "bank_draft_payment", "third_party_payment", "payment_error"), []),
    ],
)
def test_what_an_order_tells_whom(
    ticked: tuple[str, ...], told: list[str], posting: Inn, mails: Mails
) -> None:
    posting.place_order("sandbox_card", drain=False)
    mails.another_reader(BOOKS, ticked)
    posting.later(seconds=61)
    assert mails.to(BOOKS) == told


def test_an_invoice_goes_with_the_mail_about_it_once(
    posting: Inn, post: PostOffice, mails: Mails, with_paper: None
) -> None:
    posting.place_order("sandbox_card", drain=False)
    mails.another_reader(BOOKS, ("invoice", "package_info"), **GERMAN)
    mails.another_reader("front@pinewood.example", ("order_received",))
    posting.later(seconds=61)
    papers = {
        (letter.recipients[0], part.get_filename()): str(part.get_content(), "utf-8")
        for letter in post.letters
        for part in letter.mail.iter_attachments()
    }
    (first,) = {mail.recipient for mail in mails.all()} - {BOOKS, "front@pinewood.example"}
    with posting.db.read() as session:
        name = f"{session.scalars(select(Invoice.label)).one()}.pdf"
    assert papers.keys() == {(BOOKS, name), (first, name)}
    assert papers[BOOKS, name].startswith("%PDF-")
    assert '<html lang="de"' in papers[BOOKS, name]
    assert '<html lang="en-US"' in papers[first, name]


def test_a_paper_that_cannot_be_drawn_holds_up_no_mail(
    posting: Inn, post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_html: str) -> bytes:
        raise RuntimeError("no ink")

    monkeypatch.setattr("core.web.paper.pdf", broken)
    posting.place_order("sandbox_card")
    assert subjects(post.letters)[0].startswith("We have your order")


def test_each_contact_hears_of_its_packages_once(posting: Inn, mails: Mails) -> None:
    posting.place_order(
        "sandbox_card", "business-hosting", "example-domain", domain="pinewood.example", drain=False
    )
    mails.another_reader(BOOKS, ("package_info",), **GERMAN)
    posting.later(seconds=61)
    assert mails.to(BOOKS) == ["package_info"]
    german, english = sorted(mails.all("package_info"), key=lambda mail: mail.locale)
    assert english.subject == "Ready for you: Business Hosting and pinewood.example"
    assert german.subject == "F\u00fcr Sie bereit: Business Hosting und pinewood.example"


@pytest.mark.parametrize("gone", ["contact", "closed", "erased"])
def test_who_is_gone_is_not_written_to(gone: str, posting: Inn, mails: Mails, post: PostOffice) -> None:
    posting.place_order("sandbox_card", drain=False)
    contact_id = mails.another_reader(BOOKS, MAILS)
    go(posting, gone, contact_id)
    posting.later(seconds=61)
    assert mails.to(BOOKS) == []
    assert bool(post.letters) is (gone == "contact")


def go(inn: Inn, how: str, contact_id: UUID) -> None:
    now = inn.clock.now()
    with inn.db.transaction() as session:
        if how == "contact":
            session.execute(update(Contact).where(Contact.id == contact_id).values(removed_at=now))
        elif how == "closed":
            closed = select(ClientStatus.id).where(ClientStatus.behaviour == "closed").scalar_subquery()
            session.execute(update(Client).values(status_id=closed))
        else:
            session.execute(update(Client).values(erased_at=now))


def test_a_mail_on_its_way_to_somebody_who_has_gone_stays_here(
    posting: Inn, mails: Mails, post: PostOffice
) -> None:
    post.close()
    posting.place_order("sandbox_card", drain=False)
    contact_id = mails.another_reader(BOOKS, ("order_received",))
    posting.drain()
    go(posting, "contact", contact_id)
    post.open()
    posting.later(minutes=10)
    (held,) = [mail for mail in mails.all() if mail.recipient == BOOKS]
    assert held.state == "failed"
    assert held.error.startswith(GONE)
    assert not letters_to(post, BOOKS)


def test_a_service_that_stops_and_one_that_runs_again(posting: Inn, mails: Mails, post: PostOffice) -> None:
    posting.place_order("sandbox_card")
    posting.later(seconds=61)
    mails.choose("suspension", "enabled")
    with posting.db.transaction() as session:
        service_id = session.scalars(select(Service.id)).one()
        services.move(session, posting.house, service_id, "suspended")
    posting.drain()
    with posting.db.transaction() as session:
        services.resume(session, posting.house, service_id)
    posting.drain()
    stopped, runs = subjects(post.letters)[-2:]
    assert stopped.startswith("Suspended: Starter Hosting (pinewood")
    assert runs.startswith("Running again: Starter Hosting (pinewood")


@pytest.mark.parametrize("removed", [False, True])
def test_a_card_that_ends_is_told_of_unless_it_is_gone(removed: bool, posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_card")
    with posting.db.transaction() as session:
        account = session.scalars(select(BillingAccount)).one()
        account.expires_on = date(2027, 1, 31)
        account.removed_at = posting.clock.now() if removed else None
        publish(
            posting.house, session, "billing_account.expiring",
            {"billing_account_id": account.id, "client_id": account.client_id},
        )  # fmt: skip
    posting.drain()
    told = [mail.subject for mail in mails.all("card_expiration")]
    assert told == ([] if removed else ["Visa ending in 4242 expires on Jan 31, 2027"])


@pytest.mark.parametrize(("state", "written"), [("unknown", True), ("succeeded", False)])
def test_doubt_is_told_when_it_lasts(state: str, written: bool, posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_card")
    with posting.db.transaction() as session:
        attempt = session.scalars(select(Attempt)).one()
        attempt.state = "unknown"
        attempt.next_lookup_at = None
        names = {"attempt_id": attempt.id, "invoice_id": attempt.invoice_id, "client_id": attempt.client_id}
        publish(posting.house, session, "payment.unknown", names)
    posting.later(minutes=10)
    assert mails.all("payment_unknown") == []
    with posting.db.transaction() as session:
        session.execute(update(Attempt).values(state=state))
    posting.later(minutes=7)
    assert bool(mails.all("payment_unknown")) is written
    with posting.db.transaction() as session:  # as it was, so that the books fit
        session.execute(update(Attempt).values(state="succeeded"))


def test_a_charge_that_never_left_is_told_of(posting: Inn, mails: Mails, short_patience: None) -> None:
    posting.misbehave("charges", "refuse", times=9)
    posting.place_order("sandbox_card")
    posting.settle_down()
    assert [mail.subject for mail in mails.all("payment_not_sent")] == [
        "Your payment of $63.00 could not be made"
    ]
