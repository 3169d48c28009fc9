"""The benchmark of workload.py with lm-eval: `python with_lm_eval.py TRIALS`, prints JSON.

Run in an environment of its own. The model answers with the prompt; the answer's number is the
score. lm-eval hands a model all its requests at once, so latency is the model's own affair: the
one here waits for as many calls together as may be in flight. It keeps no store.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lm_eval import simple_evaluate
from lm_eval.api.model import LM


class Waiting(LM):
    """Answers with the prompt."""

    def __init__(self, *, latency: float, in_flight: int) -> None:
        super().__init__()
        self._latency = latency
        self._in_flight = in_flight

    def generate_until(self, requests: list[Any], **unused: Any) -> list[str]:
        time.sleep(self._latency * math.ceil(len(requests) / self._in_flight))
        return [request.args[0] for request in requests]

    def loglikelihood(self, requests: list[Any], **unused: Any) -> list[Any]:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: list[Any], **unused: Any) -> list[Any]:
        raise NotImplementedError


def task(file: Path) -> dict[str, Any]:
    """Generate, read the first number, compare."""
    return {
        "task": "measured",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(file)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{question}}",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": ["\n"]},
        "filter_list": [
            {
                "name": "number",
                "filter": [
                    {"function": "regex", "regex_pattern": "([0-9]+)"},
                    {"function": "take_first"},
                ],
            }
        ],
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }


def run(trials: int, *, latency: float, in_flight: int) -> None:
    """Evaluate, and leave with an error unless everything was right."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "items.jsonl"
        rows = ({"question": f"Repeat {n}.", "answer": str(n)} for n in range(trials))
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        found = simple_evaluate(
            model=Waiting(latency=latency, in_flight=in_flight),
            tasks=[task(file)],
            bootstrap_iters=0,
            log_samples=True,
        )
    score = found["results"]["measured"]["exact_match,number"]
    if score != 1.0:
        sys.exit(f"the run is not what it should be: {score}")


def main() -> None:
    """A first small run, then the measured one."""
    logging.disable(logging.WARNING)
    trials, latency, in_flight = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    run(1, latency=0.0, in_flight=1)
    cpu, wall = time.process_time(), time.perf_counter()
    run(trials, latency=latency, in_flight=in_flight)
    print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    main()
