"""All addresses of the portal in one place. Everything but the door asks who is there."""

from __future__ import annotations

from flask import Blueprint

from core.web.portal import access, factors, inside, pages, proving, security, signing, ways

GET = ("GET",)

blueprint = Blueprint("portal", __name__, url_prefix="/portal")
blueprint.before_request(access.guard)

for address, endpoint, view, methods in (
    ("/", "home", pages.home, GET),
    ("/sign-in", "sign_in", signing.sign_in, ("GET", "POST")),
    ("/sign-in/factor", "factor", signing.factor, ("GET", "POST")),
    ("/sign-in/passkey", "sign_in_passkey", signing.sign_in_with_passkey, ("POST",)),
    ("/sign-in/challenge", "sign_in_challenge", signing.challenge, ("POST",)),
    ("/sign-out", "sign_out", signing.sign_out, ("POST",)),
    ("/leave", "leave", inside.leave, ("POST",)),
    ("/reset", "reset", signing.forgotten, ("GET", "POST")),
    ("/reset/<token>", "choose_password", signing.choose_password, ("GET", "POST")),
    ("/security", "security", security.show, GET),
    ("/security/password", "security_password", security.change_password, ("POST",)),
    ("/security/sessions/<uuid:session_id>/end", "session_end", security.end_session, ("POST",)),
    ("/security/sessions/end-others", "sessions_end", security.end_others, ("POST",)),
    ("/security/prove", "prove", proving.prove, ("GET", "POST")),
    ("/security/challenge", "prove_challenge", proving.challenge, ("POST",)),
    ("/security/factors", "factors", factors.show, GET),
    ("/security/factors/app/begin", "factor_app_begin", factors.begin_app, ("POST",)),
    ("/security/factors/app", "factor_app", factors.show_app, GET),
    ("/security/factors/app.svg", "factor_app_picture", factors.picture, GET),
    ("/security/factors/app/confirm", "factor_app_confirm", factors.confirm_app, ("POST",)),
    ("/security/factors/passkey/challenge", "factor_passkey_challenge", factors.passkey_challenge, ("POST",)),
    ("/security/factors/passkey", "factor_passkey", factors.add_passkey, ("POST",)),
    ("/security/factors/<uuid:factor_id>/remove", "factor_remove", factors.remove, ("POST",)),
    ("/security/codes", "codes_new", factors.new_codes, ("POST",)),
    ("/security/codes/file", "codes_file", factors.codes_file, ("POST",)),
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
