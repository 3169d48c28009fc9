"""Looks at all of a spec's work without doing any or writing anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs

from themis.errors import ItemError
from themis.planning.diff import RunDiff, StageDiff, describe_changes
from themis.planning.keys import candidate_key, parse_key, score_key, trial_key
from themis.planning.preview import PromptPreview
from themis.runtime.hooks import HookError
from themis.runtime.items import MemoryKeeper, SliceItems, scan_slice
from themis.runtime.rendering import as_sent_now

if TYPE_CHECKING:
    from themis.planning.items import PlannedItem
    from themis.planning.plan import Arm, Plan
    from themis.records import TrialSpec
    from themis.runtime.hooks import Hooks
    from themis.runtime.planner import RunPlanner
    from themis.specs import ExperimentSpec

__all__ = ["CandidateKeys", "Survey", "diff", "preview", "survey", "trials"]


@attrs.frozen(slots=True)
class CandidateKeys:
    """The artifact keys of one candidate, by stage."""

    arm: Arm
    item: bytes
    candidate: bytes
    parses: tuple[bytes, ...]
    scores: tuple[bytes, ...]

    def stages(self) -> dict[str, tuple[bytes, ...]]:
        """The keys by stage; a slice without generation has none to generate."""
        generated = (self.candidate,) if self.arm.engine is not None else ()
        return {"generate": generated, "parse": self.parses, "score": self.scores}


@attrs.frozen(slots=True)
class Survey:
    """A compiled spec with its items, in memory."""

    plan: Plan
    slices: list[SliceItems]
    items: dict[bytes, PlannedItem]
    run_id: str

    def candidates(self) -> Iterator[CandidateKeys]:
        """Every candidate's keys."""
        for part, selected in zip(self.plan.slices, self.slices, strict=True):
            for item in selected.keys:
                for arm in part.arms:
                    yield from self._samples(arm, item, trial_key(arm.key, item))

    def _samples(self, arm: Arm, item: bytes, trial: bytes) -> Iterator[CandidateKeys]:
        part = self.plan.slice_of(arm)
        for sample in range(self.plan.experiment.num_samples):
            seed = self.plan.seed(arm, trial, sample)
            candidate = candidate_key(trial, sample=sample, seed=seed)
            parses = {parse.key: parse_key(candidate, parse.key) for parse in part.parses}
            scores = tuple(
                score_key(parses[score.parse.key] if score.parse else candidate, metric.key)
                for score in part.scores
                for metric in score.metrics
            )
            yield CandidateKeys(arm, item, candidate, tuple(parses.values()), scores)


def survey(planner: RunPlanner, experiment: ExperimentSpec) -> Survey:
    """Compile a spec and read its items, without writing anything."""
    plan = planner.compile(experiment)
    keeper = MemoryKeeper()
    slices = [
        scan_slice(entry, planner.providers.for_slice(entry.spec), keeper) for entry in plan.slices
    ]
    return Survey(plan, slices, keeper.items, planner.manifest(plan, slices).run_id)


def diff(planner: RunPlanner, baseline: ExperimentSpec, treatment: ExperimentSpec) -> RunDiff:
    """What changed, and how many of each stage's artifacts the baseline does not share."""
    before, after = survey(planner, baseline), survey(planner, treatment)
    shared = {
        key for keys in before.candidates() for stage in keys.stages().values() for key in stage
    }
    wanted: dict[str, set[bytes]] = {"generate": set(), "parse": set(), "score": set()}
    for keys in after.candidates():
        for stage, names in keys.stages().items():
            wanted[stage].update(names)
    return RunDiff(
        baseline_run_id=before.run_id,
        treatment_run_id=after.run_id,
        changes=tuple(describe_changes(_described(before, baseline), _described(after, treatment))),
        stages={
            stage: StageDiff(total=len(names), rerun=len(names - shared))
            for stage, names in wanted.items()
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
