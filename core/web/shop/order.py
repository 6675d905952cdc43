"""An order's page: Processing Order while it runs, then Your Order Has Been Placed. One address."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from core.mail import queries as mail
from core.orders import status as orders
from core.orders.values import OrderView, TaskState
from core.plugin_api.forms import BrowserSetup
from core.web import methods as ways
from core.web.current import house, now
from core.web.render import render
from core.web.shop.stage import MAIL, PLACED, Stage, stage_of

SCRIPTED = "ik_script"  # set by our script for ten minutes: this browser looks again by itself
MAIL_SECONDS = 5  # until a finished page looks whether the last mail has left


def order(token: str) -> Response:
    """Draw the order where it stands. Without script a ``Refresh`` header looks again while it moves."""
    view = _view(token)
    stage = _stage(view)
    setup = orders.setup_of(house(), view) if stage.mood == "action" else None
    if setup is not None:
        ways.allow_setup(setup)
    page = "shop/placed.html" if stage.page == PLACED else "shop/processing.html"
    response = render(page, **_data(token, view, stage), action=_action(view, setup))
    if stage.mood == "approve" and "go" in request.args:
        response.headers["Refresh"] = f"1; url={url_for('shop.approve', token=token)}"
    elif stage.refresh and SCRIPTED not in request.cookies:
        response.headers["Refresh"] = str(stage.refresh)
    return response


def status(token: str) -> Response:
    """The part of the page that moves, as a fragment for our script."""
    view = _view(token)
    stage = _stage(view)
    response = render("shop/progress.html", **_data(token, view, stage))
    response.headers["X-Order-Page"] = f"{stage.page}/{stage.mood}"
    return response


def _stage(view: OrderView) -> Stage:
    """A finished page looks again while the last mail is leaving."""
    stage = stage_of(view, came_back="back" in request.args)
    mails = any(task.key == MAIL and task.state is TaskState.RUNNING for task in view.tasks)
    return replace(stage, refresh=MAIL_SECONDS) if stage.page == PLACED and mails else stage


def _view(token: str) -> OrderView:
    """The order with its mails, which orders know nothing of, told after the charge."""
    view = orders.view_order(house(), token)
    with house().db.read() as session:
        mails = mail.task_of_order(session, view.id)
    if mails is None:
        return view
    place = next((i for i, task in enumerate(view.tasks, start=1) if task.key == "charge"), len(view.tasks))
    return replace(view, tasks=(*view.tasks[:place], mails, *view.tasks[place:]))


def _data(token: str, view: OrderView, stage: Stage) -> dict[str, Any]:
    return {
        "order": view,
        "stage": stage,
        "token": token,
        "now": now(),
        "going": stage.mood == "approve" and "go" in request.args,
        "back": 1 if stage.mood == "checking" else None,
    }


def _action(view: OrderView, setup: BrowserSetup | None) -> dict[str, Any] | None:
    """What the gateway's module gets in the page when the buyer's browser has to do something."""
    if view.action is None or setup is None or setup.script is None:
        return None
    plugin_id = house().plugins.gateways[view.action_gateway].plugin_id
    return {
        "module": url_for("files.plugin", plugin_id=plugin_id, name=setup.script.module),
        "scripts": setup.script.vendor_scripts,
        "setup": json.dumps(dict(setup.data)),
        "data": json.dumps(dict(view.action.data)),
    }
