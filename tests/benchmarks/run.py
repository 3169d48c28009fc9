"""`python tests/benchmarks/run.py`: what a run costs on this machine, as a table and as JSON.

Every measurement is made in processes of its own, a few times; the median counts. Figures stand at
N and at 10 N samples. Latency figures need a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from compare import beside
from measures import TOPICS
from rows import Row, Sizes

__all__ = ["main"]

_N = 10_000
_QUICK = 10


def measured(topics: Sequence[str], sizes: Sizes, *, compared: bool) -> Iterator[Row]:
    """The rows of the topics, one after another."""
    for topic in topics:
        for row in TOPICS[topic](sizes):
            yield beside(row, sizes) if compared and row.name == "CPU a sample" else row


def described(rows: Sequence[Row], sizes: Sizes) -> dict[str, object]:
    """The figures, and where they were measured."""
    machine = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
    }
    figures = [{**row._asdict(), "ratio": row.ratio, "missed": row.missed} for row in rows]
    return {"machine": machine, "n": sizes.n, "times": sizes.times, "figures": figures}


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", choices=[*TOPICS, []], help="all but soak by default")
    parser.add_argument("--quick", action="store_true", help=f"N is {_N // _QUICK:,}, once each")
    parser.add_argument("--compare", action="store_true", help="run inspect-ai and lm-eval too")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file")
    return parser.parse_args()


def main() -> None:
    """Measure, print the table, write the JSON; 1 if a bound is not kept."""
    options = parsed()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sizes = Sizes(_N // _QUICK, 1) if options.quick else Sizes(_N, 3)
    topics = options.topics or [name for name in TOPICS if name != "soak"]
    print(f"{'':<46} {f'N={sizes.n:,}':>9} {'10 N':>9}")
    rows = []
    for row in measured(topics, sizes, compared=options.compare):
        print(row.line(), flush=True)
        rows.append(row)
    if options.output is not None:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(described(rows, sizes), indent=2) + "\n")
    sys.exit(any(row.missed for row in rows))


if __name__ == "__main__":
    main()
