"""What others read of a contact."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import uuid4

import pytest

from core.clients.values import ContactView


@pytest.mark.parametrize("kept", ["+15125550186", "+15125550186;ext=12"])
def test_registrars_get_a_number_without_extension(kept: str) -> None:
    values: dict[str, Any] = {one.name: "" for one in fields(ContactView)}
    ids = {"id": uuid4(), "client_id": uuid4(), "mail_choices": ()}
    assert ContactView(**(values | ids | {"primary_phone": kept})).main_number == "+15125550186"
