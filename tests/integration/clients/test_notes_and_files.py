"""Files of a client: the quota holds for many at once, and a crash leaves no row without its bytes."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from core.clients import files
from core.clients.models import Client, ClientFile
from core.kernel.problems import InvalidFields, NotFound
from tests.fixtures.innkeeper import Inn
from tests.fixtures.race import race


@pytest.fixture
def database_url(demo_database_url: str) -> str:
    return demo_database_url


def a_client(inn: Inn) -> UUID:
    inn.place_order("manual", drain=False)
    with inn.db.read() as session:
        return session.execute(select(Client.id)).scalar_one()


def add(inn: Inn, folder: Path, client_id: UUID, data: bytes = b"0123456789") -> UUID:
    return files.add(
        inn.house, folder, client_id, name="a.txt", data=data, actor="staff:x", actor_name="Marta"
    )


def kept(folder: Path) -> int:
    return sum(one.is_file() for one in (folder / "files").rglob("*"))


def test_the_quota_holds_for_many_at_once(inn: Inn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_OF_CLIENT", 35)
    client_id = a_client(inn)

    def one(_: int) -> bool:
        try:
            add(inn, tmp_path, client_id)
        except InvalidFields:
            return False
        return True

    assert sum(race(8, one)) == 3
    assert kept(tmp_path) == 3  # what was refused left nothing behind
    with inn.db.read() as session:
        assert files.used(session, client_id) == (3, 30)


def test_of_a_client_that_is_not_there_nothing_is_kept(inn: Inn, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        add(inn, tmp_path, UUID(int=7))
    assert kept(tmp_path) == 0


def test_two_who_delete_one_file(inn: Inn, tmp_path: Path) -> None:
    client_id = a_client(inn)
    file_id = add(inn, tmp_path, client_id)

    def delete(_: int) -> bool:
        try:
            files.remove(inn.house, tmp_path, file_id, actor="staff:x")
        except NotFound:
            return False
        return True

    assert sum(race(2, delete)) == 1
    assert kept(tmp_path) == 0
    with inn.db.read() as session:
        assert not session.execute(select(ClientFile.id)).all()
