"""The measurements, by topic. Each gives rows; bounds are those that the project promises."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

from rows import (
    Row,
    Sizes,
    command_cpu,
    command_wall,
    median,
    program,
    server,
    workload,
)

__all__ = ["TOPICS"]

_LATENCY = 0.05


def overhead(sizes: Sizes) -> Iterator[Row]:
    """What a sample costs beside the model: CPU, memory and room on disk."""
    small, large = (
        [workload(size, "--text-bytes", 200) for _ in range(sizes.times)] for size in sizes.both
    )

    def medians(name: str, scale: float = 1.0) -> tuple[float, float]:
        first, second = (
            sorted(run[name] for run in runs)[len(runs) // 2] * scale for runs in (small, large)
        )
        return first, second

    yield Row("CPU a sample", "us", *medians("cpu_per_trial", 1e6), most=200, growth=1.1)
    yield Row("peak memory", "MB", *medians("peak_mb"), most=250)
    yield Row("disk a sample of 200 bytes", "bytes", *medians("bytes_per_trial"), most=2048)


def latency(sizes: Sizes) -> Iterator[Row]:
    """How near to the ideal a run comes whose calls take 50 ms each, in percent."""
    for in_flight in (100, 1000):
        name = f"{in_flight:,} in flight, 50 ms: of ideal"
        small, large = _efficiency(sizes, in_flight)
        yield Row(name, "%", small, large, least=90)
        if in_flight == 100:
            yield Row("the same: wall against ideal", "times", 100 / small, 100 / large, most=1.3)
    with server(_LATENCY) as url:
        name = "100 in flight over HTTP, 50 ms: of ideal"
        yield Row(name, "%", *_efficiency(sizes, 100, "--base-url", url), least=80)


def _efficiency(sizes: Sizes, in_flight: int, *options: str) -> tuple[float, float]:
    def percent(trials: int) -> float:
        ideal = _LATENCY * trials / in_flight
        arguments = options or ("--latency", str(_LATENCY))
        wall = median(
            lambda: workload(trials, "--in-flight", in_flight, *arguments)["wall"], sizes.times
        )
        return 100 * ideal / wall

    return percent(max(1000, sizes.n // 5)), percent(max(1000, sizes.n // 5) * 10)


def read_back(sizes: Sizes) -> Iterator[Row]:
    """What it costs to come back to a run that is finished."""
    found = []
    for size in sizes.both:
        with tempfile.TemporaryDirectory() as store:
            workload(size, store=store)
            found.append([program("read_back.py", store, size) for _ in range(sizes.times)])

    def medians(name: str) -> tuple[float, float]:
        first, second = (sorted(run[name] for run in runs)[len(runs) // 2] for runs in found)
        return first, second

    yield Row("resume of a finished run", "s", *medians("resume"), most=2)
    yield Row("first aggregate", "s", *medians("aggregate"), most=0.5)
    yield Row("the same benchmark run again", "s", *medians("again"))
    yield Row("every record read", "s", *medians("records"))


def aggregation(sizes: Sizes) -> Iterator[Row]:
    """What means by three keys cost over ten times and a hundred times N scores."""
    scores = (10 * sizes.n, 100 * sizes.n)
    small, large = (program("aggregate_costs.py", size) for size in scores)
    name = f"{scores[0]:,} and {scores[1]:,} scores by"
    yield Row(f"{name} three keys", "s", small["slices"], large["slices"], most=1)
    yield Row(f"{name} item, pooled", "s", small["pooled"], large["pooled"])


def statistics(sizes: Sizes) -> Iterator[Row]:
    """What intervals and tests cost on arrays of scores."""
    small, large = (program("statistic_costs.py", size) for size in sizes.both)
    for name in small:
        yield Row(name, "ms", small[name] * 1000, large[name] * 1000)


def store(sizes: Sizes) -> Iterator[Row]:
    """How fast the store alone takes events."""
    small, large = (program("store_costs.py", "groups", size) for size in sizes.both)
    yield Row("group commit", "events/s", small["group"], large["group"])
    shares = (100 * one["group"] / one["raw"] for one in (small, large))
    yield Row("group commit of raw executemany", "%", *shares, least=50)
    times = (one["group"] / one["single"] for one in (small, large))
    yield Row("group commit against a commit an event", "times", *times, least=10)


def soak(sizes: Sizes) -> Iterator[Row]:
    """What a long life does to memory and speed; ten times ten N events."""
    found = program("store_costs.py", "soak", sizes.n * 100)
    yield Row(f"memory grown over {sizes.n * 100:,} events", "MB", found["grown_mb"], most=50)
    yield Row("speed lost from the first tenth to the last", "%", found["drift"], most=10)


def start(sizes: Sizes) -> Iterator[Row]:
    """What it costs to start, in CPU above bare Python."""
    bare = median(lambda: command_cpu(sys.executable, "-c", "pass"), 3 * sizes.times)
    for name, most, words in (
        ("import themis", 60, ("-c", "import themis")),
        ("themis --help", 150, ("-m", "themis", "--help")),
    ):
        cpu = median(lambda words=words: command_cpu(sys.executable, *words), 3 * sizes.times)  # type: ignore[misc]
        yield Row(f"{name}, above bare Python", "ms", 1000 * (cpu - bare), most=most)
    demo = str(files("themis.catalog.demo") / "benchmark.toml")
    run = (sys.executable, "-m", "themis", "run", demo)
    with tempfile.TemporaryDirectory() as folder:
        yield Row("the demonstration, first", "s", command_wall(*run, folder=folder))
        again = median(lambda: command_wall(*run, folder=folder), sizes.times)
        yield Row("the demonstration, again", "s", again, most=1.5)


def discovery(sizes: Sizes) -> Iterator[Row]:
    """What it costs to list the plugins among 20 and 200 installed distributions."""

    def listing(count: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            _distributions(Path(folder), count)
            environment = {**os.environ, "PYTHONPATH": folder}
            words = (sys.executable, "-m", "themis", "plugins", "list")
            return median(lambda: command_cpu(*words, environment=environment), sizes.times)

    yield Row(
        "themis plugins list, 20 and 200 installed", "ms", *(1000 * listing(n) for n in (20, 200))
    )


def _distributions(folder: Path, count: int) -> None:
    """Distributions without code; every tenth is a plugin."""
    for number in range(count):
        info = folder / f"crowd_{number}-1.0.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: crowd-{number}\nVersion: 1.0\n"
        (info / "METADATA").write_text(text)
        if number % 10 == 0:
            (info / "entry_points.txt").write_text(f"[themis.plugins]\nc = crowd_{number}\n")
            (folder / f"crowd_{number}.py").touch()


def postgres(sizes: Sizes) -> Iterator[Row]:
    """How fast a store on PostgreSQL takes events that are durable, and what each costs."""
    runs = [program("postgres_costs.py", 10 * sizes.n) for _ in range(sizes.times)]

    def middle(name: str) -> float:
        return sorted(run[name] for run in runs)[len(runs) // 2]

    for count, least in ((1, 5000), (4, 10_000)):
        who = f"{count} writer{'s' * (count > 1)}"
        yield Row(f"PostgreSQL, {who}", "events/s", middle(f"rate_{count}"), least=least)
        yield Row(f"PostgreSQL, {who}: CPU of them", "us/event", middle(f"writers_us_{count}"))
        yield Row(f"PostgreSQL, {who}: CPU of the server", "us/event", middle(f"server_us_{count}"))


TOPICS: dict[str, Callable[[Sizes], Iterator[Row]]] = {
    "start": start,
    "discovery": discovery,
    "statistics": statistics,
    "store": store,
    "postgres": postgres,
    "overhead": overhead,
    "latency": latency,
    "read_back": read_back,
    "aggregation": aggregation,
    "soak": soak,
}
"""By name, in the order in which they are measured; `soak` only when it is named."""
