from __future__ import annotations

import pytest

from themis.results.item_fields import item_field
from themis.results.source import RunSource


def test_a_field_is_read_from_the_stored_items(result_of, run_store):
    source = RunSource(run_store, result_of().run_id)
    names = item_field(source, "question")
    hashes = _hashes(run_store)

    assert len(set(names(hashes).values())) == 3


def test_an_unknown_field_lists_those_an_item_has(result_of, run_store):
    source = RunSource(run_store, result_of().run_id)

    with pytest.raises(ValueError, match=r"no field 'passage' to cluster by; it has: .*question"):
        item_field(source, "passage")(_hashes(run_store))


def test_an_item_that_is_not_stored_has_no_field(result_of, run_store):
    source = RunSource(run_store, result_of().run_id)

    with pytest.raises(ValueError, match="item 000000000000 is not stored: only stored items"):
        item_field(source, "question")([bytes(32)])


def _hashes(store) -> list[bytes]:
    from sqlalchemy import select

    from themis.storage import schema

    with store.reader() as connection:
        return list(connection.scalars(select(schema.items.c.item_hash)))
