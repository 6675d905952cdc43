"""Domain names in an order: held for one service from placement on, registered with the buyer as owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.catalog.values import ProductView
from core.clients.values import ContactView
from core.domains import service as domains
from core.kernel.calendar import Cycle

WHOIS = (
    "first_name", "last_name", "company_name", "email", "street_address", "address_2", "city", "state",
    "postal_code", "country",
)  # fmt: skip
DEFAULT_YEARS = 1


def request_for(product: ProductView, cycle: Cycle, contact: ContactView) -> dict[str, Any]:
    """What a registrar needs beside the name: for how long, which name servers, whose it is."""
    options: Mapping[str, Any] = product.provisioner_options
    years = cycle.count if cycle.unit == "year" else int(options.get("years", DEFAULT_YEARS))
    whois = {field: str(getattr(contact, field) or "") for field in WHOIS} | {"phone": contact.main_number}
    return {
        "years": years,
        "nameservers": [str(one) for one in options.get("nameservers", ())],
        "whois": whois,
    }


def hold(
    session: Session, product: ProductView, name: str, service_id: UUID, request: Mapping[str, Any]
) -> None:
    """Keep the name for this service: of two who order it at once, one gets it. Raises Conflict."""
    domains.hold(
        session, name=name, service_id=service_id, registrar=product.provisioner, years=request["years"],
        nameservers=request["nameservers"], whois=request["whois"],
    )  # fmt: skip
