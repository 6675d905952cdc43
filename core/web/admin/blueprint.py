"""The admin's blueprint. Route modules hang on it; ``core.web.admin`` imports them all."""

from __future__ import annotations

from flask import Blueprint

from core.web import agents
from core.web.admin import access, colliding, notices, times, words

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.before_request(access.guard)
blueprint.after_request(notices.forget_shown)
times.register(blueprint)
blueprint.add_app_template_filter(colliding.drawn, "drawn")
blueprint.add_app_template_filter(agents.words, "device")
blueprint.add_app_template_filter(words.initials, "initials")
