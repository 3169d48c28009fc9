"""`python aggregate_costs.py SCORES`: CPU seconds of means by three keys, from SQLite, as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time

from themis.results import BenchmarkResult
from themis.storage import SqliteRunStore
from themis.testing.recorded_runs import RecordedCell, RecordedRun

MODELS, SLICES, METRICS = 5, 2, 10
KEYS = {
    "slices": ("model_id", "slice_id", "metric_id"),
    "pooled": ("model_id", "prompt_variant_id", "metric_id"),
}
"""`pooled` means are over slices that share their items, which are told by a join."""


def main() -> None:
    """Each the median of three, every one of a store that was just opened."""
    scores = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        record(folder, scores)
        found = {
            name: sorted(seconds(folder, keys, scores) for _ in range(3))[1]
            for name, keys in KEYS.items()
        }
    print(json.dumps(found))


def record(folder: str, scores: int) -> None:
    """A run of so many scores."""
    run = RecordedRun(
        outcome=passed,
        models=[f"model-{number}" for number in range(MODELS)],
        slices=[f"slice-{number}" for number in range(SLICES)],
        metrics=[(f"metric-{number}", "scores") for number in range(METRICS)],
        items=[f"item-{number}" for number in range(scores // (MODELS * SLICES * METRICS))],
    )
    with SqliteRunStore(folder) as store:
        run.record(store)


def passed(cell: RecordedCell) -> float:
    """Two of three pass."""
    return float((int(cell.item_id[5:]) + int(cell.metric_id[7:])) % 3 > 0)


def seconds(folder: str, keys: tuple[str, ...], scores: int) -> float:
    """Seconds of CPU for the means by these keys."""
    with SqliteRunStore(folder) as store:
        [run] = store.runs()
        result = BenchmarkResult(store, run.run_id)
        started = time.process_time()
        rows = result.aggregate(group_by=keys)
        taken = time.process_time() - started
    counted = sum(row["count"] for row in rows)
    if counted != scores:
        sys.exit(f"{counted} of {scores} scores were counted")
    return taken


if __name__ == "__main__":
    main()
