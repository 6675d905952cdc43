"""The admin under /admin/: thin pages over the slices' read models and use cases.

Importing this package hangs every route on ``core.web.admin.blueprint.blueprint``.
"""

from __future__ import annotations

from core.web.admin import (
    audit as audit,
)
from core.web.admin import (
    dashboard as dashboard,
)
from core.web.admin import (
    expiring as expiring,
)
from core.web.admin import (
    imports as imports,
)
from core.web.admin import (
    invoices as invoices,
)
from core.web.admin import (
    jobs as jobs,
)
from core.web.admin import (
    lists as lists,
)
from core.web.admin import (
    mails as mails,
)
from core.web.admin import (
    me as me,
)
from core.web.admin import (
    orders as orders,
)
from core.web.admin import (
    payments as payments,
)
from core.web.admin import (
    plugins as plugins,
)
from core.web.admin import (
    proving as proving,
)
from core.web.admin import (
    roles as roles,
)
from core.web.admin import (
    search as search,
)
from core.web.admin import (
    servers as servers,
)
from core.web.admin import (
    service as service,
)
from core.web.admin import (
    settling as settling,
)
from core.web.admin import (
    signing as signing,
)
from core.web.admin import (
    staff as staff,
)
from core.web.admin.client import (
    account as account,
)
from core.web.admin.client import (
    acting as client_acting,
)
from core.web.admin.client import (
    billing_accounts as billing_accounts,
)
from core.web.admin.client import (
    contacts as contacts,
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
    overview as overview,
)
from core.web.admin.client import (
    services as client_services,
)
from core.web.admin.client import (
    trail as client_trail,
)
from core.web.admin.setup import (
    custom_fields as custom_fields,
)
from core.web.admin.setup import (
    groups as groups,
)
from core.web.admin.setup import (
    statuses as statuses,
)
from core.web.admin.setup import (
    tax_zones as tax_zones,
)
