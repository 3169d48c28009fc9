"""The collector during a run."""

from __future__ import annotations

import gc

from themis.runtime.collector import calm_collector


def test_the_collector_is_as_before_after_the_block():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with calm_collector():
        assert gc.get_freeze_count() > frozen
        assert gc.get_threshold()[0] >= before[0]
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() <= frozen


def test_a_collector_that_is_off_stays_off():
    before = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with calm_collector():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


def test_cycles_made_in_the_block_are_collected():
    with calm_collector():
        cycle = []
        cycle.append(cycle)
        del cycle
        assert gc.collect() >= 1


def test_what_somebody_else_froze_stays_frozen():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with calm_collector():
            pass
        assert gc.get_freeze_count() >= frozen
    finally:
        gc.unfreeze()
