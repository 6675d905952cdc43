"""The registrar: names under four endings, registered, renewed, pointed at name servers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, request

from core.testing.sandbox.api import Answer, act, as_json, idempotency_key, require_secret_key, the_world
from core.testing.sandbox.books import Record, stamp
from core.testing.sandbox.fields import HOST_NAME, Body, Refusal, invalid

ENDINGS = ("example", "com", "net", "org")
MOST_YEARS = 10  # what a registry sells ahead (ICANN registry agreements)
MOST_NAMESERVERS = 13

server = Blueprint("registrar", __name__, url_prefix="/registrar")
server.before_request(require_secret_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    key: str | None
    domain: str
    years: int
    nameservers: Sequence[str]
    contact: Mapping[str, str]
    marker: str | None


def read_domain(domain: str) -> str:
    """A name that is sold here: one label and an ending of ours. Raises Refusal."""
    if not HOST_NAME.fullmatch(domain):
        raise invalid("domain", "A domain is written in lower case, as in name.example.")
    label, _, ending = domain.partition(".")
    if ending not in ENDINGS or not label:
        raise invalid("domain", f"Sold here: {', '.join(ENDINGS)}.", "unsupported_ending")
    return domain


def years_later(start: date, years: int) -> date:
    """The same day so many years later; 28 February where there is no 29th."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def is_taken(tx: sqlite3.Connection, domain: str) -> bool:
    """Somebody has it: the whole world has every name with "taken" in it."""
    if "taken" in domain.partition(".")[0]:
        return True
    return tx.execute("SELECT 1 FROM domains WHERE domain = ?", (domain,)).fetchone() is not None


@server.get("/check")
def check() -> Response:
    """Whether a name is free. An ending that is not sold here is not available, and says so."""
    domain = request.args.get("domain", "")
    try:
        read_domain(domain)
    except Refusal as refusal:
        if refusal.code != "unsupported_ending":
            raise
        return as_json({"domain": domain, "available": False, "reason": "unsupported"})
    with the_world().books.reading() as tx:
        taken = is_taken(tx, domain)
    return as_json({"domain": domain, "available": not taken, "reason": "taken" if taken else None})


@server.post("/domains")
def register_domain() -> Response:
    body = Body.of_request()
    wish = Wish(
        key=idempotency_key(),
        domain=read_domain(body.text("domain", most=253)),
        years=body.whole("years", 1, MOST_YEARS),
        nameservers=body.host_names("nameservers", MOST_NAMESERVERS),
        contact=body.texts("contact", 20),
        marker=body.optional_text("marker"),
    )
    if "@" not in wish.contact.get("email", ""):
        raise invalid("contact", "The contact needs an email address.")
    return act("registrar.register", body, lambda tx: register(tx, wish))


def register(tx: sqlite3.Connection, wish: Wish) -> Answer:
    if is_taken(tx, wish.domain):
        raise Refusal(409, "taken", "This name is taken.", "domain")
    now = the_world().now()
    tx.execute(
        "INSERT INTO domains (domain, key, expires_on, nameservers, contact, marker, registered_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (wish.domain, wish.key, years_later(now.date(), wish.years).isoformat(),
         json.dumps(list(wish.nameservers)), json.dumps(dict(wish.contact)), wish.marker, stamp(now)),
    )  # fmt: skip
    return Answer(domain_record(find_domain(tx, wish.domain)), 201)


def find_domain(tx: sqlite3.Connection, domain: str) -> sqlite3.Row:
    row = tx.execute("SELECT * FROM domains WHERE domain = ?", (domain,)).fetchone()
    if row is None:
        raise Refusal(404, "no_such_domain", "This name is not registered through us.")
    found: sqlite3.Row = row
    return found


def domain_record(row: sqlite3.Row) -> Record:
    names = ("domain", "key", "expires_on", "marker", "renewals", "registered_at")
    return {name: row[name] for name in names} | {
        "nameservers": json.loads(row["nameservers"]),
        "contact": json.loads(row["contact"]),
    }


def domain_records(tx: sqlite3.Connection) -> list[Record]:
    return [domain_record(row) for row in tx.execute("SELECT * FROM domains ORDER BY n").fetchall()]


@server.get("/domains")
def list_domains() -> Response:
    with the_world().books.reading() as tx:
        return as_json({"data": domain_records(tx)})


@server.get("/domains/<domain>")
def show_domain(domain: str) -> Response:
    with the_world().books.reading() as tx:
        return as_json(domain_record(find_domain(tx, domain)))


@server.post("/domains/<domain>/renew")
def renew_domain(domain: str) -> Response:
    """Prolong from the expiry the caller knows, so that a renewal repeated by mistake is refused."""
    body = Body.of_request()
    years = body.whole("years", 1, MOST_YEARS)
    expires_on = body.text("expires_on", most=10)
    return act("registrar.renew", body, lambda tx: renew(tx, domain, years, expires_on))


def renew(tx: sqlite3.Connection, domain: str, years: int, expires_on: str) -> Answer:
    row = find_domain(tx, domain)
    if row["expires_on"] != expires_on:
        raise Refusal(409, "stale_expiry", f"This name expires on {row['expires_on']}.", "expires_on")
    until = years_later(date.fromisoformat(expires_on), years)
    if until > years_later(the_world().now().date(), MOST_YEARS):
        raise invalid("years", f"A name runs at most {MOST_YEARS} years ahead.", "too_long")
    tx.execute(
        "UPDATE domains SET expires_on = ?, renewals = renewals + 1 WHERE domain = ?",
        (until.isoformat(), domain),
    )
    return Answer(domain_record(find_domain(tx, domain)))


@server.put("/domains/<domain>/nameservers")
def set_nameservers(domain: str) -> Response:
    body = Body.of_request()
    names = json.dumps(body.host_names("nameservers", MOST_NAMESERVERS))

    def run(tx: sqlite3.Connection) -> Answer:
        find_domain(tx, domain)
        tx.execute("UPDATE domains SET nameservers = ? WHERE domain = ?", (names, domain))
        return Answer(domain_record(find_domain(tx, domain)))

    return act("registrar.nameservers", body, run)
