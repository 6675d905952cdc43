"""Identifiers are UUIDv7, unique, and in the order they were made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from core.kernel.ids import new_id


def test_ids_of_one_process_are_in_the_order_they_were_made() -> None:
    made = [new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {"specified in RFC 4122"}


def test_ids_of_many_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id(), range(4000)))
    assert len(set(made)) == 4000
