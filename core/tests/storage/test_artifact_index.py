from __future__ import annotations

import pytest
from sqlalchemy import create_engine, func, select

from themis.storage.artifact_index import ArtifactIndex, ArtifactLookup
from themis.storage.schema import artifacts, metadata


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def keys(*numbers):
    return [number.to_bytes(32, "big") for number in numbers]


def levels(connection):
    query = select(artifacts.c.level, func.count()).group_by(artifacts.c.level)
    return dict(tuple(row) for row in connection.execute(query))


def test_a_full_first_level_moves_on(connection):
    index = ArtifactIndex(connection.dialect, new_keys=3)
    index.add(connection, zip(keys(5, 1), (1, 2), strict=True))
    assert levels(connection) == {0: 2}
    index.add(connection, zip(keys(3, 4), (3, 4), strict=True))
    assert levels(connection) == {1: 4}


def test_keys_of_every_beginning_move_on(connection):
    stored = [bytes([byte]) * 32 for byte in range(256)]
    index = ArtifactIndex(connection.dialect, new_keys=len(stored))
    index.add(connection, zip(stored, range(256), strict=True))
    assert levels(connection) == {1: 256}
    found = ArtifactLookup(connection.dialect).known(connection, stored)
    assert found == dict(zip(stored, range(256), strict=True))


def test_keys_are_found_on_every_level(connection):
    index = ArtifactIndex(connection.dialect, new_keys=2)
    for number in range(5):
        index.add(connection, [(keys(number)[0], number + 10)])
    found = ArtifactLookup(connection.dialect).known(connection, keys(0, 3, 4, 9))
    assert found == dict(zip(keys(0, 3, 4), (10, 13, 14), strict=True))


def test_a_key_that_is_added_again_keeps_its_event(connection):
    index = ArtifactIndex(connection.dialect, new_keys=100)
    index.add(connection, [(keys(1)[0], 7)])
    index.add(connection, [(keys(1)[0], 8)])
    assert ArtifactLookup(connection.dialect).known(connection, keys(1)) == {keys(1)[0]: 7}


def test_a_key_that_comes_again_after_it_moved_keeps_its_event_when_it_moves(connection):
    index = ArtifactIndex(connection.dialect, new_keys=1)
    index.add(connection, [(keys(1)[0], 7)])
    index.add(connection, [(keys(1)[0], 8)])
    assert levels(connection) == {1: 1}
    assert ArtifactLookup(connection.dialect).known(connection, keys(1)) == {keys(1)[0]: 7}


def test_a_new_index_counts_what_is_there(connection):
    ArtifactIndex(connection.dialect, new_keys=3).add(connection, [(key, 1) for key in keys(1, 2)])
    ArtifactIndex(connection.dialect, new_keys=3).add(connection, [(keys(3)[0], 1)])
    assert levels(connection) == {1: 3}


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 3000])
def test_any_number_of_keys_can_be_asked_for(connection, count):
    wanted = keys(*range(count))
    ArtifactIndex(connection.dialect).add(connection, [(key, 1) for key in wanted])
    assert ArtifactLookup(connection.dialect).known(connection, wanted).keys() == set(wanted)
