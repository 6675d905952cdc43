"""Staff hear of work that stopped or that waits for them, and not a thousand times an hour."""

from __future__ import annotations

from sqlalchemy import update

from core.brands.models import Brand
from core.catalog.models import Product
from core.kernel.work import publish
from core.mail.rendering import STAFF_LIMIT
from core.provisioning import placement
from core.provisioning.models import Job
from tests.fixtures.innkeeper import Inn
from tests.integration.mail.conftest import Mails
from tests.integration.mail.post import PostOffice


def failed_job(inn: Inn, times: int = 1) -> None:
    """A paid order whose panel knows no such plan."""
    inn.world.fault("panel", "refuse")
    inn.place_order("sandbox_card", "business-hosting", domain="pinewood.example")
    inn.world.clear_faults()
    with inn.db.transaction() as session:
        job = session.query(Job).one()
        session.execute(update(Job).values(state="failed", error_code="package_missing", attempts=7))
        for _ in range(times):
            publish(inn.house, session, "job.failed", {"job_id": job.id, "service_id": job.service_id})
    inn.engine.drain(only=lambda run: run.task != "job")


def test_a_failed_job_is_told_to_the_support_address(posting: Inn, post: PostOffice, mails: Mails) -> None:
    failed_job(posting)
    mail = mails.one("staff_job_failed")
    letter = post.letters[-1]
    assert mail.recipient == "help@wayside.example"
    assert mail.contact_id is None
    assert letter.mail["Reply-To"] is None
    assert (
        letter.mail["Subject"]
        == f"Job J-{job_number(posting)} has failed: Business Hosting for pinewood.example"
    )
    assert "Reason: package missing" in letter.text
    assert f"{posting.house.settings.public_url}/admin/jobs/" in letter.text
    assert mail.order_id == mails.order_of()


def job_number(inn: Inn) -> int:
    with inn.db.read() as session:
        return session.query(Job.number).scalar() or 0


def test_staff_are_written_to_only_so_often(posting: Inn, post: PostOffice, mails: Mails) -> None:
    failed_job(posting, times=STAFF_LIMIT + 5)
    assert len(mails.all("staff_job_failed")) == STAFF_LIMIT
    posting.clock.advance(hours=2)
    with posting.db.transaction() as session:
        job = session.query(Job).one()
        publish(posting.house, session, "job.failed", {"job_id": job.id, "service_id": job.service_id})
    posting.engine.drain(only=lambda run: run.task != "job")
    assert len(mails.all("staff_job_failed")) == STAFF_LIMIT + 1


def test_what_was_put_right_meanwhile_is_not_told(posting: Inn, mails: Mails) -> None:
    posting.place_order("sandbox_card")
    with posting.db.transaction() as session:
        job = session.query(Job).one()
        publish(posting.house, session, "job.failed", {"job_id": job.id, "service_id": job.service_id})
    posting.drain()
    assert mails.all("staff_job_failed") == []


def test_a_brand_without_a_support_address_tells_nobody(posting: Inn, mails: Mails) -> None:
    with posting.db.transaction() as session:
        session.execute(update(Brand).values(support_email=""))
    failed_job(posting)
    assert mails.all("staff_job_failed") == []


def test_work_by_hand_is_told_with_what_to_do(posting: Inn, post: PostOffice, mails: Mails) -> None:
    """A product that people set up: the task goes to them when it is paid."""
    with posting.db.transaction() as session:
        placement.add_server(
            session, posting.house, name="shelf", plugin="manual_task", settings_json='{"location": "row 4"}'
        )
        session.execute(
            update(Product)
            .where(Product.slug == "starter-hosting")
            .values(provisioner="manual_task", pool_id=None, provisioner_options={"work": "Plug it in."})
        )
    posting.place_order("sandbox_card", "starter-hosting", domain="pinewood.example")
    letter = post.letters[-1]
    assert mails.one("staff_task").state == "sent"
    assert letter.mail["Subject"] == "To do: Starter Hosting for pinewood.example"
    assert "Plug it in." in letter.text
    assert "On: row 4." in letter.text
    assert "package_info" not in mails.types
