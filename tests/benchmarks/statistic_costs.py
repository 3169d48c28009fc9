"""`python statistic_costs.py N`: CPU seconds of the statistics on N scores, as JSON."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from themis import statistics


def main() -> None:
    """Each the median of three, after one that imports what it needs."""
    size, chance = int(sys.argv[1]), random.Random(7)
    one = [chance.random() for _ in range(size)]
    two = [score + chance.gauss(0.01, 0.1) for score in one]
    passed = [float(score > 0.5) for score in one]
    measured: dict[str, Callable[[], Any]] = {
        "mean with its interval": lambda: statistics.mean_estimate(one),
        "mean of passes with its interval": lambda: statistics.mean_estimate(passed),
        "bootstrap interval": lambda: statistics.bootstrap_interval(one),
        "paired comparison": lambda: statistics.compare(one, two),
    }
    print(json.dumps({name: seconds(do) for name, do in measured.items()}))


def seconds(do: Callable[[], Any]) -> float:
    """The median of three."""
    do()
    found = []
    for _ in range(3):
        started = time.process_time()
        do()
        found.append(time.process_time() - started)
    return sorted(found)[1]


if __name__ == "__main__":
    main()
