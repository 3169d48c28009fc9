"""`python store_costs.py groups|soak EVENTS`: how fast a store takes events, as JSON."""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from themis import storage
from themis.records import ExtractionRecord, InferenceRecord, MetricScore
from themis.records.canonical import digest
from themis.storage import Event, ParseEntry, PlannedArm, PlannedMetric, PlannedTrial, ScoreEntry

_TRIALS_PER_EVENT = 500
_TOGETHER = 64
_GROUP = 1000
_WRITTEN = ("events", "candidates", "scores", "artifacts")
_HASH = "00" * 32


def planned(store: storage.SqliteRunStore, trials: int) -> int:
    """A run with one arm and one metric."""
    arm = PlannedArm(
        slice_id="s", prompt_variant_id="p", model_id="m", provider="none", params_hash=_HASH
    )
    metric = PlannedMetric(metric_id="right", score_name="s", slice_id="s", evaluation_hash=_HASH)
    event = storage.run_planned(
        run_id=_HASH, benchmark_id="b", manifest={}, arms=[arm], metrics=[metric], num_samples=1
    )
    [run] = store.append([event])
    for start in range(0, trials, _TRIALS_PER_EVENT):
        numbers = range(start, min(trials, start + _TRIALS_PER_EVENT))
        rows = [PlannedTrial(0, f"i{n}", _HASH, key("trial", n)) for n in numbers]
        store.append([storage.trials_planned(run, start=start, trials=rows)])
    return run


def key(kind: str, number: int) -> str:
    """Some artifact's key."""
    return digest(kind.encode(), b"%d" % number).hex()


def trial_events(run: int, number: int) -> list[Event]:
    """A candidate of 200 bytes of text, and its evaluation."""
    candidate = key("candidate", number)
    inference = InferenceRecord(raw_text=f"{number} " + "of words " * 22)
    extraction = ExtractionRecord(extractor_id="number", success=True, parsed_answer=number)
    parse = ParseEntry(_HASH, key("parse", number), (extraction,))
    score = ScoreEntry(0, key("score", number), _HASH, MetricScore(metric_id="right", value=1.0))
    return [
        storage.generated(
            run, candidate_id=candidate, trial=number, sample=0, seed=1, inference=inference
        ),
        storage.evaluated(
            run, candidate_id=candidate, trial=number, sample=0, parses=[parse], scores=[score]
        ),
    ]


def groups(events: int) -> dict[str, float]:
    """Events a second: through the store, one commit for each, and raw executemany.

    What is to be written is made before. The raw rows are those that the store wrote, of all
    tables, in transactions of as many events as the store's groups may have: no key is looked up,
    nothing is hashed, compressed or projected.
    """
    with tempfile.TemporaryDirectory() as folder, storage.sqlite_store(Path(folder)) as store:
        singles = min(1000, events // 10)
        run = planned(store, events // 2 + singles)
        made = [event for n in range(events // 2) for event in trial_events(run, n)]
        more = [trial_events(run, events // 2 + n)[0] for n in range(singles)]
        started = time.perf_counter()
        for at in range(0, len(made), _TOGETHER):
            store.submit(made[at : at + _TOGETHER])
        store.flush()
        group = len(made) / (time.perf_counter() - started)
        started = time.perf_counter()
        for event in more:
            store.append([event])
        single = len(more) / (time.perf_counter() - started)
        raw = raw_rate(Path(folder))
    return {"group": group, "single": single, "raw": raw}


def raw_rate(folder: Path) -> float:
    """The events a second whose rows sqlite3 alone inserts, as durably."""
    source = sqlite3.connect(folder / "themis.sqlite3")
    target = sqlite3.connect(folder / "raw.sqlite3", isolation_level=None)
    for setting in ("page_size=8192", "journal_mode=WAL", "synchronous=FULL"):
        target.execute(f"PRAGMA {setting}")
    rows, inserts = {}, {}
    for table in _WRITTEN:
        [[create]] = source.execute("SELECT sql FROM sqlite_master WHERE name = ?", [table])
        target.execute(create)
        rows[table] = source.execute(f"SELECT * FROM {table}").fetchall()
        values = ", ".join("?" * len(rows[table][0]))
        inserts[table] = f"INSERT INTO {table} VALUES ({values})"
    source.close()
    count = len(rows["events"])
    commits = -(-count // _GROUP)
    started = time.perf_counter()
    for at in range(commits):
        target.execute("BEGIN")
        for table in _WRITTEN:
            target.executemany(inserts[table], rows[table][at::commits])
        target.execute("COMMIT")
    seconds = time.perf_counter() - started
    target.close()
    return count / seconds


def soak(events: int) -> dict[str, float]:
    """Memory after the first tenth against the end, and the speed of the tenths in CPU."""
    with tempfile.TemporaryDirectory() as folder, storage.sqlite_store(Path(folder)) as store:
        run = planned(store, events // 2)
        parts = list(tenths(events // 2))
        speeds, memory = [], []
        for part in parts:
            started = time.process_time()
            submit_all(store, run, part)
            speeds.append(len(part) / (time.process_time() - started))
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    drift = 100 * (1 - speeds[-1] / speeds[0])
    return {"grown_mb": memory[-1] - memory[0], "drift": drift}


def tenths(count: int) -> Iterator[range]:
    """The numbers below `count`, in ten parts."""
    for part in range(10):
        yield range(part * count // 10, (part + 1) * count // 10)


def submit_all(store: storage.SqliteRunStore, run: int, numbers: Sequence[int]) -> None:
    """Submit a part's events, as fast as there is room for them, and wait for the last."""
    for number in numbers:
        store.submit(trial_events(run, number))
    store.flush()


def main() -> None:
    """Measure what is named."""
    measure = {"groups": groups, "soak": soak}[sys.argv[1]]
    print(json.dumps(measure(int(sys.argv[2]))))


if __name__ == "__main__":
    main()
