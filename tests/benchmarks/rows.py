"""Rows of the table, and the processes that measure them.

Whatever is measured runs in a process of its own: nothing is warm that would not be, and memory is
that of the one run.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

__all__ = ["Row", "Sizes", "command_cpu", "command_wall", "median", "program", "server", "workload"]

HERE = Path(__file__).parent


class Sizes(NamedTuple):
    """How many samples N is, and how often each measurement is made."""

    n: int
    times: int

    @property
    def both(self) -> tuple[int, int]:
        """N and 10 N."""
        return self.n, 10 * self.n


class Row(NamedTuple):
    """One figure at N and at 10 N. It may be `most` at most, or must be `least` at least.

    `growth` is the most that the figure at 10 N may be of that at N. `beside` has what other
    frameworks need for the same, or why they have no figure.
    """

    name: str
    unit: str
    small: float
    large: float | None = None
    most: float | None = None
    least: float | None = None
    growth: float | None = None
    beside: dict[str, float | str] = {}  # noqa: RUF012 (never changed)

    @property
    def figures(self) -> list[float]:
        """What was measured."""
        return [self.small] if self.large is None else [self.small, self.large]

    @property
    def ratio(self) -> float | None:
        """The figure at 10 N against that at N."""
        return None if self.large is None or not self.small else self.large / self.small

    @property
    def missed(self) -> bool:
        """Whether a bound is not kept."""
        return (
            (self.most is not None and max(self.figures) > self.most)
            or (self.least is not None and min(self.figures) < self.least)
            or (self.growth is not None and self.ratio is not None and self.ratio > self.growth)
        )

    @property
    def bound(self) -> str:
        """The bounds in words."""
        parts = [f"<= {self.most:g}"] if self.most is not None else []
        parts += [f">= {self.least:g}"] if self.least is not None else []
        parts += [f"growth <= {self.growth:g}"] if self.growth is not None else []
        return ", ".join(parts)

    def line(self) -> str:
        """The row of the table."""
        large = "" if self.large is None else f"{self.large:.2f}"
        verdict = ("MISSED" if self.missed else "kept") if self.bound else ""
        beside = "  ".join(
            f"{name}: {found if isinstance(found, str) else f'{found:.0f}'}"
            for name, found in self.beside.items()
        )
        figures = f"{self.small:>9.2f} {large:>9} {self.unit:<10}"
        return f"{self.name:<46} {figures} {self.bound:<22} {verdict:<6} {beside}".rstrip()


def median(measure: Callable[[], float], times: int) -> float:
    """The median of a few measurements."""
    return statistics.median(measure() for _ in range(times))


def program(name: str, *arguments: object, python: str = sys.executable) -> dict[str, float]:
    """What a program of this folder measures: the JSON it prints."""
    command = [python, str(HERE / name), *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def workload(trials: int, *options: object, store: str | None = None) -> dict[str, float]:
    """One run of workload.py."""
    with tempfile.TemporaryDirectory() as folder:
        return program("workload.py", trials, "--store", store or folder, *options)


def command_cpu(*words: str, environment: dict[str, str] | None = None) -> float:
    """CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def command_wall(*words: str, folder: str) -> float:
    """Seconds of a command in a folder."""
    started = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, cwd=folder)
    return time.perf_counter() - started


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
