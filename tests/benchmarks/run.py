"""`python tests/benchmarks/run.py`: what a run costs on this machine, as a table and as JSON.

Every measurement is made in processes of its own, three times; the best counts, since whatever
else the machine does can only slow it down. Bounds are those that the project promises.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

__all__ = ["main"]

_HERE = Path(__file__).parent
_TIMES = 3


class Row(NamedTuple):
    """One measurement; `bound` is the most it may be."""

    name: str
    value: float
    unit: str
    bound: float | None = None

    def line(self) -> str:
        """The row of the table."""
        bound = "" if self.bound is None else f"{self.bound:g}"
        verdict = "" if self.bound is None else ("ok" if self.value <= self.bound else "OVER")
        return f"{self.name:<52} {self.value:>9.3f} {self.unit:<8} {bound:>7} {verdict}"


def workload(trials: int, *options: str, store: str | None = None) -> dict[str, float]:
    """One run of workload.py in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(_HERE / "workload.py"), str(trials)]
        command += ["--store", store or folder, *options]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def best(measure: Callable[[], float]) -> float:
    """The least of a few measurements."""
    return min(measure() for _ in range(_TIMES))


def command_seconds(*words: str, folder: str | None = None) -> tuple[float, float]:
    """Wall and CPU seconds of a command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, cwd=folder)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


@contextmanager
def server(latency: float) -> Iterator[str]:
    """An OpenAI-compatible server in a process of its own: its base URL."""
    command = [sys.executable, "-m", "themis.testing", "--latency", str(latency)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def cpu_rows() -> Iterator[Row]:
    """What trials cost without any waiting."""
    small = best(lambda: workload(1000)["cpu"])
    large = best(lambda: workload(10_000)["cpu"])
    yield Row("1,000 trials on SQLite: CPU", small, "s", 3.0)
    yield Row("10,000 trials on SQLite: CPU", large, "s")
    yield Row("10,000 against 1,000", large / small, "times", 10.0)
    yield Row("bytes on disk a trial", workload(1000)["bytes_per_trial"], "bytes")


def latency_rows() -> Iterator[Row]:
    """How near to the ideal a run with waiting comes."""
    options = ("--latency", "0.05", "--in-flight", "100")
    wall = best(lambda: workload(2000, *options)["wall"])
    yield Row("2,000 trials, 50 ms, 100 in flight: wall / ideal", wall, "times", 1.3)
    with server(0.05) as url:
        options = ("--base-url", url, "--in-flight", "100")
        wall = best(lambda: workload(2000, *options)["wall"])
    yield Row("the same over HTTP with themis-openai", wall, "times")


def again_rows() -> Iterator[Row]:
    """What it costs to find everything done."""
    with tempfile.TemporaryDirectory() as store:
        workload(10_000, store=store)
        again = best(lambda: workload(10_000, store=store)["wall"])
        yield Row("10,000 trials, all done already: wall", again, "s")
    demo = str(files("themis.catalog.demo") / "benchmark.toml")
    run = (sys.executable, "-m", "themis", "run", demo)
    with tempfile.TemporaryDirectory() as folder:
        yield Row("the demonstration, first: wall", command_seconds(*run, folder=folder)[0], "s")
        again = best(lambda: command_seconds(*run, folder=folder)[0])
        yield Row("the demonstration, again: wall", again, "s", 1.5)


def start_rows() -> Iterator[Row]:
    """What it costs to start."""
    for name, words in {
        "import themis": ("-c", "import themis"),
        "themis --help": ("-m", "themis", "--help"),
    }.items():
        cpu = best(lambda words=words: command_seconds(sys.executable, *words)[1])  # type: ignore[misc]
        yield Row(f"{name}: CPU", cpu, "s")


def main() -> None:
    """Measure everything, print the table, write the JSON; 1 if a bound is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file")
    output = parser.parse_args().output
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    rows: list[Row] = []
    for measure in (start_rows, cpu_rows, latency_rows, again_rows):
        for row in measure():
            print(row.line(), flush=True)
            rows.append(row)
    if output is not None:
        machine = {"python": platform.python_version(), "cpus": os.cpu_count()}
        figures = [row._asdict() for row in rows]
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2) + "\n")
    sys.exit(any(row.bound is not None and row.value > row.bound for row in rows))


if __name__ == "__main__":
    main()
