"""All addresses of the portal in one place. Everything but the door asks who is there."""

from __future__ import annotations

from flask import Blueprint

from core.web.portal import access, inside, pages, security, signing, ways

GET = ("GET",)

blueprint = Blueprint("portal", __name__, url_prefix="/portal")
blueprint.before_request(access.guard)

for address, endpoint, view, methods in (
    ("/", "home", pages.home, GET),
    ("/sign-in", "sign_in", signing.sign_in, ("GET", "POST")),
    ("/sign-in/factor", "factor", signing.factor, ("GET", "POST")),
    ("/sign-out", "sign_out", signing.sign_out, ("POST",)),
    ("/leave", "leave", inside.leave, ("POST",)),
    ("/reset", "reset", signing.forgotten, ("GET", "POST")),
    ("/reset/<token>", "choose_password", signing.choose_password, ("GET", "POST")),
    ("/security", "security", security.show, GET),
    ("/security/password", "security_password", security.change_password, ("POST",)),
    ("/security/sessions/<uuid:session_id>/end", "session_end", security.end_session, ("POST",)),
    ("/security/sessions/end-others", "sessions_end", security.end_others, ("POST",)),
    ("/ways-to-pay", "ways", ways.show, GET),
    ("/ways-to-pay/new", "way_new", ways.add, ("GET", "POST")),
    ("/ways-to-pay/services", "way_services", ways.choose, ("POST",)),
    ("/ways-to-pay/<uuid:account_id>/default", "way_default", ways.make_default, ("POST",)),
    ("/ways-to-pay/<uuid:account_id>/remove", "way_remove", ways.remove, ("GET", "POST")),
    ("/services", "services", pages.list_services, GET),
    ("/services/<uuid:service_id>", "service", pages.service, GET),
    ("/services/<uuid:service_id>/password", "service_password", pages.show_password, ("POST",)),
    ("/invoices", "invoices", pages.list_invoices, GET),
    ("/invoices/<uuid:invoice_id>", "invoice", pages.invoice, GET),
    ("/invoices/<uuid:invoice_id>/print", "print_invoice", pages.print_invoice, GET),
    ("/invoices/<uuid:invoice_id>/pdf", "invoice_pdf", pages.invoice_pdf, GET),
):
    blueprint.add_url_rule(address, endpoint, view, methods=list(methods))
