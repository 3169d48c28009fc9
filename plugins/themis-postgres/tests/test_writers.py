"""Several processes that write one store at once, and ones that fall silent in the middle."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import func, select
from themis_postgres.store import PostgresRunStore

from themis.storage import schema
from themis.storage.integrity import verify_database
from themis.testing.kits.events import candidate_key, planned, recorded, trials

pytestmark = pytest.mark.slow

WRITERS = 4
TRIALS = 300
WRITE = """
import sys
from themis.specs import PostgresBlobStorageSpec
from themis.testing.kits.events import planned, recorded, trials
from themis_postgres.store import PostgresRunStore

spec = PostgresBlobStorageSpec(database_url=sys.argv[1], blob_root_dir=sys.argv[2])
own, count = int(sys.argv[3]), int(sys.argv[4])
with PostgresRunStore(spec) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    [run] = store.append([planned("shared")])
    store.append(trials(run, count))
    asked = []
    for number in range(count):
        place = number if own % 2 else count - 1 - number
        text = "x" * 200_000 if place % 100 == 0 else str(place)
        asked.append(store.submit([recorded(run, place, text=text)]))
        if number % 20 == 0:
            asked[-1].result()
    for future in asked:
        print(*future.result(), flush=True)
"""


def write(spec, own):
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, spec.database_url, spec.blob_root_dir, str(own), str(TRIALS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_write_the_same_candidates_store_each_once(spec):
    with PostgresRunStore(spec) as store:
        writers = [write(spec, own) for own in range(WRITERS)]
        assert all(one.stdout.readline() == "ready\n" for one in writers)
        for one in writers:
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.communicate(timeout=120) for one in writers]
        assert [errors for _, errors in said] == [""] * WRITERS
        [run] = store.runs()
        assert run.trial_count == TRIALS
        with store.reader() as connection:
            by_kind = dict(
                connection.execute(
                    select(schema.events.c.kind, func.count()).group_by(schema.events.c.kind)
                ).all()
            )
        assert by_kind == {"run_planned": 1, "trials_planned": 1, "generated": TRIALS}
        known = store.known(candidate_key(number) for number in range(TRIALS))
        for output, _ in said:
            assert {int(word) for word in output.split()} == set(known.values())
        found = verify_database(store.reading, store.blobs, place=store.place)
        assert (found.findings, found.events) == ([], TRIALS + 2)


def test_two_stores_in_one_process_see_each_others_writes_in_order(spec):
    with PostgresRunStore(spec) as one, PostgresRunStore(spec) as other:
        [run] = one.append([planned()])
        assert other.append([planned()]) == (run,)
        one.append(trials(run, 4))
        seqs = [store.append([recorded(run, n)])[0] for n, store in enumerate([one, other] * 2)]
        assert seqs == list(range(seqs[0], seqs[0] + 4))
        assert other.append([recorded(run, 0)]) == (seqs[0],)


def test_a_writer_that_falls_silent_in_a_transaction_does_not_hold_up_the_others(make_spec):
    spec = make_spec(idle_in_transaction_session_timeout="500")
    with PostgresRunStore(spec) as silent, PostgresRunStore(spec) as other:
        held = silent.writing.connect()
        held.begin()  # has the store's lock
        [run] = other.append([planned()])
        assert run == 1
        held.invalidate()
        held.close()
        assert silent.append([planned("second")]) == (2,)


def test_stores_in_two_schemas_do_not_wait_for_each_other(make_spec):
    with PostgresRunStore(make_spec()) as held, PostgresRunStore(make_spec()) as other:
        lock = held.writing.connect()
        lock.begin()
        assert other.append([planned()]) == (1,)
        lock.close()
