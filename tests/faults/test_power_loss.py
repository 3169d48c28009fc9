"""The power goes at any moment: nothing acknowledged is lost, and nothing is corrupt."""

from __future__ import annotations

import itertools
import random
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.pool import StaticPool

from themis.errors import StorageError
from themis.storage import SqlRunStore, run_status, sqlite_store
from themis.storage.blobs import BlobDirectory
from themis.storage.migrations import migrate
from themis.storage.payloads import PayloadFormat
from themis.storage.sqlite import _WRITER_PRAGMAS
from themis.storage.sqlite_store import DATABASE
from themis.testing.kits.events import candidate_key, planned, recorded, step, trials

from .invariants import broken
from .power import Disk, Recording, connect

pytestmark = pytest.mark.slow

TRIALS = 400
NAMES = itertools.count()


class RecordedStore(SqlRunStore):
    """A SQLite store whose every write to a file is recorded."""

    def __init__(self, root: Path, vfs: Recording, pragmas: tuple[str, ...]) -> None:
        self.blobs = BlobDirectory(root / "blobs")
        self.writing = create_engine(
            "sqlite://",
            creator=lambda: connect(root / DATABASE, vfs, (*_WRITER_PRAGMAS, *pragmas)),
            poolclass=StaticPool,
        )
        sqlalchemy_event.listen(
            self.writing, "begin", lambda one: one.exec_driver_sql("BEGIN IMMEDIATE")
        )
        with self.writing.begin() as connection:
            migrate(connection, place=str(root))
        with ExitStack() as held:
            held.callback(self.writing.dispose)
            super().__init__(
                reading=self.writing,
                writing=self.writing,
                payloads=PayloadFormat(self.blobs),
                place=str(root),
                held=held,
            )


def recording(root, chance, *pragmas):
    """What a run of some hundreds of events does to the files, with two reopenings."""
    vfs = Recording(f"power-{next(NAMES)}")
    root.mkdir()
    with RecordedStore(root, vfs, pragmas) as store:
        [run] = store.append([planned()])
        vfs.acknowledge([run])
        vfs.acknowledge(store.append(trials(run, TRIALS)))
    number = 0
    while number < TRIALS:
        with RecordedStore(root, vfs, pragmas) as store:
            for _ in range(20):
                count = min(chance.randint(1, 12), TRIALS - number)
                events = [recorded(run, number + n, text="x" * 300) for n in range(count)]
                events += [step(run, number), run_status(run, status="running")]
                vfs.acknowledge(store.append(events))
                number += count
    return vfs.changes


def woken(changes, points, chance):
    """The disk and what was acknowledged, at so many points of the recording."""
    disk, wanted = Disk(), set(chance.sample(range(len(changes)), points))
    for place, change in enumerate(changes):
        disk.advance(change)
        if place in wanted:
            yield disk.lose(chance), set(disk.acknowledged)


def found_wrong(files, acknowledged):
    """What is wrong with the store that wakes up, and whether it goes on."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        with sqlite_store(folder) as store:
            wrong = broken(store, acknowledged)
            [run] = store.append([planned()])
            store.append(trials(run, TRIALS))
            [seq] = store.append([recorded(run, TRIALS - 1)])
            assert store.known([candidate_key(TRIALS - 1)]) == {candidate_key(TRIALS - 1): seq}
            return wrong + broken(store, acknowledged)


@pytest.mark.parametrize("checkpoints", ["rare", "frequent"])
def test_nothing_acknowledged_is_lost_and_nothing_is_corrupt(tmp_path, tries, state, checkpoints):
    chance = random.Random(checkpoints)
    pragmas = ("PRAGMA wal_autocheckpoint=8",) if checkpoints == "frequent" else ()
    changes = recording(tmp_path / "store", chance, *pragmas)
    points = tries(25, full=600)
    states = woken(changes, points, chance)
    wrong = [wrong for files, promised in states for wrong in found_wrong(files, promised)]
    assert wrong == []
    writes = sum(change.kind == "write" for change in changes)
    acknowledged = sum(len(change.numbers) for change in changes)
    state(
        f"power_{checkpoints}_checkpoints",
        points=points,
        writes=writes,
        acknowledged=acknowledged,
        lost=0,
        corrupt=0,
    )


def test_a_store_that_does_not_sync_is_caught(tmp_path):
    """The simulation would see a loss: with NORMAL synchronisation there is one."""
    chance = random.Random(5)
    changes = recording(tmp_path / "store", chance, "PRAGMA synchronous=NORMAL")
    for files, promised in woken(changes, 40, chance):
        try:
            if found_wrong(files, promised):
                return
        except StorageError:
            return
    pytest.fail("no acknowledged event was lost")


def test_a_recorded_store_is_like_any_other(tmp_path):
    chance = random.Random(1)
    recording(tmp_path / "store", chance)
    with sqlite_store(tmp_path / "store", read_only=True) as store:
        assert len(store.known(map(candidate_key, range(TRIALS)))) == TRIALS
        assert broken(store) == []
