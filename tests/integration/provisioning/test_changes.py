"""Suspend, resume, end: in the order in which they were wanted, each once; and what staff can do."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from core.kernel.audit import AuditEntry
from core.kernel.problems import Conflict
from core.provisioning import service, staff
from core.provisioning.models import Drift, Job, Server
from core.services.models import Service
from tests.fixtures.innkeeper import Inn, open_house
from tests.fixtures.shelf import put_product, put_server, server


def service_id(inn: Inn) -> UUID:
    with inn.db.read() as session:
        return session.execute(select(Service.id).order_by(Service.number)).scalars().first()  # type: ignore[return-value]


def status(inn: Inn) -> str:
    with inn.db.read() as session:
        return session.get_one(Service, service_id(inn)).status


def jobs(inn: Inn) -> list[Job]:
    with inn.db.read() as session:
        return list(session.execute(select(Job).order_by(Job.number)).scalars())


def plan(inn: Inn, action: str, cause: str = "test") -> UUID:
    with inn.db.transaction() as session:
        return service.plan_change(session, inn.house, service_id(inn), action, cause=cause)


def change(inn: Inn, action: str, cause: str = "test") -> None:
    plan(inn, action, cause)
    inn.drain()


def panel_state(inn: Inn) -> str:
    return str(inn.world.books("accounts")[0]["state"])


def test_a_life(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    for action, ours, theirs in (
        ("suspend", "suspended", "suspended"),
        ("resume", "active", "active"),
        ("terminate", "terminated", "deleted"),
    ):
        change(inn, action)
        assert (status(inn), panel_state(inn)) == (ours, theirs)
    assert server(inn, "demo-panel").reserved == 0


def test_one_cause_is_one_job(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    assert plan(inn, "suspend", "INV-1") == plan(inn, "suspend", "INV-1")
    inn.drain()
    assert len(jobs(inn)) == 2


def test_ended_twice_frees_one_slot(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    inn.place_order("sandbox_card")
    change(inn, "terminate", "first")
    change(inn, "terminate", "second")
    assert [job.state for job in jobs(inn)] == ["done"] * 4
    assert server(inn, "demo-panel").reserved == 1


@pytest.mark.parametrize("kind", ["refuse", "lose_answer", "server_error", "garbage"])
@pytest.mark.parametrize("action", ["suspend", "terminate"])
def test_changes_survive_faults(inn: Inn, kind: str, action: str) -> None:
    inn.place_order("sandbox_card")
    inn.world.fault("panel", kind, method="DELETE" if action == "terminate" else "POST")
    change(inn, action)
    inn.settle_down()
    assert status(inn) == {"suspend": "suspended", "terminate": "terminated"}[action]


def test_an_end_waits_for_the_beginning(inn: Inn) -> None:
    inn.world.fault("panel", "refuse", 2)
    inn.place_order("sandbox_card")
    change(inn, "terminate")
    assert [job.state for job in jobs(inn)] == ["waiting", "waiting"]
    inn.settle_down()
    assert [job.state for job in jobs(inn)] == ["done", "done"]
    assert (status(inn), panel_state(inn)) == ("terminated", "deleted")


def test_what_has_ended_is_not_built_any_more(inn: Inn) -> None:
    inn.world.fault("panel", "refuse", -1)
    inn.place_order("sandbox_card")
    inn.settle_down(hours=10)
    assert jobs(inn)[0].state == "failed"
    inn.world.clear_faults()
    change(inn, "terminate")
    assert status(inn) == "terminated"
    staff.retry(inn.house, jobs(inn)[0].id, "staff:test")
    inn.drain()
    assert jobs(inn)[0].state == "cancelled"
    assert inn.world.books("accounts") == []
    assert server(inn, "demo-panel").reserved == 0


def failed_job(inn: Inn, kind: str = "refuse") -> Job:
    inn.world.fault("panel", kind, -1, method="*")
    inn.place_order("sandbox_card")
    inn.settle_down(hours=10)
    inn.world.clear_faults()
    return jobs(inn)[0]


def test_staff_give_a_service_up(inn: Inn) -> None:
    job = failed_job(inn)
    assert job.state == "failed"
    staff.cancel(inn.house, job.id, "refunded instead", "staff:test")
    inn.drain()
    assert (jobs(inn)[0].state, status(inn)) == ("cancelled", "cancelled")
    assert server(inn, "demo-panel").reserved == 0
    with pytest.raises(Conflict):
        staff.retry(inn.house, job.id, "staff:test")
    with inn.db.read() as session:
        assert "job.cancel" in session.execute(select(AuditEntry.action)).scalars().all()


def test_a_doubt_is_looked_up_before_it_is_given_up(inn: Inn) -> None:
    job = failed_job(inn, "server_error")  # it acts, and says so to nobody
    assert (job.state, job.in_doubt) == ("failed", True)
    with pytest.raises(Conflict, match="Look it up"):
        staff.cancel(inn.house, job.id, "no more", "staff:test")
    assert "ours" in staff.look_up(inn.house, job.id, "staff:test")
    with pytest.raises(Conflict, match="Look it up"):
        staff.cancel(inn.house, job.id, "no more", "staff:test")
    staff.retry(inn.house, job.id, "staff:test")
    inn.drain()
    assert status(inn) == "active"
    assert len(inn.world.books("accounts")) == 1


def test_a_doubt_that_is_cleared_can_be_given_up(inn: Inn) -> None:
    job = failed_job(inn, "garbage")
    assert (job.state, job.in_doubt) == ("failed", True)
    assert "Nothing stands" in staff.look_up(inn.house, job.id, "staff:test")
    staff.cancel(inn.house, job.id, "no more", "staff:test")
    assert status(inn) == "cancelled"


def test_a_panel_that_does_not_answer_staff_either(inn: Inn) -> None:
    job = failed_job(inn)
    inn.world.fault("panel", "server_error", method="GET")
    assert "does not answer" in staff.look_up(inn.house, job.id, "staff:test")


def test_people_suspend_what_people_built(inn: Inn) -> None:
    put_server(inn, "the-workshop", "manual_task")
    put_product(inn, "by-hand", {"year:1": 9900}, provisioner="manual_task")
    inn.place_order("sandbox_card", "by-hand", domain="pinewood.example")
    staff.resolve(inn.house, jobs(inn)[0].id, "built", "staff:test")
    change(inn, "suspend", "INV-7")
    job = jobs(inn)[1]
    assert (job.state, job.staff_note) == ("needs_staff", "Staff suspend this: INV-7.")
    staff.resolve(inn.house, job.id, "switched off", "staff:test")
    assert status(inn) == "suspended"


def test_a_switched_off_plugin_loses_nothing(inn: Inn) -> None:
    enabled = tuple(one for one in inn.house.settings.plugins.enabled if one != "provisioner.sandbox_panel")
    plugins = inn.house.settings.plugins.model_copy(update={"enabled": enabled})
    without = open_house(inn.house.settings.model_copy(update={"plugins": plugins}), inn.clock, inn.db)
    order = inn.place_order("sandbox_card", drain=False)
    with_it, inn.house = inn.house, without
    inn.engine, engine = without.engine, inn.engine  # type: ignore[assignment]
    for run in engine.ready:
        with inn.db.transaction() as session:
            without.engine.enqueue(session, run.task, run.subject, queue=run.queue, turn=run.turn)
    inn.drain()
    [job] = jobs(inn)
    assert (job.state, job.error_code, job.server_id) == ("waiting", "plugin_missing", None)
    inn.house, inn.engine = with_it, engine
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(str(inn.world.books("accounts")[0]["username"])) == 8


def test_drift_is_listed_and_not_mended(inn: Inn) -> None:
    inn.place_order("sandbox_card")
    inn.place_order("sandbox_card")
    gone, frozen = (str(one["username"]) for one in inn.world.books("accounts"))
    inn.world.call("DELETE", f"/panel/accounts/{gone}")
    inn.world.call("POST", f"/panel/accounts/{frozen}/suspend", {"reason": "by somebody"})
    stray = {
        "username": "stray", "domain": "stray.example", "plan": "starter", "email": "a@stray.example",
        "password": "whatever it is", "marker": "x",
    }  # fmt: skip
    inn.world.call("POST", "/panel/accounts", stray)
    server_id = server(inn, "demo-panel").id
    assert staff.compare(inn.house, server_id) == 3
    assert staff.compare(inn.house, server_id) == 3
    with inn.db.read() as session:
        rows = session.execute(select(Drift.kind, Drift.subject).order_by(Drift.kind)).all()
    assert [tuple(row) for row in rows] == [("missing", gone), ("state", frozen), ("stray", "stray")]
    assert status(inn) == "active"


def test_a_server_is_checked(inn: Inn) -> None:
    server_id = server(inn, "demo-panel").id
    assert staff.check_server(inn.house, server_id).ok
    inn.world.fault("panel", "server_error", method="GET")
    report = staff.check_server(inn.house, server_id)
    assert not report.ok
    assert server(inn, "demo-panel").state == "down"
    assert staff.check_server(inn.house, server_id).ok
    assert server(inn, "demo-panel").state == "ok"
    with inn.db.transaction() as session:
        session.get_one(Server, server_id).settings_encrypted = "v1.gone.AAAA"
    assert not staff.check_server(inn.house, server_id).ok
