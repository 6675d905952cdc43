"""A brand to write for."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.brands.values import BrandView


@pytest.fixture
def brand() -> BrandView:
    return BrandView(
        id=UUID(int=1), slug="main", name="Wayside Hosting", theme="lobby", tokens={}, currency="USD",
        timezone="America/Chicago", locale="en", legal_name="Wayside Hosting LLC",
        legal_address="100 Congress Avenue\nAustin, TX 78701", tax_number="", country="US",
        mail_sender="billing@wayside.example", support_email="help@wayside.example", number_prefix="WH",
        invoice_due_days=14, tax_rounding="line",
    )  # fmt: skip
