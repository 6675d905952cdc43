"""What tests of imports and figures stand on: a small host with a catalogue, and files to read in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.brands import service as brands
from core.brands.values import BrandView, NewBrand
from core.catalog import editing
from core.catalog.editing import NewProduct
from core.clients.service import ensure_statuses
from core.kernel.calendar import Cycle
from core.kernel.db import Base
from core.records.importing import files, guessing, queries, running, service
from core.records.importing.queries import ImportPage, ImportView
from core.settings import Settings
from tests.fixtures.house import SmallHouse

ACTOR = "staff:00000000-0000-0000-0000-000000000001"
PERSON = {
    "first_name": "Ada", "last_name": "Okonkwo", "email": "ada@pinewood.example",
    "street_address": "2207 East Cesar Chavez Street", "city": "Austin", "state": "TX",
    "postal_code": "78702", "country": "US", "primary_phone": "+1 512 555 0186",
}  # fmt: skip
Row = Mapping[str, str]


def table(rows: Iterable[Row], *, separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Rows as a file; its columns are all that any row has."""
    held = list(rows)
    names = list(dict.fromkeys(name for row in held for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", delimiter=separator)
    writer.writeheader()
    writer.writerows(held)
    return out.getvalue().encode(encoding)


def people(count: int, **more: str) -> list[dict[str, str]]:
    """Clients with references R1 and so on."""
    return [
        PERSON
        | {"reference": f"R{n}", "last_name": f"Okonkwo {n}", "email": f"ada{n}@pinewood.example"}
        | more
        for n in range(1, count + 1)
    ]


@dataclass(kw_only=True)
class Library:
    """A host that reads files in. Each call is what a person does on the screens."""

    house: SmallHouse
    brand: BrandView

    def take(self, kind: str, content: bytes, name: str = "file.csv") -> UUID:
        return service.take(self.house, kind, self.brand, name, io.BytesIO(content), actor=ACTOR)

    def page(self, import_id: UUID) -> ImportPage:
        with self.house.db.read() as session:
            found = queries.import_page(session, import_id)
        assert found is not None
        return found

    def view(self, import_id: UUID) -> ImportView:
        return self.page(import_id).view

    def lay(self, import_id: UUID, **more: str) -> None:
        """Keep the mapping as it was guessed, with these fields of its form on top."""
        mapped = self.page(import_id).mapped
        form = {f"column_{column}": name for name, column in mapped.columns.items()}
        service.save_mapping(self.house, import_id, form | more, actor=ACTOR, here=True)

    def run(self, import_id: UUID, **how: Any) -> ImportView:
        running.run(self.house, import_id, **how)
        return self.view(import_id)

    def checked(self, kind: str, content: bytes, **more: str) -> UUID:
        """Uploaded, laid and gone through, nothing written."""
        import_id = self.take(kind, content)
        self.lay(import_id, **more)
        assert self.run(import_id).state == "done"
        return import_id

    def read_in(self, kind: str, content: bytes, *, again: bool = False, **more: str) -> ImportPage:
        """From the file to its end."""
        import_id = self.checked(kind, content, **more)
        service.read_in(self.house, import_id, actor=ACTOR, again=again, here=True)
        assert self.run(import_id).state == "done"
        return self.page(import_id)

    def refused(self, import_id: UUID) -> bytes:
        """The error file."""
        with self.house.db.read() as session:
            return "".join(queries.refused_lines(session, self.data, import_id, {})).encode()

    @property
    def data(self) -> Path:
        return self.house.settings.data

    def kept(self) -> list[str]:
        """Names of the files in the folder."""
        return sorted(path.name for path in files.folder(self.data).glob("*"))

    def count(self, model: type[Base], *conditions: Any) -> int:
        with self.house.db.read() as session:
            return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0

    def all(self, model: type[Any], *conditions: Any) -> list[Any]:
        with self.house.db.read() as session:
            return list(session.scalars(select(model).where(*conditions).order_by(model.id)))

    def put_product(self, slug: str, prices: Mapping[str, int], **facts: Any) -> UUID:
        with self.house.db.transaction() as session:
            new = NewProduct(
                slug=slug, name=slug.replace("-", " ").title(), kind=facts.pop("kind", "other"), **facts
            )
            product_id = editing.add_product(session, self.brand.id, new)
            for cycle, minor in prices.items():
                editing.set_price(
                    session, product_id, currency="USD", cycle=Cycle.parse(cycle), amount_minor=minor,
                    setup_minor=0, valid_from=date(2020, 1, 1),
                )  # fmt: skip
        return product_id


@pytest.fixture
def library(house: SmallHouse, tmp_path: Path) -> Library:
    house.settings = Settings(data=tmp_path / "data")
    with house.db.transaction() as session:
        ensure_statuses(session)
        new = NewBrand(slug="main", name="Wayside Hosting", currency="USD", timezone="America/Chicago")
        brand = brands.brand_by_id(session, brands.set_up(session, new))
    return Library(house=house, brand=brand)


__all__ = ["ACTOR", "PERSON", "Library", "guessing", "people", "table"]
