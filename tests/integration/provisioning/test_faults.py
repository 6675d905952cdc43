"""Panels and registrars that fail in every way: one account each, never a stranger's, never lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.kernel.problems import Conflict
from core.plugin_api.provisioner import ProvisionCode, ProvisionOutcome
from core.plugin_api.values import Status
from core.provisioning import calls, staff
from core.provisioning.models import Job, JobStep, RemoteAccount
from core.provisioning.rules import usernames
from core.services.models import Service
from tests.fixtures.innkeeper import ACTED, NOT_ACTED, Inn
from tests.fixtures.shelf import change_product, change_server, put_server, server

pytestmark = pytest.mark.usefixtures("short_patience")


def job(inn: Inn) -> Job:
    with inn.db.read() as session:
        return session.execute(select(Job).order_by(Job.number)).scalars().first()  # type: ignore[return-value]


def account(inn: Inn) -> RemoteAccount:
    with inn.db.read() as session:
        return session.execute(select(RemoteAccount)).scalar_one()


def keep_jobs_back(inn: Inn) -> None:
    """Everything up to the panel."""
    inn.engine.drain(only=lambda run: run.task != "job")


def strangers_account(inn: Inn, username: str, domain: str = "stranger.example", marker: str = "") -> None:
    body = {
        "username": username, "domain": domain, "plan": "starter", "email": "s@stranger.example",
        "password": "not one of ours", "marker": marker or "someone:else",
    }  # fmt: skip
    assert inn.world.call("POST", "/panel/accounts", body).status == 201


@pytest.mark.parametrize("kind", NOT_ACTED + ACTED)
def test_the_account_is_built_once(inn: Inn, kind: str) -> None:
    inn.misbehave("panel", kind)
    order = inn.place_order("sandbox_card")
    view = inn.view(order)
    assert view.invoice_status == "paid"  # money never waits for a panel
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("accounts")) == 1
    assert len(inn.world.books("charges")) == 1


@pytest.mark.parametrize("kind", NOT_ACTED + ACTED)
def test_the_name_is_registered_once(inn: Inn, kind: str) -> None:
    inn.misbehave("registrar", kind)
    order = inn.place_order("sandbox_card", "example-domain")
    inn.settle_down()
    view = inn.view(order)
    assert view.state == "completed"
    [name] = inn.world.books("domains")
    assert dict(view.access[0][1])["Expires"] == name["expires_on"]  # though the answer was lost


@pytest.mark.parametrize("kind", ["lose_answer", "server_error"])
def test_a_doubt_is_looked_up_before_anything_is_done_again(inn: Inn, kind: str) -> None:
    inn.misbehave("panel", kind)
    inn.misbehave("panel", "server_error", 2, method="GET")
    order = inn.place_order("sandbox_card")
    assert (job(inn).state, job(inn).in_doubt) == ("waiting", True)
    assert inn.view(order).tasks[-1].state != "failed"
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("accounts")) == 1


def test_the_ladder_ends_with_a_person(inn: Inn) -> None:
    inn.misbehave("panel", "refuse", -1)
    order = inn.place_order("sandbox_card")
    waits = []
    while job(inn).state == "waiting":
        due = job(inn).next_try_at
        assert due is not None
        waits.append(round((due - inn.clock.now()).total_seconds()))
        inn.later(seconds=waits[-1])
    assert waits == [5, 30, 120, 600, 1800, 7200, 7200]
    assert (job(inn).state, job(inn).error_code) == ("failed", "not_sent")
    assert inn.view(order).finished
    inn.world.clear_faults()
    staff.retry(inn.house, job(inn).id, "staff:test")
    with pytest.raises(Conflict):
        staff.retry(inn.house, job(inn).id, "staff:test")
    inn.drain()
    assert inn.view(order).state == "completed"


def test_a_panel_that_says_yes_and_did_nothing_is_not_believed(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie = ProvisionOutcome(status=Status.SUCCEEDED)
    monkeypatch.setattr(calls, "_act", lambda house, errand: lie)
    order = inn.place_order("sandbox_card")
    assert (job(inn).state, job(inn).in_doubt) == ("waiting", True)
    monkeypatch.undo()
    inn.settle_down()
    assert inn.view(order).state == "completed"


def test_our_own_account_is_adopted(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", drain=False)
    keep_jobs_back(inn)
    ours = account(inn)
    strangers_account(inn, ours.username, ours.domain, ours.marker)
    inn.drain()
    assert inn.view(order).state == "completed"
    assert len(inn.world.books("accounts")) == 1


def test_a_strangers_account_is_never_touched(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", drain=False)
    keep_jobs_back(inn)
    wanted = account(inn).username
    strangers_account(inn, wanted)
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert account(inn).username != wanted
    theirs, ours = inn.world.books("accounts")
    assert (theirs["marker"], theirs["state"]) == ("someone:else", "active")
    assert ours["marker"] == account(inn).marker


def test_when_every_name_is_a_strangers_a_person_decides(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", drain=False)
    keep_jobs_back(inn)
    ours = account(inn)
    rules = inn.house.plugins.provisioners["sandbox_panel"].spec.usernames
    for number, name in enumerate(usernames(ours.domain, ours.service_id, rules)):
        strangers_account(inn, name, f"stranger{number}.example")
    inn.settle_down()
    assert (job(inn).state, job(inn).error_code) == ("failed", "name_taken")
    assert inn.view(order).state == "provisioning"


def test_a_stranger_has_the_domain_on_that_panel(inn: Inn) -> None:
    order = inn.place_order("sandbox_card", drain=False, domain="pinewood.example")
    strangers_account(inn, "olduser", "pinewood.example")
    inn.drain()
    inn.settle_down()
    assert (job(inn).state, job(inn).error_code) == ("failed", "name_taken")
    assert inn.view(order).state == "provisioning"


def test_a_full_server_hands_over_to_another(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    put_server(inn, "second-panel", capacity=5)
    change_server(inn, "second-panel", weight=1, reserved=1)  # the first is chosen: it is emptier
    act = calls._act

    def full(house: object, errand: calls.Errand) -> ProvisionOutcome:
        if errand.job.server_name == "demo-panel":
            return ProvisionOutcome(status=Status.DECLINED, code=ProvisionCode.LIMIT_REACHED)
        return act(house, errand)  # type: ignore[arg-type]

    monkeypatch.setattr(calls, "_act", full)
    order = inn.place_order("sandbox_card")
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert (server(inn, "demo-panel").state, server(inn, "demo-panel").reserved) == ("full", 0)
    assert server(inn, "second-panel").reserved == 2
    assert account(inn).server_id == server(inn, "second-panel").id


def test_a_full_server_without_another_is_for_staff(inn: Inn, monkeypatch: pytest.MonkeyPatch) -> None:
    full = ProvisionOutcome(status=Status.DECLINED, code=ProvisionCode.LIMIT_REACHED)
    monkeypatch.setattr(calls, "_act", lambda house, errand: full)
    inn.place_order("sandbox_card")
    inn.settle_down()
    assert (job(inn).state, job(inn).error_code) == ("failed", "limit_reached")
    assert server(inn, "demo-panel").reserved == 1  # its place is kept for the retry


def test_without_room_the_job_waits_and_staff_see_it(inn: Inn) -> None:
    change_server(inn, "demo-panel", capacity=1, reserved=1)
    order = inn.place_order("sandbox_card")
    assert (job(inn).state, job(inn).error_code, job(inn).server_id) == ("waiting", "no_server", None)
    assert inn.world.books("accounts") == []
    put_server(inn, "new-panel")
    inn.settle_down()
    assert inn.view(order).state == "completed"
    assert server(inn, "new-panel").reserved == 1


@pytest.mark.parametrize("state", ["down", "cordoned", "full"])
def test_a_server_out_of_service_gets_nothing_new(inn: Inn, state: str) -> None:
    change_server(inn, "demo-panel", state=state)
    inn.place_order("sandbox_card")
    assert job(inn).error_code == "no_server"


@pytest.mark.parametrize("options", [{"plan": ""}, {"plan": "starter", "size": "huge"}, {"plan": 7}])
def test_product_settings_that_do_not_fit_reach_no_panel(inn: Inn, options: dict[str, object]) -> None:
    change_product(inn, "starter-hosting", provisioner_options=options)
    inn.place_order("sandbox_card")
    assert (job(inn).state, job(inn).error_code, job(inn).in_doubt) == ("waiting", "not_sent", False)
    assert "settings" in job(inn).staff_note
    assert not [call for call in inn.world.books("calls") if call["path"] == "/panel/accounts"]


def test_a_plan_the_panel_does_not_know(inn: Inn) -> None:
    change_product(inn, "starter-hosting", provisioner_options={"plan": "imperial"})
    order = inn.place_order("sandbox_card")
    assert (job(inn).state, job(inn).error_code) == ("failed", "package_missing")
    with inn.db.read() as session:
        assert session.execute(select(Service.status)).scalar_one() == "pending"
    assert inn.view(order).invoice_status == "paid"


def test_no_secret_stands_in_what_staff_read(inn: Inn) -> None:
    inn.misbehave("panel", "garbage", 3)
    inn.place_order("sandbox_card")
    inn.settle_down()
    with inn.db.read() as session:
        steps = session.execute(select(JobStep)).scalars().all()
        sealed = account(inn).password_encrypted
    told = " ".join(f"{step.note} {step.raw}" for step in steps) + job(inn).staff_note
    assert "sandbox-secret" not in told
    assert sealed.startswith("v1.")


def test_staff_see_what_the_panel_answered_instead(inn: Inn) -> None:
    """Its own words, with what was secret in the question masked, and notes that end as sentences do."""
    keep = [inn.place_order("sandbox_card", drain=False)]
    assert keep
    keep_jobs_back(inn)
    inn.world.fault("panel", "garbage", times=-1)
    inn.drain()
    with inn.db.read() as session:
        steps = session.scalars(select(JobStep).where(JobStep.raw != "")).all()
    assert steps
    assert steps[0].raw.startswith("POST 127.0.0.1/panel/accounts: 200 text/html")
    assert "<html" in steps[0].raw.lower()
    assert steps[0].note.endswith(".")
    assert job(inn).staff_note.endswith(".")
    inn.world.clear_faults()
    inn.settle_down()
    with inn.db.read() as session:
        assert not session.scalar(select(JobStep.raw).order_by(JobStep.id.desc()).limit(1))  # a plain yes
