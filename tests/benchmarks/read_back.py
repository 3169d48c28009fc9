"""`python read_back.py STORE TRIALS`: what it costs to come back to workload.py's run, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import workload


def main() -> None:
    """Seconds of CPU for each way to come back; every one in the order a user would."""
    folder, trials = Path(sys.argv[1]), int(sys.argv[2])
    options = argparse.Namespace(in_flight=32, latency=0.0, text_bytes=0)
    figures = {}
    with workload.orchestrator(options, trials=trials, store=folder) as opened:
        [run] = opened.db_manager.runs()
        figures["resume"], result = timed(lambda: opened.resume(run.run_id))
        figures["aggregate"], [row] = timed(lambda: result.aggregate(group_by="metric_id"))
        if (row["count"], row["mean"]) != (trials, 1.0):
            sys.exit(f"the run is not what it should be: {row}")
        again = workload.benchmark(None)
        figures["again"], _ = timed(lambda: opened.run_benchmark(again))
        figures["records"], _ = timed(lambda: read_all(opened.db_manager, run.id))
    print(json.dumps(figures))


def timed(do: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of CPU, and what came of it."""
    started = time.process_time()
    found = do()
    return time.process_time() - started, found


def read_all(store: Any, run: int) -> None:
    """Every candidate's events, checked and decoded."""
    chunk: list[int] = []
    for row in store.iter_candidates(run):
        chunk += [row.generated_seq, row.evaluated_seq]
        if len(chunk) >= 1000:
            store.events(chunk)
            chunk.clear()
    store.events(chunk)


if __name__ == "__main__":
    main()
