"""Runs that are killed, in processes of their own: `python crash_lab.py --random 5` prints JSON.

Everything is imported once; each run is a fork, killed with SIGKILL at a random time, or right
before or right after its n-th commit. Another fork then looks at the store, runs the benchmark to
its end, and looks again. One line is printed for each point.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import event, select

sys.path.insert(0, str(Path(__file__).parent))

from invariants import broken, outcomes

from themis.builtins.datasets import MemoryDatasetProvider
from themis.plugin.registry import PluginRegistry
from themis.runtime.orchestrator import Orchestrator
from themis.specs import BenchmarkSpec, ProjectSpec
from themis.storage import SqliteRunStore, SqlRunStore, schema

ITEMS = 24
SAMPLES = 2
BENCHMARK = {
    "benchmark_id": "crashing",
    "models": [{"model_id": "m", "provider": "logged"}],
    "prompt_variants": [
        {"id": "plain", "messages": [{"role": "user", "content": "{{ item.question }}"}]}
    ],
    "inference_grid": {"params": [{}]},
    "num_samples": SAMPLES,
    "slices": [
        {
            "slice_id": "numbers",
            "dataset": {"source": "memory"},
            "generation": {},
            "parses": [{"name": "number", "extractors": ["first_number"]}],
            "scores": [{"name": "right", "parse": "number", "metrics": ["numeric_match"]}],
        }
    ],
}


@attrs.frozen
class Point:
    """When a run is killed: `after` seconds, or before or after its n-th commit."""

    kind: str
    at: float


@attrs.frozen
class Place:
    """A store and the files beside it: which calls were made, what was acknowledged."""

    folder: Path
    open: Callable[[], SqlRunStore]

    def note(self, name: str, *words: object) -> None:
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, " ".join(map(str, words)).encode() + b"\n")
        os.close(handle)

    def notes(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


class LoggedEngine:
    """Answers after a few milliseconds, and notes every call."""

    version = "1.0"

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._name = name

    async def infer(self, trial: Any, context: Any, runtime: Any) -> str:
        self._place.note(self._name, trial.item_id, runtime.sample_index)
        await asyncio.sleep(random.Random(f"{trial.item_id}").uniform(0, 0.08))
        return trial.prompt[-1].text

    def fingerprint(self) -> str:
        return "logged"


def run(place: Place, calls: str, arm: Callable[[SqlRunStore], None] | None = None) -> str:
    """Run the benchmark to its end, or to its death; the run's status."""
    registry = PluginRegistry(plugins=())
    registry.register_inference_engine("logged", LoggedEngine(place, calls))
    rows = [{"item_id": f"i{n}", "question": f"Say {n}.", "answer": n} for n in range(ITEMS)]
    with place.open() as store:
        _note_acknowledged(store, place)
        if arm is not None:
            arm(store)
        orchestrator = Orchestrator.from_project_spec(
            ProjectSpec(execution_policy={"max_in_flight_work_items": 8}),
            registry=registry,
            dataset_provider=MemoryDatasetProvider(rows),
            storage_bundle=store,
        )
        return orchestrator.run_benchmark(BenchmarkSpec.model_validate(BENCHMARK)).status


def _note_acknowledged(store: SqlRunStore, place: Place) -> None:
    submit, submit_async = store.submit, store.submit_async

    def note(future: Any) -> None:
        if not future.cancelled() and future.exception() is None:
            place.note("acknowledged", *future.result())

    def noting(*args: Any, **options: Any) -> Any:
        future = submit(*args, **options)
        future.add_done_callback(note)
        return future

    async def noting_async(*args: Any, **options: Any) -> Any:
        future = await submit_async(*args, **options)
        future.add_done_callback(note)
        return future

    store.submit, store.submit_async = noting, noting_async  # type: ignore[method-assign]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def armed(point: Point) -> Callable[[SqlRunStore], None] | None:
    """What kills the run at a commit."""
    if point.kind == "time":
        return None
    left = [int(point.at)]

    def at_commit(connection: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            if point.kind == "after commit":
                driver = connection.connection.driver_connection
                driver.commit() if hasattr(driver, "pgconn") else driver.execute("COMMIT")
            _die()

    return lambda store: event.listen(store.writing, "commit", at_commit)


def forked(work: Callable[[], Any], *, kill_after: float | None = None) -> Any:
    """What `work` gives in a fork; None if that was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            answer = json.dumps(work()).encode()
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(answer)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    os.close(writing)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        sys.exit(f"a run failed by itself: status {status}")
    return json.loads(answer) if answer else None


def durable(store: SqlRunStore) -> set[str]:
    """`item sample` of every candidate that is stored."""
    columns = select(schema.trials.c.item_id, schema.candidates.c.sample)
    joined = (schema.trials.c.run == schema.candidates.c.run) & (
        schema.trials.c.trial == schema.candidates.c.trial
    )
    with store.reader() as connection:
        return {f"{item} {n}" for item, n in connection.execute(columns.where(joined))}


def aftermath(place: Place) -> dict[str, Any]:
    """The store right after the death, and once the run was run again."""
    with place.open() as store:
        acknowledged = {int(n) for line in place.notes("acknowledged") for n in line.split()}
        wrong, before = broken(store, acknowledged), durable(store)
    status = run(place, "second")
    repeated = before & set(place.notes("second"))
    with place.open() as store:
        acknowledged = {int(n) for line in place.notes("acknowledged") for n in line.split()}
        wrong += broken(store, acknowledged)
        return {
            "status": status,
            "durable": len(before),
            "acknowledged": len(acknowledged),
            "repeated": sorted(repeated),
            "broken": wrong,
            "outcomes": json.loads(json.dumps(outcomes(store), default=bytes.hex)),
        }


def tried(place: Place, point: Point) -> tuple[bool, dict[str, Any]]:
    """Whether the run was killed at the point, and what came of it."""
    kill_after = point.at if point.kind == "time" else None
    ended = forked(lambda: run(place, "first", armed(point)), kill_after=kill_after)
    return ended is None, forked(lambda: aftermath(place))


def places(dsn: str | None, folder: Path) -> Iterator[Place]:
    """Empty stores, one after the other: SQLite's in a folder, or schemas of a server."""
    number = 0
    while True:
        number += 1
        beside = folder / str(number)
        beside.mkdir()
        if dsn is None:
            yield Place(beside, lambda beside=beside: SqliteRunStore(beside / "store"))
        else:
            yield Place(beside, _postgres(dsn, beside))


def _postgres(dsn: str, beside: Path) -> Callable[[], SqlRunStore]:
    import psycopg
    from themis_postgres.store import PostgresRunStore

    from themis.specs import PostgresBlobStorageSpec

    name = f"lab_{os.getpid()}_{beside.name}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    url = f"{dsn}{'&' if '?' in dsn else '?'}options=-csearch_path%3D{name}"
    os.environ[f"THEMIS_{name.upper()}"] = url
    spec = PostgresBlobStorageSpec(
        database_url=f"env:THEMIS_{name.upper()}", blob_root_dir=str(beside / "blobs")
    )
    return lambda: PostgresRunStore(spec)


def count_commits(place: Place) -> tuple[int, float]:
    """How many commits an uninterrupted run makes, and how many seconds it takes."""

    def counted() -> int:
        found = [0]

        def add(_: Any) -> None:
            found[0] += 1

        run(place, "first", lambda store: event.listen(store.writing, "commit", add))
        return found[0]

    began = time.monotonic()
    return forked(counted), time.monotonic() - began


def points(options: argparse.Namespace, commits: int, seconds: float) -> Iterator[Point]:
    """The points to try."""
    chance = random.Random(options.seed)
    for _ in range(options.random):
        yield Point("time", chance.uniform(0.0, 1.05 * seconds))
    numbers = range(1, commits + 1)
    if options.commits is not None:
        numbers = sorted(chance.sample(numbers, min(options.commits, commits)))
    for number in numbers:
        yield Point("before commit", number)
        yield Point("after commit", number)


def main() -> None:
    """Try every point; 1 if anything was lost, repeated, broken or different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0, help="points in time")
    parser.add_argument("--commits", type=int, help="commits to die at; without it, all")
    parser.add_argument("--dsn", help="a PostgreSQL server to make stores on, instead of SQLite")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="themis-lab-") as folder:
        stores = places(options.dsn, Path(folder))
        reference = next(stores)
        commits, seconds = count_commits(reference)
        with reference.open() as store:
            expected = json.loads(json.dumps(outcomes(store), default=bytes.hex))
        for point in points(options, commits, seconds):
            killed, found = tried(next(stores), point)
            found["equal"] = found.pop("outcomes") == expected
            print(json.dumps({"kind": point.kind, "at": point.at, "killed": killed, **found}))
            bad += bool(found["broken"] or found["repeated"] or not found["equal"])
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
