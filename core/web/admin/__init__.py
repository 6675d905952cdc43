"""The admin under /admin/: thin pages over the slices' read models and use cases.

Importing this package hangs every route on ``core.web.admin.blueprint.blueprint``.
"""

from __future__ import annotations

from core.web.admin import (
    audit,
    dashboard,
    expiring,
    imports,
    invoices,
    jobs,
    lists,
    mails,
    me,
    orders,
    payments,
    plugins,
    proving,
    roles,
    search,
    servers,
    service,
    settling,
    signing,
    staff,
)
from core.web.admin.client import (
    account,
    billing_accounts,
    contacts,
    overview,
)
from core.web.admin.client import (
    acting as client_acting,
)
from core.web.admin.client import (
    credit as client_credit,
)
from core.web.admin.client import (
    ending as client_ending,
)
from core.web.admin.client import (
    files as client_files,
)
from core.web.admin.client import (
    invoices as client_invoices,
)
from core.web.admin.client import (
    mails as client_mails,
)
from core.web.admin.client import (
    notes as client_notes,
)
from core.web.admin.client import (
    services as client_services,
)
from core.web.admin.client import (
    trail as client_trail,
)
from core.web.admin.setup import custom_fields, groups, statuses, tax_zones

ROUTES = (
    account, audit, billing_accounts, client_acting, client_credit, client_ending, client_files,
    client_invoices, client_mails, client_notes, client_services, client_trail, contacts, custom_fields,
    dashboard, expiring, groups, imports, invoices, jobs, lists, mails, me, orders, overview, payments,
    plugins, proving, roles, search, servers, service, settling, signing, staff, statuses, tax_zones,
)  # fmt: skip
