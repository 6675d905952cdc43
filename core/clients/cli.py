"""``innkeeper client``: accounts and their contacts from the shell, by the same rules as at the desk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import click
from sqlalchemy.orm import Session

from core.clients import accounts, contacts, custom, desk_rules, queries, statuses
from core.clients.accounts import Zones
from core.clients.contacts import NewPerson
from core.clients.statuses import Closing
from core.clients.values import mail_types
from core.kernel.paging import Window
from core.kernel.problems import InvalidFields, NotFound
from core.kernel.work import House

ACTOR = "system"
MOST = 500
OpenHouse = Callable[[], AbstractContextManager[House]]
ZonesOf = Callable[[House], Zones]
ACCOUNT_FIELDS = (
    "company_name", "theme", "client_group", "status", "billing_day", "billing_country", "is_taxable",
    "tax_id",
)  # fmt: skip


def client_group(open_house: OpenHouse, zones_of: ZonesOf, closing: Closing) -> click.Group:
    """The commands. ``open_house`` is called when one runs, ``zones_of`` says where tax is charged,
    ``closing`` whether a client may be closed."""

    @click.group("client")
    def group() -> None:
        """Client accounts: add, change, list and show them, and give them another status.

        CLIENT is a client's number or its id. Fields have the names of the forms.
        """

    group.add_command(_add(open_house, zones_of))
    group.add_command(_edit(open_house, zones_of, closing))
    group.add_command(_add_contact(open_house))
    group.add_command(_list(open_house))
    group.add_command(_show(open_house))
    group.add_command(_set_status(open_house, closing))
    return group


@contextmanager
def told() -> Iterator[None]:
    """Each wrong field on a line of its own; exit code 2."""
    try:
        yield
    except InvalidFields as problem:
        for name, sentence in problem.messages.items():
            click.echo(f"{name}: {sentence}", err=True)
        sys.exit(2)


def _pairs(values: tuple[str, ...]) -> dict[str, str]:
    """Raises BadParameter for what is not NAME=VALUE."""
    split = [text.partition("=") for text in values]
    if wrong := [name for name, sign, _value in split if not sign]:
        raise click.BadParameter(f"{wrong[0]}: write NAME=VALUE.")
    return {name.strip(): value for name, _sign, value in split}


def _add(open_house: OpenHouse, zones_of: ZonesOf) -> click.Command:
    @click.command("add")
    @click.option("--company-name", default="")
    @click.option("--theme", default="", help="The brand, by its short name. Default: the main one.")
    @click.option("--client-group", default="", help="By its name.")
    @click.option("--status", default="", help="By its label. Default: the first active one.")
    @click.option("--billing-day", default="", help="1 to 31. Default: as the system has it.")
    @click.option("--billing-country", default="", help="Two letters, as in DE. Default: the brand's.")
    @click.option("--taxable/--not-taxable", default=True, show_default=True)
    @click.option("--tax-id", default="")
    @click.option("--custom", multiple=True, metavar="KEY=VALUE", help="A custom field.")
    def command(taxable: bool, custom: tuple[str, ...], **fields: str) -> None:
        """Add a client account; prints its number and id."""
        form = {**fields, "is_taxable": "1" if taxable else "", **_custom(custom)}
        with open_house() as house, told(), house.db.transaction() as session:
            client_id = accounts.add(session, house, form, zones=zones_of(house), actor=ACTOR)
            click.echo(f"{accounts.account(session, client_id).number} {client_id}")

    return command


def _custom(values: tuple[str, ...]) -> dict[str, str]:
    return {custom.PREFIX + key: value for key, value in _pairs(values).items()}


def _edit(open_house: OpenHouse, zones_of: ZonesOf, closing: Closing) -> click.Command:
    @click.command("edit")
    @click.argument("client")
    @click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
    @click.option("--reason", default="", help="For another status.")
    def command(client: str, fields: tuple[str, ...], reason: str) -> None:
        """Change fields of an account: company_name=..., status=..., custom_<key>=..."""
        changes = _pairs(fields)
        known = {*ACCOUNT_FIELDS, *(name for name in changes if name.startswith(custom.PREFIX))} - {"theme"}
        if unknown := sorted(set(changes) - known):
            raise click.BadParameter(f"There is no field {unknown[0]} to change.")
        with open_house() as house, told(), house.db.transaction() as session:
            account = accounts.account(session, find_client(session, client))
            form = {**account.form(), **_billing_day(changes), "reason": reason}
            done = accounts.change(
                session, house, account.id, form, version=account.version, zones=zones_of(house),
                closing=closing, actor=ACTOR,
            )  # fmt: skip
            click.echo("Saved." if done else "Nothing changes: it is like that already.")

    return command


def _billing_day(changes: Mapping[str, str]) -> dict[str, str]:
    """As the shell writes it: "" or a number, not the two fields of the form."""
    return {**changes, "billing_day_own": ""} if "billing_day" in changes else dict(changes)


def _add_contact(open_house: OpenHouse) -> click.Command:
    @click.command("add-contact")
    @click.argument("client")
    @click.argument("fields", nargs=-1, required=True, metavar="FIELD=VALUE...")
    @click.option("--role", "roles", multiple=True, type=click.Choice([key for key, _ in desk_rules.ROLES]))
    @click.option("--mail", "mails", multiple=True, help="A kind of mail. Default: all. `none` for none.")
    def command(client: str, fields: tuple[str, ...], roles: tuple[str, ...], mails: tuple[str, ...]) -> None:
        """Add a contact; a client's first one is the primary. With a username an invitation is mailed."""
        form = _pairs(fields)
        if "password" in form or "confirm_password" in form:
            raise click.BadParameter("Passwords do not go on a command line: the contact is invited.")
        chosen = list(mails) if mails else [key for key, _label in mail_types()]
        with open_house() as house, told(), house.db.transaction() as session:
            client_id = find_client(session, client)
            actions = [one for one in chosen if one != "none"]
            contact = desk_rules.check_contact({**form, "email_actions": actions})
            offered = custom.fields_of(session, "contact")
            values, wrong = custom.check(offered, form)
            if wrong:
                raise InvalidFields(wrong)
            new = NewPerson(contact=contact, roles=roles, custom=values)
            click.echo(str(contacts.add(session, house, client_id, new, actor=ACTOR)))

    return command


def _list(open_house: OpenHouse) -> click.Command:
    @click.command("list")
    @click.option("--search", "q", default="", help="A number, a name or an email.")
    @click.option("--status", default="", help="By its label.")
    @click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True)
    def command(q: str, status: str, limit: int) -> None:
        """Clients, newest first: number, status, name, email, divided by tabs."""
        with open_house() as house, house.db.read() as session:
            found = queries.list_clients(session, Window(size=limit), q=q, status=status)
            for row in found.items:
                click.echo("\t".join((str(row.number), row.status, row.name, row.email)))

    return command


def _show(open_house: OpenHouse) -> click.Command:
    @click.command("show")
    @click.argument("client")
    def command(client: str) -> None:
        """One client: its account, its contacts, and the way its status came."""
        with open_house() as house, house.db.read() as session:
            client_id = find_client(session, client)
            account, page = accounts.account(session, client_id), queries.client_page(session, client_id)
            people, way = contacts.people(session, client_id), statuses.history(session, client_id)
            named = {str(one.id): one.label for one in accounts.choices(session).groups}
        assert page is not None
        form = account.form()
        facts = form | {
            "status": page.client.status, "client_group": named.get(form["client_group"], ""),
            "billing_day": form["billing_day_own"], "is_taxable": "yes" if account.is_taxable else "no",
        }  # fmt: skip
        click.echo(f"Client {account.number} of {account.brand.name}\nid: {account.id}")
        for name in (*ACCOUNT_FIELDS, *(one for one in facts if one.startswith(custom.PREFIX))):
            click.echo(f"{name}: {facts[name]}")
        for one in people:
            mark = " (primary)" if one.is_primary else ""
            click.echo(f"contact{mark}: {one.name} <{one.fields['email']}> {one.id}")
        for step in way:
            told = f" ({step.reason})" if step.reason else ""
            click.echo(f"{step.at:%Y-%m-%d %H:%M}Z: {step.from_label or 'new'} to {step.to_label}{told}")

    return command


def _set_status(open_house: OpenHouse, closing: Closing) -> click.Command:
    @click.command("set-status")
    @click.argument("client")
    @click.argument("status")
    @click.option("--reason", default="", help="Kept in the history.")
    def command(client: str, status: str, reason: str) -> None:
        """Give a client another status, by its label. Only active accounts are billed.

        Nobody is closed while services live, invoices are open or money moves.
        """
        with open_house() as house, told(), house.db.transaction() as session:
            client_id, wanted = find_client(session, client), statuses.find(session, status)
            moved = statuses.change_status(
                session, house, client_id, wanted, closing=closing, reason=reason, actor=ACTOR
            )
            click.echo("Changed." if moved else "Nothing changes: it has that status already.")

    return command


def find_client(session: Session, text: str) -> UUID:
    """A client by id or number. Raises NotFound; BadParameter when two brands count up to that number."""
    try:
        return accounts.account(session, UUID(text)).id
    except ValueError:
        pass
    found = accounts.numbered(session, int(text)) if text.isascii() and text.isdigit() else ()
    if not found:
        raise NotFound(f"There is no client {text}.")
    if len(found) > 1:
        raise click.BadParameter(f"Several brands have a client {text}: give its id.")
    return found[0]
