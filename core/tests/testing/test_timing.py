from __future__ import annotations

import gc
import time

import pytest

from themis.testing.kits.timing import cpu_seconds


def burn(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_one_slow_call_of_three_counts_for_nothing():
    taken = iter([0.05, 0.0])
    assert cpu_seconds(lambda: burn(next(taken)), allowed=0.04) < 0.04
    assert next(taken, None) is None


def test_a_call_that_is_always_slow_is_slow():
    calls = []
    assert cpu_seconds(lambda: (calls.append(1), burn(0.02)), allowed=0.01) >= 0.02
    assert len(calls) == 3


def test_the_collector_goes_on_afterwards_even_when_the_call_fails():
    with pytest.raises(ZeroDivisionError):
        cpu_seconds(lambda: 1 / 0, allowed=1)
    assert gc.isenabled()
