"""The kit of execution backends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import attrs

from themis.errors import ThemisError
from themis.plugin.declarations import ComponentKind
from themis.plugin.registry import PluginRegistry
from themis.runtime.orchestrator import Orchestrator
from themis.specs import (
    BenchmarkSpec,
    DatasetSpec,
    GenerationSpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    MetricRefSpec,
    ModelSpec,
    PluginBackendSpec,
    ProjectSpec,
    PromptMessage,
    PromptVariantSpec,
    ScoreSpec,
    SliceSpec,
)
from themis.storage import InMemoryRunStore
from themis.testing.fakes import FakeDataset
from themis.testing.kits.check import check
from themis.testing.kits.kit import ComponentKit, opened

__all__ = ["BackendKit"]

_TRIALS = 1037


class BackendKit(ComponentKit):
    """Checks of an execution backend.

    Example::

        class TestRounds(BackendKit):
            ref = "my-dist/rounds"
            most_at_once = 4
    """

    kind: ClassVar[ComponentKind] = "execution_backend"
    most_at_once: ClassVar[int] = 64
    """How many partitions may be under way at once, at most."""

    @check("backend.every_trial")
    def test_every_trial_is_executed_once(self) -> None:
        """Every trial is in exactly one partition that is executed."""
        run = self._execute(_Run(_TRIALS))
        done = Counter(trial for part in run.done for trial in part)
        assert len(done) == _TRIALS, f"of {_TRIALS} trials {_TRIALS - len(done)} are left out"
        twice = [trial for trial, times in done.items() if times > 1]
        assert not twice, f"{len(twice)} trials are executed more than once, the first {twice[0]}"

    @check("backend.bounded")
    def test_no_more_than_the_bound_are_under_way(self) -> None:
        """No more partitions are under way at once than it may have."""
        run = self._execute(_Run(200 * 4 * self.most_at_once))
        assert run.peak <= self.most_at_once, (
            f"{run.peak} partitions were under way at once; the bound is {self.most_at_once}"
        )

    @check("backend.partition_size")
    def test_a_partition_has_no_more_than_500_trials(self) -> None:
        """A partition has no more than 500 trials, so that little is lost with a worker."""
        largest = max(len(part) for part in self._execute(_Run(5_000)).done)
        assert largest <= 500, f"one partition has {largest} trials"

    @check("backend.empty")
    def test_a_run_without_trials_ends(self) -> None:
        """A run without trials ends, and nothing is executed."""
        run = self._execute(_Run(0))
        assert not any(run.done), f"of no trials these were executed: {run.done}"

    @check("backend.worker_death")
    def test_a_partition_whose_worker_dies_is_not_lost(self) -> None:
        """A partition that fails once is executed again, or its error is raised."""
        run = _Run(_TRIALS, fails=lambda part, tries: part.start == 0 and tries == 1)
        problem = self._problem(run)
        done = {trial for part in run.done for trial in part}
        assert problem or len(done) == _TRIALS, (
            f"a partition failed, {_TRIALS - len(done)} trials were not done, and nothing was said"
        )

    @check("backend.failure")
    def test_a_partition_that_always_fails_is_an_error(self) -> None:
        """A partition that fails however often it is tried is an error, and ends the run."""
        problem = self._problem(_Run(_TRIALS, fails=lambda part, _: part.start == 0))
        assert problem is not None, "a partition failed every time, and nothing was said"

    @check("backend.cancellation")
    def test_a_cancelled_run_leaves_nothing_behind(self) -> None:
        """When it is cancelled, every partition has ended, and no other begins."""
        run = _Run(_TRIALS, seconds=0.05)

        async def main() -> None:
            async with opened(self.make()) as backend:
                task = asyncio.ensure_future(backend.execute(run))
                await run.started.wait()
                task.cancel()
                await asyncio.wait([task], timeout=2.0)
                assert task.done(), "a cancelled run went on for 2 s"
                begun, left = run.begun, run.under_way
                await asyncio.sleep(0.15)
            assert task.cancelled(), "the cancellation was swallowed; let CancelledError go"
            assert not left, f"{left} partitions were still under way after the cancellation"
            assert run.begun == begun, f"{run.begun - begun} partitions began after it"

        self.in_loop(main)

    @check("backend.no_state")
    def test_a_backend_can_be_used_again(self) -> None:
        """One backend executes run after run, each whole."""

        async def main() -> None:
            async with opened(self.make()) as backend:
                for count in (_TRIALS, 10, _TRIALS):
                    run = _Run(count)
                    await backend.execute(run)
                    done = len({trial for part in run.done for trial in part})
                    assert done == count, f"of {count} trials {done} were executed"

        self.in_loop(main)

    @check("backend.results")
    def test_results_are_those_of_this_machine(self) -> None:
        """A benchmark has the results that it has without the backend."""
        expected, found = self._benchmark(None), self._benchmark(self.component.name)
        assert found == expected, f"without it {expected!r:.300}, with it {found!r:.300}"

    @check("backend.config", level="static")
    def test_an_unknown_setting_is_refused(self) -> None:
        """A setting that does not exist is refused."""
        self.refuses_unknown_settings()

    def _execute(self, run: _Run) -> _Run:
        async def main() -> None:
            async with opened(self.make()) as backend:
                await backend.execute(run)

        self.in_loop(main)
        return run

    def _problem(self, run: _Run) -> BaseException | None:
        """What executing a run raises."""

        async def main() -> None:
            async with opened(self.make()) as backend:
                await backend.execute(run)

        try:
            self.in_loop(main)
        except AssertionError:
            raise
        except Exception as problem:  # noqa: BLE001 (any error is one that was not swallowed)
            return problem
        return None

    def _benchmark(self, backend: str | None) -> Any:
        """The results of a small benchmark, with the backend or without."""
        project = ProjectSpec()
        if backend is not None:
            kind = f"{self.component.provider}/{backend}"
            spec = PluginBackendSpec.model_validate({"kind": kind, **self.settings()})
            project = ProjectSpec(execution_backend=spec)
        registry: PluginRegistry = self.registry()
        rows = [{"item_id": f"i{n}", "answer": str(n % 7)} for n in range(450)]
        with InMemoryRunStore() as store:
            orchestrator = Orchestrator.from_project_spec(
                project,
                registry=registry,
                dataset_provider=FakeDataset(rows),
                storage_bundle=store,
            )
            result = orchestrator.run_benchmark(_benchmark())
            return result.status, result.counts(), result.leaderboard()


class WorkerDiedError(ThemisError):
    """What a partition raises whose worker died."""

    def __init__(self) -> None:
        from themis.errors import ErrorCode

        super().__init__("the worker died", code=ErrorCode.PROVIDER_UNAVAILABLE)


@attrs.define(slots=True, eq=False)
class _Run:
    """A run whose partitions only take time; it counts what is asked of it."""

    trial_count: int
    fails: Callable[[range, int], bool] = attrs.field(default=lambda _part, _tries: False)
    seconds: float = 0.001
    run_id: str = "0" * 64
    done: list[range] = attrs.field(factory=list)
    begun: int = 0
    started: asyncio.Event = attrs.field(factory=asyncio.Event)
    under_way: int = 0
    peak: int = 0
    _tries: Counter[int] = attrs.field(factory=Counter)

    def partitions(self, size: int = 200) -> tuple[range, ...]:
        """All trials, cut into ranges of `size`."""
        count = self.trial_count
        return tuple(range(start, min(start + size, count)) for start in range(0, count, size))

    async def execute(self, partition: range) -> None:
        """Take a moment, and fail where that was asked for."""
        self.begun += 1
        self.started.set()
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        self._tries[partition.start] += 1
        try:
            await asyncio.sleep(self.seconds)
            if self.fails(partition, self._tries[partition.start]):
                raise WorkerDiedError
            self.done.append(partition)
        finally:
            self.under_way -= 1


def _benchmark() -> BenchmarkSpec:
    asked = PromptMessage(role="user", content="{{ item.answer }}")
    return BenchmarkSpec(
        benchmark_id="kit",
        models=[ModelSpec(model_id="echo", provider="echo")],
        slices=[
            SliceSpec(
                slice_id="s",
                dataset=DatasetSpec(source="memory"),
                generation=GenerationSpec(),
                scores=[ScoreSpec(name="exact", metrics=[MetricRefSpec(id="exact_match")])],
            )
        ],
        prompt_variants=[PromptVariantSpec(id="p", messages=[asked])],
        inference_grid=InferenceGridSpec(params=[InferenceParamsSpec()]),
    )
