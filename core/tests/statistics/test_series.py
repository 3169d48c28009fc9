from __future__ import annotations

import pytest

from themis.statistics import event_series


def test_each_event_needs_a_label():
    with pytest.raises(ValueError, match="2 events with 1 labels: give one label per event"):
        event_series([[1.0], [2.0]], ["a"])


def test_nan_does_not_count():
    [point] = event_series([[float("nan"), 2.0]], ["a"])

    assert (point.mean, point.n) == (2.0, 1)
