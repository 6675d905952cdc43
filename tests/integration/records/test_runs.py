"""A run can be cut anywhere, taken up, stopped, met by another: no row is lost, none is there twice."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from core.clients.models import Client, Contact
from core.kernel.problems import Conflict, NotFound
from core.records.importing import files, running, service
from core.records.importing.running import Run
from core.records.models import Import
from tests.fixtures.crash import Boom, Fuse
from tests.fixtures.race import race
from tests.integration.records.conftest import ACTOR, Library, people, table

LayFuse = Callable[..., Fuse]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 2)


def started(library: Library, rows: int, mark: str = "R", *, bad: int = 0) -> UUID:
    """An import that was checked and is to be run; row ``bad`` will be refused."""
    held = people(rows)
    for number, row in enumerate(held, start=1):
        row["reference"] = f"{mark}{number}"
        if number == bad:
            row["email"] = "no"
    import_id = library.checked("clients", table(held))
    service.read_in(library.house, import_id, actor=ACTOR, here=True)
    return import_id


def references(library: Library, mark: str) -> list[str]:
    found = (client.external_reference for client in library.all(Client))
    return sorted(reference for reference in found if reference.startswith(mark))


def test_killed_at_every_commit(library: Library, fuse: LayFuse) -> None:
    counting = fuse(0)
    import_id = started(library, 3, "count-", bad=2)
    counting.seen.clear()
    library.run(import_id)
    steps = len(counting.seen)
    assert steps >= 8

    for step in range(1, steps + 1):
        fuse(0)
        import_id = started(library, 3, f"{step}-", bad=2)
        fuse(step)
        with pytest.raises(Boom):
            library.run(import_id)
        fuse(0)
        view = library.run(import_id)
        assert (view.state, view.made, view.known, view.refused, view.done) == ("done", 2, 0, 1, 3), step
        assert references(library, f"{step}-") == [f"{step}-{n}" for n in (1, 3)], step
        assert len(library.page(import_id).refused) == 1
    assert library.count(Client) == library.count(Contact) == 2 * (steps + 1)


def test_dying_again_and_again_still_comes_to_an_end(library: Library, fuse: LayFuse) -> None:
    import_id = started(library, 9)
    fuse(4, True)
    for _death in range(20):
        try:
            view = library.run(import_id)
            break
        except Boom:
            continue
    else:
        pytest.fail("it never ended")
    fuse(0)
    assert (view.made, library.count(Client)) == (9, 9)


def test_two_workers_at_once(library: Library) -> None:
    import_id = started(library, 12)
    race(2, lambda _number: running.run(library.house, import_id))
    view = library.view(import_id)
    assert (view.state, view.made, view.known, view.refused) == ("done", 12, 0, 0)
    assert library.count(Client) == 12


def test_a_run_of_an_earlier_turn_writes_nothing(library: Library) -> None:
    """A worker that slept through the check must not take the real run for its own."""
    import_id = library.take("clients", table(people(3)))
    library.lay(import_id)
    old = running._begin(library.house, import_id)
    assert isinstance(old, Run)
    library.run(import_id)
    service.read_in(library.house, import_id, actor=ACTOR, here=True)
    running._begin(library.house, import_id)

    assert not running._go_on(library.house, old, lambda _line: None)
    assert library.view(import_id).done == 0
    assert library.run(import_id).made == 3
    assert library.count(Client) == 3


def test_it_stops_after_a_chunk_and_goes_on_from_there(library: Library) -> None:
    import_id = started(library, 7)

    def stop_soon(line: int) -> None:
        if line == 4:
            service.stop(library.house, import_id, actor=ACTOR)

    view = library.run(import_id, told=stop_soon)
    assert (view.state, view.done, view.made, library.count(Client)) == ("stopped", 4, 4, 4)
    assert library.run(import_id).done == 4, "what was stopped stays so"

    service.go_on(library.house, import_id, actor=ACTOR)
    assert library.house.engine.asked == [(running.TASK, import_id, service.QUEUE, 3)]
    view = library.run(import_id)
    assert (view.state, view.made, library.count(Client)) == ("done", 7, 7)


def test_what_a_file_holds_twice_is_known_after_a_crash_too(library: Library, fuse: LayFuse) -> None:
    rows = people(6)
    rows[5]["reference"] = "R1"
    import_id = library.checked("clients", table(rows))
    service.read_in(library.house, import_id, actor=ACTOR, here=True)
    fuse(4)
    with pytest.raises(Boom):
        library.run(import_id)
    fuse(0)
    view = library.run(import_id)
    assert (view.made, view.known, view.refused) == (5, 0, 1)
    assert "Row 1" in library.page(import_id).refused[0].messages["reference"]


def test_buttons_out_of_time_are_refused(library: Library) -> None:
    house, import_id = library.house, library.take("clients", table(people(3)))
    for do in (service.stop, service.go_on, service.read_in):
        with pytest.raises(Conflict):
            do(house, import_id, actor=ACTOR)
    library.lay(import_id)
    with pytest.raises(Conflict):
        library.lay(import_id)
    with pytest.raises(Conflict):
        service.remove_file(house, import_id, actor=ACTOR)
    library.run(import_id)
    service.read_in(house, import_id, actor=ACTOR)
    with pytest.raises(Conflict):
        service.read_in(house, import_id, actor=ACTOR)
    assert [turn for _task, _id, _queue, turn in house.engine.asked] == [2]
    with pytest.raises(NotFound):
        service.stop(house, UUID(int=1), actor=ACTOR)


def test_a_file_that_is_gone_ends_the_run_with_a_reason(library: Library) -> None:
    import_id = started(library, 3)
    for name in library.kept():
        files.remove(library.data, name)
    view = library.run(import_id)
    assert (view.state, library.count(Client)) == ("failed", 0)
    assert "Upload it again" in view.note


def test_what_nobody_foresaw_ends_the_run_with_a_reason_and_it_can_go_on(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = started(library, 3)
    with monkeypatch.context() as broken:
        broken.setattr(running, "_judged", lambda *_args: {}["a fault"])
        with pytest.raises(KeyError):
            library.run(import_id)
    view = library.view(import_id)
    assert view.state == "failed"
    assert "A fault of ours stopped it at row 1." in view.note
    service.go_on(library.house, import_id, actor=ACTOR, here=True)
    assert library.run(import_id).state == "done"


def test_files_go_when_their_time_has_come(library: Library) -> None:
    done = library.read_in("clients", table(people(1))).view.id
    waiting = library.take("clients", table(people(2)))
    running_one = started(library, 3)
    assert len(library.kept()) == 3
    library.house.clock.advance(days=29)
    assert service.sweep(library.house) == 0
    library.house.clock.advance(days=2)
    assert service.sweep(library.house) == 2
    assert service.sweep(library.house) == 0
    assert [library.view(one).has_file for one in (done, waiting, running_one)] == [False, False, True]
    assert len(library.kept()) == 1
    assert library.view(done).made == 1
    assert library.page(done).sample == ()


def test_a_file_of_no_import_is_swept_away(library: Library) -> None:
    library.take("clients", table(people(1)))
    stray = files.folder(library.data) / "stray.csv"
    stray.write_text("a\n1\n")
    service.sweep(library.house)
    assert stray.exists(), "somebody may be uploading it"
    library.house.clock.advance(days=20000)
    service.sweep(library.house)
    assert not stray.exists()


def test_a_file_is_removed_when_asked(library: Library) -> None:
    import_id = library.read_in("clients", table(people(1))).view.id
    service.remove_file(library.house, import_id, actor=ACTOR)
    assert library.kept() == []
    with pytest.raises(Conflict):
        service.go_on(library.house, import_id, actor=ACTOR)
    assert library.all(Import)[0].made == 1


def test_the_sweep_waits_from_the_end_not_from_the_upload(library: Library) -> None:
    import_id = library.take("clients", table(people(1)))
    library.house.clock.advance(days=20)
    library.lay(import_id)
    library.run(import_id)
    library.house.clock.advance(days=20)
    assert service.sweep(library.house) == 0
