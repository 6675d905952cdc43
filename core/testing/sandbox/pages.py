"""The pages people see: what this world is, and where a wallet payment is approved."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from flask import (
    Blueprint,
    Response,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as AnyResponse

from core.testing.sandbox import bank, cards, panel, registrar
from core.testing.sandbox.api import the_world
from core.testing.sandbox.faults import all_faults
from core.testing.sandbox.fields import Refusal
from core.testing.sandbox.wallet import decide, find_payment

TOKENIZER = Path(__file__).parent / "static" / "tokenizer.js"

pages = Blueprint("pages", __name__)

# ISO 4217: how many decimals a currency has, where that is not two
DECIMALS = {"BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "OMR": 3,
            "PYG": 0, "TND": 3, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0, "XPF": 0}  # fmt: skip

SIZES = """
SELECT (SELECT count(*) FROM charges) AS charges, (SELECT count(*) FROM payments) AS payments,
       (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM accounts) AS accounts,
       (SELECT count(*) FROM domains) AS domains, (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM calls) AS calls
"""

CARD_WORDS = {
    "ok": "Succeeds",
    "card_declined": "Declined by the issuer",
    "insufficient_funds": "Declined: insufficient funds",
    "expired_card": "Declined: expired card",
    "incorrect_cvc": "Declined: wrong security code",
    "processing_error": "Declined: processing error",
    "challenge": "Asks the buyer to confirm (3-D Secure)",
}
BANK_WORDS = {
    "account_closed": "Declined: account closed",
    "no_account": "Declined: no such account",
    "returns": "Settles, then comes back two business days later (R01)",
}


def money(minor: int, currency: str) -> str:
    """Major units for people: 17926 USD is "179.26 USD"."""
    decimals = DECIMALS.get(currency, 2)
    whole, rest = divmod(minor, 10**decimals)
    return f"{whole:,}.{rest:0{decimals}d} {currency}" if decimals else f"{whole:,} {currency}"


class CardRow(NamedTuple):
    number: str
    brand: str
    words: str


def card_rows() -> list[CardRow]:
    return [
        CardRow(_spaced(number), cards.BRANDS[number[0]], CARD_WORDS[behaviour])
        for number, behaviour in cards.TEST_NUMBERS.items()
    ]


def _spaced(number: str) -> str:
    groups = (4, 6, 5) if len(number) == 15 else (4, 4, 4, 4)
    parts, start = [], 0
    for size in groups:
        parts.append(number[start : start + size])
        start += size
    return " ".join(parts)


@pages.get("/")
def index() -> str:
    world = the_world()
    with world.books.reading() as tx:
        sizes = dict(tx.execute(SIZES).fetchone())
        faults = all_faults(tx)
    return render_template(
        "index.html",
        cards=card_rows(),
        accounts=[(f"000 {ending}", BANK_WORDS[kind]) for ending, kind in bank.ENDINGS.items()],
        plans=panel.PLANS,
        endings=registrar.ENDINGS,
        sizes=sizes,
        faults=faults,
        clock=datetime.fromisoformat(str(bank.clock(world)["now"])),
    )


def from_our_own_page() -> None:
    """A form of another site must not press our buttons."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise Refusal(403, "wrong_origin", "This button belongs to another page.")


@pages.post("/desk/clock")
def move_clock() -> AnyResponse:
    """The buttons of the first page: one day, or three."""
    from_our_own_page()
    days = request.form.get("days", "")
    if days not in ("1", "3", "7"):
        raise Refusal(422, "invalid_field", "Choose 1, 3 or 7 days.", "days")
    bank.advance(the_world(), timedelta(days=int(days)))
    return redirect("/#bank", 303)


@pages.post("/desk/faults")
def drop_faults() -> AnyResponse:
    from_our_own_page()
    with the_world().books.transaction() as tx:
        tx.execute("DELETE FROM faults")
    return redirect("/#faults", 303)


@pages.get("/wallet/approve/<payment_id>")
def approval_page(payment_id: str) -> Response:
    with the_world().books.reading() as tx:
        payment = find_payment(tx, payment_id)
    return_url, cancel_url = payment["return_url"], payment["cancel_url"]
    # Chromium applies form-action to the redirect that follows the form as well.
    g.form_targets = sorted({_origin(return_url), _origin(cancel_url)})
    finished = payment["status"] != "created"
    return make_response(
        render_template(
            "approve.html",
            payment=payment,
            amount=money(payment["amount"], payment["currency"]),
            seller=urlsplit(return_url).netloc,
            finished=finished,
            onward=_with_payment(cancel_url if payment["status"] == "cancelled" else return_url, payment_id),
        )
    )


@pages.post("/wallet/approve/<payment_id>")
def approve_or_cancel(payment_id: str) -> AnyResponse:
    """The buyer's button. Pressed twice, the first counts, and both lead back to the seller."""
    from_our_own_page()
    choice = request.form.get("choice", "")
    if choice not in ("approve", "cancel"):
        raise Refusal(422, "invalid_field", "Choose approve or cancel.", "choice")
    world = the_world()
    with world.books.transaction() as tx:
        status = decide(tx, world, payment_id, request.host_url.rstrip("/"), approved=choice == "approve")
        payment = find_payment(tx, payment_id)
    world.news.set()
    goal = payment["cancel_url"] if status == "cancelled" else payment["return_url"]
    return redirect(_with_payment(goal, payment_id), 303)


def _with_payment(url: str, payment_id: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=f"{query}payment={quote(payment_id)}"))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@pages.get("/tokenizer.js")
def tokenizer() -> Response:
    """The script a seller's page imports from here, so that card numbers come to us alone."""
    response = Response(TOKENIZER.read_text(encoding="utf-8"), mimetype="text/javascript")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "no-cache"
    return response
