from __future__ import annotations

import asyncio
from collections import Counter
from typing import ClassVar

import pytest
from themis.plugin import ErrorCode, ThemisError
from themis.testing import BackendKit

from {{ cookiecutter.__package }}.backend import PartitionPool, PartitionPoolConfig


class TestPartitionPool(BackendKit):
    ref: ClassVar[str] = "{{ cookiecutter.__distribution }}/{{ cookiecutter.__component }}"
    most_at_once: ClassVar[int] = 4


class Run:
    """A run of 1,000 trials, of which some partitions fail `times` times."""

    run_id = "r"
    trial_count = 1_000

    def __init__(self, *, times: int = 0) -> None:
        self.times = times
        self.tries: Counter[range] = Counter()

    def partitions(self, size: int = 200) -> list[range]:
        starts = range(0, self.trial_count, size)
        return [range(start, start + size) for start in starts]

    async def execute(self, partition: range) -> None:
        self.tries[partition] += 1
        await asyncio.sleep(0)
        if partition.start == 300 and self.tries[partition] <= self.times:
            msg = "the store is locked"
            raise ThemisError(msg, code=ErrorCode.STORAGE_WRITE)


def execute(run: Run, **settings: float) -> None:
    config = PartitionPoolConfig.model_validate({"pause": 0.0, **settings})
    asyncio.run(PartitionPool(config).execute(run))


def test_partitions_have_the_size_that_was_asked_for() -> None:
    run = Run()
    execute(run, size=250)
    assert [len(partition) for partition in run.tries] == [250] * 4


def test_a_partition_is_tried_as_often_as_was_asked_for() -> None:
    run = Run(times=2)
    execute(run, attempts=3)
    assert run.tries[range(300, 400)] == 3
    assert run.tries.total() == 12


def test_the_error_of_a_partition_that_goes_on_failing_is_raised_as_it_is() -> None:
    with pytest.raises(ThemisError, match=r"^the store is locked$"):
        execute(Run(times=3), attempts=3)
