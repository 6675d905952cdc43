"""One service: what it costs and why, its jobs, where it lives, and what staff may do with it."""

from __future__ import annotations

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from core.kernel import dates
from core.kernel.problems import Conflict, NotFound
from core.orders import packages
from core.orders import queries as orders
from core.provisioning import queries as provisioning
from core.services import changing
from core.services import queries as services
from core.web import forms, shown
from core.web.admin import access, editing, notices, page
from core.web.admin.access import needs
from core.web.admin.blueprint import blueprint
from core.web.admin.colliding import Trail
from core.web.admin.editing import Again
from core.web.current import house, visitor_ip
from core.web.forms import Form

LABELS = {"price": "Price", "price_reason": "Reason of the price", "next_due_on": "Next due"}
OPEN_JOBS = ("ready", "running", "waiting", "needs_staff", "failed")
# action -> (words of its button, of the question, of what is said afterwards)
ACTIONS = {
    "suspend": ("Suspend", "Why is it suspended?", "is suspended"),
    "resume": ("Resume", "Why does it run again?", "runs again"),
    "terminate": ("Terminate", "Why is it terminated? What is on the panel is deleted.", "is terminated"),
    "cancel": ("Cancel", "Why is it cancelled?", "is cancelled"),
}


@blueprint.get("/services/<uuid:service_id>", endpoint="service")
@needs("services.view")
def show_service(service_id: UUID) -> Response:
    """Raises NotFound."""
    return _draw(service_id, Again(status=200, form=Form()))


def _draw(service_id: UUID, again: Again) -> Response:
    with house().db.read() as session:
        found = services.service_page(session, service_id)
        if found is None:
            raise NotFound("There is no such service.")
        kept = changing.billing_of(session, service_id)
        jobs = provisioning.jobs_of_services(session, [service_id])
        account = provisioning.accounts(session, [service_id]).get(service_id)
        order = orders.order_of_service(session, service_id)
    form = again.form if again.form.values else Form(values=kept.form())
    is_busy = any(one.job.state in OPEN_JOBS for one in jobs)
    return page.draw(
        "service.html", again.status, section="services", page=found, account=account, order=order,
        jobs=jobs[::-1] if access.may("jobs.view") else None, form=form, labels=LABELS, kept=kept,
        differences=again.differences, trouble=again.trouble, actions=_actions(kept.status, is_busy=is_busy),
        may_provision=kept.status == "pending" and not is_busy and access.may("services.edit"),
        title=forms.page_title(f"{found.service.label} S-{found.service.number}", form.errors),
    )  # fmt: skip


def _actions(status: str, *, is_busy: bool) -> list[tuple[str, str, str]]:
    """(action, button, question) of what can begin now."""
    if is_busy or not access.may("services.edit"):
        return []
    return [
        (name, ACTIONS[name][0], ACTIONS[name][1])
        for name, (starts, _) in packages.ACTIONS.items()
        if status in starts
    ]


@blueprint.post("/services/<uuid:service_id>", endpoint="service_edit")
@needs("services.edit")
def change(service_id: UUID) -> Response:
    """Another price (with its reason), another due date. Raises NotFound."""

    def do() -> Response:
        values = forms.values()
        with house().db.transaction() as session:
            changing.change(
                session, house(), service_id, values, version=editing.version(values),
                actor=access.actor(), ip=visitor_ip(),
            )  # fmt: skip
        return notices.go(url_for("admin.service", service_id=service_id), "The service is saved.")

    shows = {"next_due_on": _day_words, "price_reason": lambda text: text or "none given"}
    return editing.attempted(
        do, lambda again: _draw(service_id, again), labels=LABELS, shown=shows,
        trail=Trail(target=f"service:{service_id}"),
    )  # fmt: skip


def _day_words(text: str) -> str:
    day = dates.read(text)
    return shown.day(day) if day else text


@blueprint.post("/services/<uuid:service_id>/provision", endpoint="service_provision")
@needs("services.edit")
def provision(service_id: UUID) -> Response:
    """Raises NotFound."""

    def do() -> Response:
        packages.provision(house(), service_id, actor=access.actor(), ip=visitor_ip())
        return notices.go(url_for("admin.service", service_id=service_id), "It is being set up.", "info")

    return page.attempted(do, lambda status, text, _form: _again(service_id, status, text))


@blueprint.post("/services/<uuid:service_id>/act", endpoint="service_act")
@needs("services.edit")
def act(service_id: UUID) -> Response:
    """Suspend, resume, terminate or cancel. Raises NotFound."""
    action = request.form.get("action", "")
    if action not in ACTIONS:
        raise Conflict("Choose what to do with the service.")

    def do() -> Response:
        asked = packages.act(
            house(), service_id, action, reason=request.form.get("reason", ""), actor=access.actor(),
            ip=visitor_ip(),
        )  # fmt: skip
        done = "The panel is asked to do it." if asked else f"The service {ACTIONS[action][2]}."
        url = url_for("admin.service", service_id=service_id)
        return notices.go(url, done, "info" if asked else "success")

    return page.attempted(do, lambda status, text, form: _again(service_id, status, text, form))


def _again(service_id: UUID, status: int, trouble: str, form: Form | None = None) -> Response:
    """The page as it is now, with what was wrong with the small form beside its title."""
    with house().db.read() as session:
        kept = changing.billing_of(session, service_id).form()
    typed, wrong = (form.values, form.errors) if form else ({}, {})
    drawn = Form(values={**typed, **kept}, errors=wrong)
    return _draw(service_id, Again(status=status, form=drawn, trouble=trouble))
