"""How far a run is: what of each stage is done, failed and missing, as a whole and case by case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
from sqlalchemy import func, select

from themis.planning.keys import parse_key
from themis.records import WHOLE_TRIAL
from themis.results.paging import PAGE
from themis.results.run_status import RunStatus
from themis.results.source import RunSource
from themis.results.trials import TrialRow, iter_trials
from themis.storage import schema
from themis.storage.column_text import storable
from themis.storage.finished import StageCounts
from themis.storage.reading import chunked
from themis.storage.schema import CandidateStatus, ScoreStatus

if TYPE_CHECKING:
    from themis.storage import RunStore

__all__ = ["CaseState", "ExecutionState", "get_execution_state"]

_CANDIDATES = schema.candidates
_SCORES = schema.scores
_STAGES = ("generate", "reduce", "parse", "score", "judge")

Stages = Mapping[str, StageCounts]


@attrs.frozen(slots=True, kw_only=True)
class CaseState:
    """One case under one model and prompt, by stage; stages that the plan has not are left out.

    A parse that found nothing is done; one whose candidate failed has failed with it.
    """

    dataset_id: str
    case_id: str
    model_id: str
    prompt_variant_id: str
    trial_hash: str
    stages: Stages

    @property
    def status(self) -> Literal["done", "failed", "missing"]:
        """`missing` as long as anything is; then `failed` if anything did."""
        return _status(self.stages)


@attrs.frozen(slots=True, kw_only=True)
class ExecutionState:
    """How a run stands. `through_stage` is the last stage through which it was recorded as whole.

    `stages` count outcomes: candidates, reduced candidates, parses, scores, and judged scores.
    """

    run_id: str
    benchmark_id: str
    status: RunStatus
    through_stage: str | None
    stages: Stages
    cases: tuple[CaseState, ...]

    @property
    def missing(self) -> tuple[CaseState, ...]:
        """The cases of which something has no outcome yet."""
        return tuple(case for case in self.cases if case.status == "missing")

    @property
    def failed(self) -> tuple[CaseState, ...]:
        """The cases that have every outcome, and a failure among them."""
        return tuple(case for case in self.cases if case.status == "failed")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "run_id": self.run_id,
            "benchmark_id": self.benchmark_id,
            "status": str(self.status),
            "through_stage": self.through_stage,
            "stages": _plain(self.stages),
            "cases": [
                {
                    **attrs.asdict(case, recurse=False),
                    "status": case.status,
                    "stages": _plain(case.stages),
                }
                for case in self.cases
            ],
        }


def get_execution_state(store: RunStore, run_id: str) -> ExecutionState:
    """How a run stands now; a running one can be watched.

    Args:
        store: A store that has the run.
        run_id: The run's id, or its beginning.

    Raises:
        StorageError: the store has no such run, or several begin so.
    """
    row = store.run(run_id)
    source = RunSource(store, row.run_id)
    cases = tuple(_cases(source))
    found = [case.stages for case in cases]
    return ExecutionState(
        run_id=row.run_id,
        benchmark_id=row.benchmark_id,
        status=RunStatus.of(row.status),
        through_stage=row.through_stage,
        stages={name: _sum([one[name] for one in found if name in one]) for name in _named(found)},
        cases=cases,
    )


def _named(found: Sequence[Stages]) -> list[str]:
    return [name for name in _STAGES if any(name in stages for stages in found)]


def _sum(counts: Sequence[StageCounts]) -> StageCounts:
    return StageCounts(
        ok=sum(one.ok for one in counts),
        failed=sum(one.failed for one in counts),
        wanted=sum(one.wanted for one in counts),
    )


def _plain(stages: Stages) -> dict[str, dict[str, int]]:
    return {
        name: {"done": one.ok, "failed": one.failed, "missing": one.missing}
        for name, one in stages.items()
    }


def _status(stages: Stages) -> Literal["done", "failed", "missing"]:
    if any(one.missing for one in stages.values()):
        return "missing"
    return "failed" if any(one.failed for one in stages.values()) else "done"


def _cases(source: RunSource) -> Iterator[CaseState]:
    shapes = _shapes(source)
    for trials in chunked(iter_trials(source), PAGE):
        found = _Outcomes.of(source, trials, shapes)
        for trial in trials:
            shape = shapes[trial.arm.slice_id]
            yield CaseState(
                dataset_id=trial.arm.slice_id,
                case_id=trial.item_id,
                model_id=trial.arm.model_id,
                prompt_variant_id=trial.arm.prompt_variant_id,
                trial_hash=trial.trial_hash.hex(),
                stages={
                    name: found.counts(trial.number, name, wanted)
                    for name, wanted in shape.wanted.items()
                    if wanted
                },
            )


@attrs.frozen(slots=True)
class _Shape:
    """What there is to do for each case of a slice."""

    wanted: Mapping[str, int]
    transforms: Sequence[bytes]
    reduced: bool

    def reads(self, sample: int) -> bool:
        """Whether this candidate is one that is parsed and scored itself."""
        return (sample == WHOLE_TRIAL) == self.reduced


def _shapes(source: RunSource) -> dict[str, _Shape]:
    layout, keys = source.layout, source.manifest.get("keys") or {}
    reductions = {storable(name) for name in keys.get("reductions", {})}
    shapes = {}
    for name in dict.fromkeys(arm.slice_id for arm in layout.arms):
        columns = [column for column in layout.metrics if column.slice_id == name]
        reduced = name in reductions
        transforms = source.transforms[name]
        wanted = Counter({"generate": layout.num_samples, "reduce": int(reduced)})
        wanted["parse"] = len(transforms) * (1 if reduced else layout.num_samples)
        for column in columns:
            stage = "judge" if column.judged else "score"
            wanted[stage] += 1 if column.whole_trial else layout.num_samples
        ordered = {stage: wanted[stage] for stage in _STAGES}
        shapes[name] = _Shape(ordered, [bytes.fromhex(each) for each in transforms], reduced)
    return shapes


@attrs.frozen(slots=True)
class _Outcomes:
    """How many of each stage went well (True) and failed (False), by trial."""

    found: Counter[tuple[int, str, bool]]

    @classmethod
    def of(
        cls, source: RunSource, trials: Sequence[TrialRow], shapes: Mapping[str, _Shape]
    ) -> _Outcomes:
        """The outcomes of consecutive trials."""
        found: Counter[tuple[int, str, bool]] = Counter()
        shape_of = {trial.number: shapes[trial.arm.slice_id] for trial in trials}
        parses: dict[bytes, int] = {}
        for number, sample, key, ok in _candidates(source, trials):
            found[number, "reduce" if sample == WHOLE_TRIAL else "generate", ok] += 1
            shape = shape_of[number]
            if shape.reads(sample):
                if ok:
                    parses |= {parse_key(key, each): number for each in shape.transforms}
                else:
                    found[number, "parse", False] += len(shape.transforms)
        for key in source.known(parses):
            found[parses[key], "parse", True] += 1
        found.update(_scores(source, trials))
        return cls(found)

    def counts(self, trial: int, stage: str, wanted: int) -> StageCounts:
        """The counts of one stage of one trial."""
        ok, failed = (self.found[trial, stage, well] for well in (True, False))
        return StageCounts(ok=ok, failed=failed, wanted=wanted)


def _candidates(
    source: RunSource, trials: Sequence[TrialRow]
) -> list[tuple[int, int, bytes, bool]]:
    row = _CANDIDATES.c
    query = select(row.trial, row.sample, row.candidate_hash, row.status).where(
        row.run == source.layout.run, row.trial.between(trials[0].number, trials[-1].number)
    )
    with source.connection() as connection:
        return [
            (trial, sample, key, status == CandidateStatus.OK.value)
            for trial, sample, key, status in connection.execute(query)
        ]


def _scores(source: RunSource, trials: Sequence[TrialRow]) -> Counter[tuple[int, str, bool]]:
    row, layout = _SCORES.c, source.layout
    query = (
        select(row.trial, row.metric, row.status, func.count())
        .where(row.run == layout.run, row.metric.in_([one.index for one in layout.metrics]))
        .where(row.arm.in_(sorted({trial.arm.index for trial in trials})))
        .where(row.trial.between(trials[0].number, trials[-1].number))
        .group_by(row.trial, row.metric, row.status)
    )
    found: Counter[tuple[int, str, bool]] = Counter()
    with source.connection() as connection:
        for trial, metric, status, count in connection.execute(query):
            stage = "judge" if layout.metrics[metric].judged else "score"
            found[trial, stage, status == ScoreStatus.OK.value] += count
    return found
