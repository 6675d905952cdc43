"""The admin under /admin/: thin pages over the slices' read models and use cases.

Importing this package hangs every route on ``core.web.admin.blueprint.blueprint``.
"""

from __future__ import annotations

from core.web.admin import (
    audit as audit,
)
from core.web.admin import (
    clients as clients,
)
from core.web.admin import (
    dashboard as dashboard,
)
from core.web.admin import (
    expiring as expiring,
)
from core.web.admin import (
    invoices as invoices,
)
from core.web.admin import (
    jobs as jobs,
)
from core.web.admin import (
    mails as mails,
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
    search as search,
)
from core.web.admin import (
    servers as servers,
)
from core.web.admin import (
    services as services,
)
from core.web.admin import (
    signing as signing,
)
from core.web.admin.client import (
    overview as overview,
)
