"""How long a call takes, in seconds of CPU."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

__all__ = ["cpu_seconds"]


def cpu_seconds(call: Callable[[], object]) -> float:
    """The seconds that one call takes, without the collector.

    Its passes go through everything that the process holds, and in a test process that is much:
    they would be counted as the component's.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        started = time.process_time()
        call()
        return time.process_time() - started
    finally:
        if collecting:
            gc.enable()
