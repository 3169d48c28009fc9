"""The benchmark of workload.py with inspect-ai: `python with_inspect_ai.py TRIALS`, prints JSON.

Run in an environment of its own. The model answers with the prompt; the answer's number is the
score. CPU is that of the evaluation alone, log included.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from typing import Any

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, get_model, modelapi
from inspect_ai.scorer import match
from inspect_ai.solver import generate


@modelapi(name="waiting")
def waiting() -> type[ModelAPI]:
    """Answers with the prompt, after `latency` seconds."""

    class Waiting(ModelAPI):
        def __init__(self, model_name: str, latency: float = 0.0, **rest: Any) -> None:
            super().__init__(model_name, config=GenerateConfig())
            self._latency = latency

        async def generate(self, input: Any, *unused: Any, **more: Any) -> ModelOutput:  # noqa: A002
            if self._latency:
                await asyncio.sleep(self._latency)
            return ModelOutput.from_content("waiting", input[-1].text)

    return Waiting


def run(trials: int, *, latency: float, in_flight: int) -> None:
    """Evaluate, and leave with an error unless everything was right."""
    samples = [Sample(input=f"Repeat {n}", target=str(n), id=n) for n in range(1, trials + 1)]
    task = Task(
        dataset=MemoryDataset(samples),
        solver=generate(),
        scorer=match(location="end", numeric=True),
    )
    with tempfile.TemporaryDirectory() as logs:
        [log] = evaluate(
            task,
            model=get_model("waiting/model", latency=latency, memoize=False),
            log_dir=logs,
            display="none",
            max_connections=in_flight,
            max_samples=in_flight,
        )
    if log.status != "success" or log.results.scores[0].metrics["accuracy"].value != 1.0:
        sys.exit(f"the run is not what it should be: {log.status}")


def main() -> None:
    """A first small run, then the measured one."""
    trials, latency, in_flight = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    run(1, latency=0.0, in_flight=1)
    cpu, wall = time.process_time(), time.perf_counter()
    run(trials, latency=latency, in_flight=in_flight)
    print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    main()
