"""Looks at all of a spec's work without doing any or writing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs

from themis.errors import ItemError
from themis.planning.diff import RunDiff, StageDiff, describe_changes
from themis.planning.keys import trial_key
from themis.planning.preview import PromptPreview
from themis.records import WHOLE_TRIAL
from themis.runtime.hooks import HookError
from themis.runtime.items import MemoryKeeper, SliceItems, scan_slice
from themis.runtime.rendering import as_sent_now
from themis.runtime.whole_trial import WholeTrial
from themis.runtime.work import Work, samples_of

if TYPE_CHECKING:
    from themis.planning.items import PlannedItem
    from themis.planning.plan import Arm, Plan
    from themis.records import TrialSpec
    from themis.runtime.hooks import Hooks
    from themis.runtime.planner import RunPlanner
    from themis.specs import ExperimentSpec

__all__ = [
    "SURVEYED",
    "CandidateKeys",
    "Survey",
    "diff",
    "is_listed",
    "preview",
    "survey",
    "trials",
]

SURVEYED = ("generate", "reduce", "parse", "score", "judge")
"""The stages whose artifacts are counted; judge is that of metrics that ask judges."""

_WHERE_THERE_IS_ONE = frozenset({"reduce", "judge"})


def is_listed(stage: str, count: int) -> bool:
    """Whether a stage is named: reduce and judge are left out where there is nothing of them."""
    return count > 0 or stage not in _WHERE_THERE_IS_ONE


@attrs.frozen(slots=True)
class CandidateKeys:
    """The artifact keys of one candidate, or of what is done once for a trial, by stage."""

    arm: Arm
    item: bytes
    stages: Mapping[str, tuple[bytes, ...]]

    @classmethod
    def of(cls, work: Work) -> CandidateKeys:
        """The keys of all that a work has to do; a slice without generation generates nothing."""
        own = (work.candidate_key,)
        made = work.sample != WHOLE_TRIAL and work.arm.engine is not None
        stages = {
            "generate": own if made else (),
            "reduce": own if work.reduction is not None else (),
            "parse": tuple(entry.key for entry in work.parses),
            "score": tuple(one.key for one in work.scores if not one.metric.judged),
            "judge": tuple(one.key for one in work.scores if one.metric.judged),
        }
        return cls(work.arm, work.item_key, stages)


@attrs.frozen(slots=True)
class Survey:
    """A compiled spec with its items, in memory."""

    plan: Plan
    slices: list[SliceItems]
    items: dict[bytes, PlannedItem]
    run_id: str

    def candidates(self) -> Iterator[CandidateKeys]:
        """The keys of every candidate, and of what is done once for a trial if all succeed."""
        for part, selected in zip(self.plan.slices, self.slices, strict=True):
            for item in selected.keys:
                for arm in part.arms:
                    key = trial_key(arm.key, item)
                    made = samples_of(self.plan, arm, trial=0, trial_key=key, item_key=item)
                    works = list(made)
                    if part.whole_trial:
                        works.append(WholeTrial.of(works).work)
                    yield from map(CandidateKeys.of, works)


def survey(planner: RunPlanner, experiment: ExperimentSpec) -> Survey:
    """Compile a spec and read its items, without writing anything."""
    plan = planner.compile(experiment)
    keeper = MemoryKeeper()
    slices = [
        scan_slice(entry, planner.providers.for_slice(entry.spec), keeper) for entry in plan.slices
    ]
    return Survey(plan, slices, keeper.items, planner.manifest(plan, slices).run_id)


def diff(
    planner: RunPlanner,
    baseline: ExperimentSpec,
    treatment: ExperimentSpec,
    *,
    treatment_planner: RunPlanner,
) -> RunDiff:
    """What changed, and how many of each stage's artifacts the baseline does not share."""
    before, after = survey(planner, baseline), survey(treatment_planner, treatment)
    shared = {
        key for keys in before.candidates() for stage in keys.stages.values() for key in stage
    }
    wanted: dict[str, set[bytes]] = {stage: set() for stage in SURVEYED}
    for keys in after.candidates():
        for stage, names in keys.stages.items():
            wanted[stage].update(names)
    return RunDiff(
        baseline_run_id=before.run_id,
        treatment_run_id=after.run_id,
        changes=tuple(describe_changes(_described(before, baseline), _described(after, treatment))),
        stages={
            stage: StageDiff(total=len(names), rerun=len(names - shared))
            for stage, names in wanted.items()
            if is_listed(stage, len(names))
        },
    )


def _described(survey: Survey, experiment: ExperimentSpec) -> dict[str, object]:
    """The spec, and what it resolved to: a new component version or item is a change too."""
    return {
        "spec": experiment.model_dump(mode="json"),
        "components": {
            f"{component.kind}:{component.name}": component.version
            for component in survey.plan.components
        },
        "items": {entry.summary.slice_id: entry.summary.items_digest for entry in survey.slices},
    }


def preview(
    planner: RunPlanner,
    experiment: ExperimentSpec,
    hooks: Hooks,
    *,
    item_ids: Sequence[str],
    limit: int,
) -> list[PromptPreview]:
    """What would be sent for the named items, or for the first `limit` of each slice."""
    found = survey(planner, experiment)
    shown: list[PromptPreview] = []
    for part, selected in zip(found.plan.slices, found.slices, strict=True):
        pairs = list(zip(selected.ids, selected.keys, strict=True))
        chosen = [key for name, key in pairs if name in item_ids] if item_ids else []
        for key in chosen if item_ids else selected.keys[:limit]:
            shown.extend(_previewed(arm, key, found.items[key], hooks) for arm in part.arms)
    known = {name for selected in found.slices for name in selected.ids}
    unknown = [name for name in item_ids if name not in known]
    if unknown:
        msg = f"no slice selects the items {', '.join(unknown)}; check the ids and the query"
        raise ItemError(msg)
    return shown


def _previewed(arm: Arm, key: bytes, item: PlannedItem, hooks: Hooks) -> PromptPreview:
    shown = PromptPreview.of(arm, item)
    if shown.failure is not None or not hooks.pre_inference:
        return shown
    try:
        return attrs.evolve(shown, messages=_trial(arm, key, item, hooks).prompt)
    except HookError as error:
        return attrs.evolve(shown, messages=(), follow_ups=(), failure=error.message)


def trials(planner: RunPlanner, experiment: ExperimentSpec, hooks: Hooks) -> Iterator[TrialSpec]:
    """Every trial as it is sent; one whose item lacks a field is left out, as it is in a run."""
    found = survey(planner, experiment)
    for part, selected in zip(found.plan.slices, found.slices, strict=True):
        for key in selected.keys:
            for arm in part.arms:
                item = found.items[key]
                if item.failure is not None:
                    continue
                try:
                    yield _trial(arm, key, item, hooks)
                except (ItemError, HookError):
                    continue


def _trial(arm: Arm, key: bytes, item: PlannedItem, hooks: Hooks) -> TrialSpec:
    make = partial(arm.trial, item, trial_key=trial_key(arm.key, key), item_key=key)
    return as_sent_now(make, arm, item, hooks)
