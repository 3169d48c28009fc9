"""One measured run, in a process of its own: `python workload.py TRIALS [options]` prints JSON.

The benchmark asks an engine that does nothing but wait, reads a number out of the answer and
scores it, on a SQLite store; or, with `--base-url`, it asks a server through themis-openai.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry
    from themis.records import TrialSpec
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import BenchmarkSpec

__all__ = ["main"]


class WaitingEngine:
    """Answers with the prompt, after `latency` seconds."""

    version = "1.0"

    def __init__(self, latency: float) -> None:
        self._latency = latency

    async def infer(self, trial: TrialSpec, context: Mapping[str, Any], runtime: Any) -> str:
        if self._latency:
            await asyncio.sleep(self._latency)
        return trial.prompt[-1].text

    def fingerprint(self) -> str:
        return "waiting"


class Items:
    """Numbered items, made whenever they are read, each with a text of its own of `text_bytes`."""

    def __init__(self, count: int, *, text_bytes: int = 0) -> None:
        self._count = count
        self._text_bytes = text_bytes

    def __iter__(self) -> Iterator[dict[str, Any]]:
        chance = random.Random(0)
        pool = " ".join(chance.choices(_WORDS, k=_POOL)) if self._text_bytes else ""
        for number in range(self._count):
            start = chance.randrange(_POOL)
            question = f"Repeat {number}. {pool[start : start + self._text_bytes]}"
            yield {"item_id": f"i{number}", "question": question, "answer": number}


_WORDS = (
    "the", "a", "of", "river", "stone", "counts", "every", "train", "between", "morning", "price",
    "apples", "remain", "when", "seven", "longer", "than", "sum", "share", "leaves", "station",
)  # fmt: skip
_POOL = 100_000
"""Words from which the questions are cut: to make them is no part of what is measured."""


def benchmark(base_url: str | None) -> BenchmarkSpec:
    """Generate, parse and score, one trial for each item."""
    from themis.specs import BenchmarkSpec

    model: dict[str, Any] = {"model_id": "m", "provider": "waiting"}
    if base_url is not None:
        extras = {"base_url": base_url, "api_key_env": None}
        model = {"model_id": "m", "provider": "openai", "extras": extras}
    message = {"role": "user", "content": "{{ item.question }}"}
    entry = {
        "slice_id": "numbers",
        "dataset": {"source": "memory"},
        "generation": {},
        "parses": [{"name": "number", "extractors": ["first_number"]}],
        "scores": [{"name": "right", "parse": "number", "metrics": ["numeric_match"]}],
    }
    return BenchmarkSpec.model_validate(
        {
            "benchmark_id": "measured",
            "models": [model],
            "prompt_variants": [{"id": "plain", "messages": [message]}],
            "inference_grid": {"params": [{}]},
            "slices": [entry],
        }
    )


def registry(latency: float) -> PluginRegistry:
    """The installed plugins, and the waiting engine."""
    from themis.plugin.registry import PluginRegistry

    found = PluginRegistry()
    found.register_inference_engine("waiting", WaitingEngine(latency))
    return found


def orchestrator(options: argparse.Namespace, *, trials: int, store: Path) -> Orchestrator:
    """An orchestrator on a SQLite store."""
    from themis.builtins.datasets import MemoryDatasetProvider
    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import ExecutionPolicySpec, ProjectSpec, SqliteBlobStorageSpec

    return Orchestrator.from_project_spec(
        ProjectSpec(
            storage=SqliteBlobStorageSpec(root_dir=str(store)),
            execution_policy=ExecutionPolicySpec(max_in_flight_work_items=options.in_flight),
        ),
        registry=registry(options.latency),
        dataset_provider=MemoryDatasetProvider(Items(trials, text_bytes=options.text_bytes)),
    )


def run(options: argparse.Namespace, *, trials: int, store: Path) -> None:
    """Plan, run and aggregate; leave with an error unless everything was right."""
    with orchestrator(options, trials=trials, store=store) as opened:
        result = opened.run_benchmark(benchmark(options.base_url))
        [row] = result.aggregate(group_by="metric_id")
    if (row["count"], row["mean"]) != (trials, 1.0):
        sys.exit(f"the run is not what it should be: {row}")


def measured(options: argparse.Namespace) -> dict[str, float]:
    """Seconds of CPU and of wall time after a first small run, room on disk and in memory."""
    with tempfile.TemporaryDirectory() as folder:
        run(options, trials=1, store=Path(folder))
    warm, started = time.process_time(), time.perf_counter()
    run(options, trials=options.trials, store=options.store)
    wall, cpu = time.perf_counter() - started, time.process_time() - warm
    size = sum(file.stat().st_size for file in options.store.rglob("*") if file.is_file())
    return {
        "start_cpu": warm,
        "cpu": cpu,
        "cpu_per_trial": cpu / options.trials,
        "wall": wall,
        "bytes_per_trial": size / options.trials,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Run once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=int)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call takes")
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--text-bytes", type=int, default=0, help="of each question, at least")
    parser.add_argument("--base-url", help="ask this server through themis-openai")
    print(json.dumps(measured(parser.parse_args())))


if __name__ == "__main__":
    main()
