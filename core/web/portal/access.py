"""Who is signed in to the portal, and for which clients of this brand they act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote
from uuid import UUID

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from core.clients import queries as clients
from core.clients import service as contacts
from core.identity import service as identity
from core.identity.values import Identity
from core.kernel.i18n import gettext as _
from core.kernel.problems import NotFound, Refused
from core.web import acting, cookies
from core.web.current import brand, house, now
from core.web.security import is_safe_path

COOKIE = "innkeeper_portal"
AREA = "portal"
# Pages for people who are not signed in
OPEN = frozenset(
    {
        "portal.sign_in", "portal.sign_in_passkey", "portal.sign_in_challenge", "portal.factor",
        "portal.reset", "portal.choose_password",
    }
)  # fmt: skip
# For who has shown within a quarter of an hour that it is still them
PROVEN = frozenset(
    {
        "portal.factors", "portal.factor_app_begin", "portal.factor_app", "portal.factor_app_picture",
        "portal.factor_app_confirm", "portal.factor_passkey_challenge", "portal.factor_passkey",
        "portal.factor_remove", "portal.codes_new", "portal.codes_file",
    }
)  # fmt: skip
LONGEST_PATH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A signed-in client. ``client_ids`` are theirs at this brand, in the order they got them; there are
    none when all their business is with another brand."""

    identity: Identity
    client_ids: tuple[UUID, ...]
    name: str
    first_name: str
    company: str

    @property
    def initials(self) -> str:
        parts = [part[0] for part in self.name.split() if part[0].isalnum()]
        return "".join(parts[:1] + parts[-1:] if len(parts) > 1 else parts).upper()


def visitor() -> Person | None:
    """The signed-in person behind this request. Asked of the database once a request."""
    if "portal_person" not in g:
        held = cookies.read(COOKIE)
        found = identity.session_of(house(), held, AREA) if held else None
        g.portal_person = _person(found) if found is not None else None
    return cast("Person | None", g.portal_person)


def person() -> Person:
    """The person behind this request, where the guard has let one in. Raises NotFound."""
    found = visitor()
    if found is None:
        raise NotFound
    return found


def is_staff() -> bool:
    """Whether somebody of the staff is inside the client's account: no payment data is shown to them."""
    return person().identity.acting_staff_id is not None


def themselves() -> Identity:
    """The client, and nobody for them. Raises Refused."""
    found = person().identity
    if found.acting_staff_id is not None:
        raise Refused(_("Only the client can see and change how they sign in."))
    return found


def own(client_id: UUID | None) -> None:
    """Raises NotFound for what is another client's: the same answer as for what does not exist."""
    if client_id is None or client_id not in person().client_ids:
        raise NotFound(_("There is no such page in your account."))


def guard() -> Response | None:
    """Before each request of the portal: whoever is not signed in is led to the door."""
    if request.endpoint in OPEN:
        return None
    found = visitor()
    if found is not None:
        acting.begin_for(found.identity.acting_for)
        return _proof()
    return redirect(url_for("portal.sign_in", next=_asked()), 303)


def _proof() -> Response | None:
    """Away to the page that asks who is there, when it is time. A form that comes too late is not kept: it
    has nothing in it that would be lost. Raises Refused for staff inside the account."""
    if request.endpoint not in PROVEN or themselves().is_proven(now()):
        return None
    back = request.path if request.method == "GET" else url_for("portal.factors")
    return redirect(url_for("portal.prove", next=back), 303)


def token() -> str:
    return cookies.read(COOKIE)


def path_after(wanted: str, otherwise: str) -> str:
    """Where to go next: a path of this site, and never back to the door.

    It must be one as it is read, too: what a proxy in front might decode does not slip through.
    """
    door, read = url_for("portal.sign_in"), unquote(wanted)
    if len(wanted) > LONGEST_PATH or not (is_safe_path(wanted) and is_safe_path(read)) or "\\" in read:
        return otherwise
    return otherwise if wanted.partition("?")[0].startswith((door, url_for("portal.reset"))) else wanted


def _person(found: Identity) -> Person:
    with house().db.read() as session:
        client_ids = clients.of_brand(session, found.client_ids, brand().id)
        contact = contacts.primary_contact(session, client_ids[0]) if client_ids else None
    return Person(
        identity=found,
        client_ids=client_ids,
        name=(contact.name if contact else "") or found.username,
        first_name=(contact.first_name if contact else "") or found.username,
        company=contact.company_name if contact else "",
    )


def _asked() -> str | None:
    """The page to come back to. A form is not sent twice."""
    if request.method != "GET" or request.path.rstrip("/") == url_for("portal.home").rstrip("/"):
        return None
    return request.full_path.rstrip("?")
