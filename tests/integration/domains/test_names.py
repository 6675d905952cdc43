"""A name is held for one service from the moment it is ordered, and follows what the registrar says."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from core.domains import service as domains
from core.domains.models import Domain
from core.kernel.problems import Conflict, InvalidFields
from core.payments import staff as till
from core.provisioning import staff
from core.provisioning.models import Job
from core.services.models import Service
from tests.fixtures.innkeeper import DECLINED_CARD, Inn
from tests.fixtures.shelf import change_server, put_server


def names(inn: Inn) -> list[Domain]:
    with inn.db.read() as session:
        return list(session.execute(select(Domain).order_by(Domain.id)).scalars())


def job(inn: Inn) -> Job:
    with inn.db.read() as session:
        return session.execute(select(Job).order_by(Job.number.desc()).limit(1)).scalar_one()


def some_service(inn: Inn) -> UUID:
    with inn.db.read() as session:
        return session.execute(select(Service.id).order_by(Service.number.desc()).limit(1)).scalar_one()


def test_an_unpaid_order_holds_its_name(inn: Inn) -> None:
    inn.place_order("sandbox_card", "example-domain", domain="orchid.example", number=DECLINED_CARD)
    [name] = names(inn)
    assert (name.name, name.state, name.registrar) == ("orchid.example", "pending", "sandbox_registrar")
    with pytest.raises(InvalidFields):
        inn.fill_cart("example-domain", domain="orchid.example")
    assert inn.world.books("domains") == []


def test_a_name_lost_to_a_stranger_is_for_staff(inn: Inn) -> None:
    """Somebody registers it elsewhere between order and payment."""
    order = inn.place_order("manual", "example-domain", domain="orchid.example")
    theirs = {
        "domain": "orchid.example", "years": 1, "nameservers": [], "marker": "someone:else",
        "contact": {"email": "s@stranger.example"},
    }  # fmt: skip
    assert inn.world.call("POST", "/registrar/domains", theirs).status == 201
    till.mark_paid(
        inn.house, inn.view(order).invoice_id, gateway="manual", amount_text="", reference="CHK 1",
        actor="staff:test",
    )  # fmt: skip
    inn.settle_down()
    assert (job(inn).state, job(inn).error_code) == ("failed", "name_taken")
    assert inn.view(order).state == "provisioning"
    assert inn.world.books("domains")[0]["marker"] == "someone:else"
    staff.cancel(inn.house, job(inn).id, "lost to somebody else, refunded", "staff:test")
    inn.drain()
    assert (names(inn)[0].state, inn.view(order).state) == ("released", "cancelled")


def test_two_lines_of_one_name_on_one_registrar(inn: Inn) -> None:
    """Books that contradict themselves lose no order: the job says what is wrong."""
    inn.place_order("sandbox_card", "example-domain", domain="orchid.example")
    with inn.db.transaction() as session:
        session.execute(select(Domain)).scalar_one().state = "released"
    inn.world.empty()  # free at the registrar again, while our account of it still stands
    order = inn.place_order("sandbox_card", "example-domain", "starter-hosting", domain="orchid.example")
    inn.settle_down()
    with inn.db.read() as session:
        states = session.execute(select(Job.state, Job.error_code).order_by(Job.number)).all()
    assert [tuple(row) for row in states] == [("done", ""), ("failed", "name_taken"), ("done", "")]
    assert inn.view(order).state == "provisioning"


def test_registered_by_hand(inn: Inn) -> None:
    inn.world.fault("registrar", "decline")
    order = inn.place_order("sandbox_card", "example-domain")
    assert job(inn).state == "failed"
    staff.resolve(inn.house, job(inn).id, "registered at the other desk", "staff:test")
    inn.drain()
    assert inn.view(order).state == "completed"
    assert (names(inn)[0].state, names(inn)[0].expires_on) == ("held", None)


def test_what_the_slice_promises(inn: Inn) -> None:
    inn.place_order("manual", "example-domain", domain="orchid.example")
    owner = some_service(inn)
    inn.place_order("manual", "starter-hosting")
    other = some_service(inn)
    hold = {"registrar": "sandbox_registrar", "years": 1, "nameservers": (), "whois": {}}
    with inn.db.transaction() as session, pytest.raises(Conflict, match="being ordered"):
        domains.hold(session, name="orchid.example", service_id=other, **hold)  # type: ignore[arg-type]
    with inn.db.transaction() as session:
        assert domains.holder_of(session, "orchid.example") == owner
        assert domains.registered(session, owner, date(2027, 1, 1))
        assert not domains.registered(session, other, None)
        domains.release(session, owner)
        assert not domains.registered(session, owner, date(2028, 1, 1))  # released stays released
        assert not domains.is_held(session, "orchid.example")
        domains.hold(session, name="orchid.example", service_id=other, **hold)  # type: ignore[arg-type]


def test_without_a_registrar_account_the_name_can_be_ordered_and_waits(inn: Inn) -> None:
    change_server(inn, "demo-registrar", state="down")
    order = inn.place_order("sandbox_card", "example-domain")
    assert (job(inn).state, job(inn).error_code) == ("waiting", "no_server")
    put_server(inn, "second-registrar", "sandbox_registrar")
    inn.settle_down()
    assert inn.view(order).state == "completed"
