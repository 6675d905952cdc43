"""Jobs: every change on a panel or registrar, and the buttons for those that stand still."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.kernel.problems import NotFound
from core.orders import queries as orders
from core.provisioning import queries as provisioning
from core.provisioning import staff
from core.web.admin import access, notices, page, timeline, times, words
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.orders import draw_order
from core.web.current import house
from core.web.forms import Form


@blueprint.get("/jobs/<uuid:job_id>", endpoint="job")
@needs("jobs.view")
def show_job(job_id: UUID) -> Response:
    return draw_job(job_id)


def draw_job(job_id: UUID, status: int = 200, trouble: str = "", form: Form | None = None) -> Response:
    """Raises NotFound."""
    with house().db.read() as session:
        found = provisioning.job_page(session, job_id)
        if found is None:
            raise NotFound("There is no such job.")
        order = orders.order_of_service(session, found.job.service_id)
    job = found.job
    return page.draw(
        "job.html", status, section="jobs", job=job, order=order, steps=timeline.tries(found.steps),
        told=timeline.job_trouble(found), text=timeline.job_text(job, times.soon), trouble=trouble,
        title=words.job_title(job, registers=job.plugin in house().plugins.registrars),
        form=form or Form(), zone_name=page.zone_name(),
    )  # fmt: skip


@blueprint.post("/jobs/<uuid:job_id>/retry", endpoint="job_retry")
@needs("jobs.work")
def retry(job_id: UUID) -> Response:
    def do() -> str:
        staff.retry(house(), job_id, access.actor())
        return "It is tried again. What comes of it shows up here in a moment."

    return _run(job_id, do, "info")


@blueprint.post("/jobs/<uuid:job_id>/look-up", endpoint="job_look_up")
@needs("jobs.work")
def look_up(job_id: UUID) -> Response:
    """Ask the panel what stands there; nothing is changed."""
    return _run(job_id, lambda: staff.look_up(house(), job_id, access.actor()), "info")


@blueprint.post("/jobs/<uuid:job_id>/resolve", endpoint="job_resolve")
@needs("jobs.work")
def resolve(job_id: UUID) -> Response:
    """A person did it: the job is done and the service goes on."""

    def do() -> str:
        staff.resolve(house(), job_id, page.remark(), access.actor())
        return "The job is marked as done."

    return _run(job_id, do)


@blueprint.post("/jobs/<uuid:job_id>/cancel", endpoint="job_cancel")
@needs("jobs.work")
def cancel(job_id: UUID) -> Response:
    def do() -> str:
        staff.cancel(house(), job_id, page.remark(), access.actor())
        return "The job is given up."

    return _run(job_id, do)


def _run(job_id: UUID, do: Callable[[], str], tone: str = "success") -> Response:
    """Do it and go back to where the button stood; what is wrong is shown there too."""
    order_id = _order_of(job_id) if request.form.get("back") == "order" else None

    def finish() -> Response:
        text = do()
        back = url_for("admin.order", order_id=order_id) if order_id else url_for("admin.job", job_id=job_id)
        return notices.go(back, text, tone)

    def again(status: int, text: str, form: Form) -> Response:
        if order_id and access.may("orders.view"):
            return draw_order(order_id, status, text, form)
        return draw_job(job_id, status, text, form)

    return page.attempted(finish, again)


def _order_of(job_id: UUID) -> UUID | None:
    with house().db.read() as session:
        found = provisioning.job_page(session, job_id)
        order = orders.order_of_service(session, found.job.service_id) if found else None
    return order[0] if order else None
