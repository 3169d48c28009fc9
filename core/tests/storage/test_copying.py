from __future__ import annotations

import pytest
from sqlalchemy import text

from themis import storage
from themis.errors import StorageError
from themis.storage.copying import compare_runs, copy_runs
from themis.storage.integrity import verify_database
from themis.testing.recorded_runs import RecordedRun


@pytest.fixture
def target():
    with storage.InMemoryRunStore() as store:
        yield store


@pytest.fixture
def source(root, plan, timed_out):
    """Two runs that share candidates, one with failures, items, progress, steps; an import."""

    def outcome(cell):
        return timed_out if (cell.model, cell.item_id) == ("beta", "i2") else 0.5

    with storage.sqlite_store(root) as store:
        RecordedRun(outcome=outcome, status="partial_failure").record(store)
        one, two = plan(store), plan(store, "two")
        store.append([one.generated(0), one.evaluated(0), one.generated(1)])
        store.append([two.generated(1, ok=False), two.generated(0), two.evaluated(0)])
        imported = storage.generated(
            None, candidate_id="ab" * 32, trial=0, sample=0, seed=1, inference=None
        )
        store.append([imported, two.generated(1)])
        yield store


def count(store):
    with store.reader() as connection:
        return connection.scalar(text("SELECT count(*) FROM events"))


def whole(store):
    return verify_database(store.reading, store.blobs, place="here").findings == []


def test_every_run_item_and_event_is_copied(source, target):
    done = copy_runs(source, target)
    assert (done.runs, done.events, done.present) == (3, count(source), 0)
    assert done.items == 3
    assert compare_runs(source, target) == []
    assert count(target) == count(source)
    assert whole(target)


def test_events_keep_their_time_and_content(source, target):
    copy_runs(source, target)
    for seq in range(1, count(source) + 1):
        assert target.event(seq) == source.event(seq)


def test_a_copy_that_is_repeated_writes_nothing(source, target):
    first = copy_runs(source, target)
    again = copy_runs(source, target)
    assert (again.runs, again.items, again.events) == (0, 0, 0)
    assert again.present == first.events
    assert count(target) == count(source)


def test_a_store_with_runs_of_its_own_takes_others(source, target, plan):
    RecordedRun(name="own").record(target)
    own = plan(target, "three")
    target.append([own.generated(0)])  # which the first run of the source made too
    before = count(target)
    copy_runs(source, target)
    assert compare_runs(source, target) == []
    assert whole(target)
    after = count(target)
    assert copy_runs(source, target).events == 0
    assert count(target) == after > before


def test_a_copy_goes_on_where_the_source_went_on(source, target, plan):
    copy_runs(source, target)
    script = plan(source)
    source.append([script.generated(2), storage.run_status(script.run, status="completed")])
    assert compare_runs(source, target) != []
    assert copy_runs(source, target).events == 2
    assert compare_runs(source, target) == []


def test_a_difference_is_named(source, target, plan):
    copy_runs(source, target)
    script = plan(target)
    target.append([script.generated(3)])
    [difference] = compare_runs(source, target)
    assert difference.endswith("its candidates differ")


def test_an_altered_event_of_the_source_is_not_copied(source, target):
    with source.writing.begin() as connection:
        connection.execute(text("UPDATE events SET at = at + 1 WHERE seq = 4"))
    with pytest.raises(StorageError, match=r"event 4 .* is altered"):
        copy_runs(source, target)
