"""What staff do: each button asks the slice's own door, and says what came of it in the page."""

from __future__ import annotations

from sqlalchemy import update

from core.kernel.outbox import OutboxDelivery
from tests.fixtures.innkeeper import Inn
from tests.integration.web_admin.desk import Desk, links, texts


def failed_job(inn: Inn) -> str:
    """A paid order whose job the panel answered with garbage until patience ended; its token."""
    inn.world.fault("panel", "garbage", times=-1)
    token = inn.place_order("sandbox_card")
    inn.settle_down(hours=8)
    inn.world.clear_faults()
    return token


def job_of(desk: Desk, token: str) -> str:
    return links(desk.get(desk.order_path(token)), "/admin/jobs/")[0]


def test_marking_paid_opens_the_account(desk: Desk) -> None:
    token = desk.inn.place_order("manual")
    order = desk.inn.view(token)
    page = desk.done(
        f"/admin/invoices/{order.invoice_id}/mark-paid", reference="check 1042", amount="", back="order"
    )
    assert "The payment is booked." in page
    desk.inn.drain()
    story = texts(desk.get(desk.order_path(token)))
    assert "The payment is booked." not in story  # said once
    assert "Payment received" in story
    assert "check 1042" in story
    assert desk.inn.view(token).invoice_status == "paid"
    assert len(desk.inn.world.books("accounts")) == 1
    assert "invoice: mark paid" in texts(desk.get("/admin/audit"))


def test_what_is_wrong_with_a_payment_stands_beside_its_field(desk: Desk) -> None:
    order = desk.inn.view(desk.inn.place_order("manual"))
    path = f"/admin/invoices/{order.invoice_id}/mark-paid"
    answer = desk.post(path, asked="mark-paid", reference="", amount="5.00", back="order")
    assert answer.status_code == 422
    assert "Enter the reference" in answer.text
    assert 'value="5.00"' in answer.text
    assert f"Order {order.label}" in answer.text  # on the page where the form stood
    fine = desk.post(path, asked="mark-paid", reference="check 1", amount="1.234")  # a thousand, or a dollar?
    assert "Enter an amount in figures" in texts(fine.text)
    answer = desk.post(path, asked="mark-paid", reference="check 1", amount="a lot")
    assert answer.status_code == 422
    assert "Enter an amount in figures" in answer.text
    assert 'value="check 1"' in answer.text
    assert f"Invoice {order.invoice_label}" in answer.text
    assert desk.inn.view(desk.inn.place_order("manual")).paid.minor == 0


def test_one_reference_pays_once(desk: Desk) -> None:
    first, second = (desk.inn.view(desk.inn.place_order("manual")) for _ in range(2))
    desk.done(f"/admin/invoices/{first.invoice_id}/mark-paid", reference="wire 7", amount="")
    again = desk.post(
        f"/admin/invoices/{second.invoice_id}/mark-paid", reference="wire 7", amount="", asked="mark-paid"
    )
    assert again.status_code == 422
    assert "booked already" in again.text
    answer = desk.post(f"/admin/invoices/{first.invoice_id}/mark-paid", reference="wire 8", amount="")
    assert answer.status_code in (303, 409, 422)
    assert "Paid" in texts(desk.get(f"/admin/invoices/{first.invoice_id}"))


def test_nothing_is_marked_paid_while_money_is_on_its_way(desk: Desk) -> None:
    order = desk.inn.view(desk.inn.place_order("sandbox_echeck"))
    answer = desk.post(f"/admin/invoices/{order.invoice_id}/mark-paid", reference="wire 9", amount="")
    assert answer.status_code == 409
    assert "is under way" in answer.text


def test_a_failed_job_is_retried_from_the_order(desk: Desk) -> None:
    token = failed_job(desk.inn)
    page = desk.done(f"{job_of(desk, token)}/retry", back="order")
    assert "tried again" in page
    assert f"Order {desk.inn.view(token).label}" in page
    desk.inn.settle_down(hours=1)
    assert "Completed" in texts(desk.get(desk.order_path(token)))
    assert len(desk.inn.world.books("accounts")) == 1
    answer = desk.post(f"{job_of(desk, token)}/retry", back="order")
    assert answer.status_code == 409
    assert "over already" in answer.text
    assert "What happened, step by step" in answer.text


def test_looking_up_says_what_stands_there(desk: Desk) -> None:
    token = failed_job(desk.inn)
    assert "Nothing stands on" in texts(desk.done(f"{job_of(desk, token)}/look-up"))
    desk.inn.world.fault("panel", "refuse", times=-1, method="GET")
    assert "does not answer" in texts(desk.done(f"{job_of(desk, token)}/look-up"))
    desk.inn.world.clear_faults()


def test_done_by_hand_asks_for_a_note(desk: Desk) -> None:
    token = failed_job(desk.inn)
    job = job_of(desk, token)
    answer = desk.post(f"{job}/resolve", note="  ", back="order", asked="x")
    assert answer.status_code == 422
    answer = desk.post(f"{job}/resolve", note="", asked="x")
    assert answer.status_code == 422
    page = texts(
        desk.done(f"{job}/resolve", note="Opened on the old\0 panel", back="order")
    )  # no database keeps a NUL
    assert "marked as done" in page
    assert "Opened on the old panel" in page


def test_a_job_can_be_given_up(desk: Desk) -> None:
    token = failed_job(desk.inn)
    answer = desk.post(f"{job_of(desk, token)}/cancel", note="The client called it off")
    assert answer.status_code in (303, 409)
    if answer.status_code == 409:  # the last try's outcome is unknown: it must be looked up first
        assert "Look it up first" in answer.text


def test_an_unknown_payment_is_looked_up_on_request(desk: Desk) -> None:
    inn = desk.inn
    inn.world.fault("charges", "lose_answer", method="POST")
    inn.world.fault("charges", "refuse", times=-1, method="GET")
    token = inn.place_order("sandbox_card")
    story = desk.get(desk.order_path(token))
    look_up = next(link for link in links(story, "/admin/payments/") if link.endswith("/look-up"))
    inn.world.clear_faults()
    assert "is being asked" in desk.done(look_up, back="order")
    inn.drain()
    assert "Charged once" in texts(desk.get(desk.order_path(token)))
    assert len(inn.world.books("charges")) == 1
    assert desk.post(look_up, back="order").status_code == 409


def test_money_goes_back_where_the_gateway_can(desk: Desk) -> None:
    token = desk.inn.place_order("sandbox_card")
    story = desk.get(desk.order_path(token))
    refund = next(link for link in links(story, "/admin/payments/") if link.endswith("/refund"))
    for amount, sentence in (("1000000", "At most"), ("-5", "above zero"), ("x", "in figures")):
        answer = desk.post(refund, amount=amount, asked="refund", back="order")
        assert answer.status_code == 422, amount
        assert sentence in answer.text
    page = desk.done(refund, amount="1.00")
    assert "asked to give the money back" in page
    desk.inn.drain()
    assert desk.inn.world.books("charges")[0]["refunded"] == 100
    assert "$1.00 given back" in texts(desk.get(desk.order_path(token)))


def test_no_refund_is_offered_where_the_gateway_can_not(desk: Desk) -> None:
    order = desk.inn.view(desk.inn.place_order("manual"))
    desk.done(f"/admin/invoices/{order.invoice_id}/mark-paid", reference="wire 3", amount="")
    page = desk.get(f"/admin/orders/{order.id}")
    assert "Refund" not in texts(page)
    payment = links(page, "/admin/payments/")[0]
    assert desk.post(f"{payment}/refund", amount="1.00").status_code == 409


def test_a_mail_is_sent_once_more(desk: Desk) -> None:
    desk.inn.place_order("sandbox_card")
    mail = links(desk.get("/admin/mails"), "/admin/mails/")[0]
    page = texts(desk.done(f"{mail}/resend"))
    assert "is on its way again" in page
    assert desk.post(f"{mail}/resend").status_code == 409
    desk.inn.drain()
    assert "Resend mail" in desk.get(mail)


def test_an_order_nobody_paid_can_be_cancelled(desk: Desk) -> None:
    token = desk.inn.place_order("manual")
    path = desk.order_path(token)
    answer = desk.post(f"{path}/cancel", reason="", asked="cancel")
    assert answer.status_code == 422
    page = texts(desk.done(f"{path}/cancel", reason="Asked by telephone"))
    assert "The order is cancelled." in page
    assert "Cancelled" in page
    assert desk.post(f"{path}/cancel", reason="again").status_code == 409
    assert desk.inn.view(token).state == "cancelled"


def test_a_paid_order_is_not_cancelled(desk: Desk) -> None:
    path = desk.order_path(desk.inn.place_order("sandbox_card"))
    assert "Cancel order" not in desk.get(path)
    answer = desk.post(f"{path}/cancel", reason="too late")
    assert answer.status_code == 409
    assert "gone on meanwhile" in answer.text


def test_money_that_fits_nothing_is_shown_and_booked_nowhere(desk: Desk) -> None:
    inn = desk.inn
    token = inn.place_order("manual")
    inn.place_order("sandbox_card")
    record = next(one for one in inn.world.books("events") if one["type"] == "charge.succeeded")
    assert isinstance(record["data"], dict)
    stranger = record["data"] | {"id": "ch_of_nobody", "key": "a key we never sent"}
    notice = inn.notice(record | {"id": "evt_of_nobody", "data": stranger})
    assert inn.send(notice) == 200
    inn.drain()
    page = texts(desk.get("/admin/payments/unmatched"))
    assert "ch_of_nobody" in page
    assert "No payment of ours is known under this reference" in page
    assert "1 amount without an invoice" in texts(desk.get("/admin/"))
    assert inn.view(token).paid.minor == 0


def test_an_event_nobody_took_is_offered_again(desk: Desk) -> None:
    inn = desk.inn
    inn.place_order("manual", drain=False)
    with inn.db.transaction() as session:
        session.execute(update(OutboxDelivery).values(state="dead", attempts=20, error="TimeoutError"))
    page = desk.get("/admin/deliveries")
    assert "TimeoutError" in page
    offers = [link for link in links(page, "/admin/deliveries/") if link.endswith("/offer")]
    assert len(offers) == 2  # for the mails of the order and of its invoice
    assert "2 events not taken by a subscriber" in texts(desk.get("/admin/"))
    for offer in offers:
        assert "is offered again" in desk.done(offer)
    assert desk.post(offers[0]).status_code == 409
    inn.tick()
    assert "Every event was taken" in desk.get("/admin/deliveries")
    assert links(desk.get("/admin/mails"), "/admin/mails/")
