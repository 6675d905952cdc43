"""What each list of the admin shows. Importing this hangs them all on the blueprint."""

from __future__ import annotations

from core.web.admin.blueprint import blueprint
from core.web.admin.listing.routes import register
from core.web.admin.lists.clients import CLIENTS
from core.web.admin.lists.contacts import CONTACTS
from core.web.admin.lists.invoices import INVOICES
from core.web.admin.lists.jobs import JOBS
from core.web.admin.lists.mails import MAILS
from core.web.admin.lists.orders import ORDERS
from core.web.admin.lists.payments import PAYMENTS
from core.web.admin.lists.services import SERVICES

LISTS = (CLIENTS, CONTACTS, ORDERS, SERVICES, INVOICES, PAYMENTS, JOBS, MAILS)
for _one in LISTS:
    register(blueprint, _one)
