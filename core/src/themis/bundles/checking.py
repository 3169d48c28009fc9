"""Holds a bundle to its hashes, its plan to the run's id, and every key to what determines it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from themis.bundles.contents import check_content
from themis.bundles.records import ParseBundleRecord, ReductionBundleRecord, ScoreBundleRecord
from themis.bundles.refusal import refused
from themis.errors import SpecValidationError
from themis.planning.keys import canonical_item_key, evaluation_key, parse_key, trial_key
from themis.planning.manifest import items_digest
from themis.planning.plan import arm_row
from themis.planning.snapshot import RunSnapshot
from themis.records import WHOLE_TRIAL
from themis.records.canonical import canonical_bytes

if TYPE_CHECKING:
    from themis.bundles.bundle import Bundle
    from themis.bundles.plan import BundlePlan
    from themis.bundles.records import BundleRecord
    from themis.specs import ExperimentSpec

__all__ = ["check_bundle"]

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


def check_bundle(bundle: Bundle) -> None:
    """Check all of a bundle.

    Raises:
        SpecValidationError: the first thing that is not as it must be.
    """
    try:
        _check_plan(bundle.plan)
        _check_items(bundle)
        _check_records(bundle)
        changed = bundle.content_hash != bundle.computed_hash()
    except SpecValidationError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise refused(f"it is not built like one: {type(error).__name__}: {error}") from error
    if changed:
        raise refused("it is not as it was exported; export it again")


def _check_plan(plan: BundlePlan) -> None:
    manifest, planned = plan.manifest, plan.planned
    if not _HASH.fullmatch(plan.run_id):
        raise refused(f"{plan.run_id!r:.80} is no run id")
    if plan.run_id != manifest.run_id or plan.run_id != manifest.identity():
        raise refused(f"its plan is not that of run {plan.run_id[:12]}")
    experiment = _experiment(plan)
    if planned["benchmark_id"] != experiment.experiment_id:
        raise refused("its plan names another benchmark than its spec")
    if not planned["num_samples"] == manifest.num_samples == experiment.num_samples:
        raise refused("its plan has another number of samples than its spec")
    if list(planned["arms"]) != list(_arms(experiment)):
        raise refused("its arms are not those of its spec")
    _check_metrics(plan, experiment)
    if not all(isinstance(part, Mapping) for part in (manifest.project, manifest.provenance)):
        raise refused("its project or provenance is no table")
    RunSnapshot.of(manifest)
    if plan.event().payload != canonical_bytes(planned):
        raise refused("its plan is not one that a run is started with")
    _check_trials(plan)
    _check_slices(plan, experiment)


def _experiment(plan: BundlePlan) -> ExperimentSpec:
    """The spec, which must be the one whose hash is part of the run's id."""
    from themis.specs import ExperimentSpec

    try:
        spec = ExperimentSpec.model_validate(plan.manifest.spec)
    except ValueError as error:
        raise refused(f"its spec cannot be read: {error}") from error
    if spec.canonical_hash != plan.manifest.spec_hash:
        raise refused("its spec was changed")
    return spec


def _arms(experiment: ExperimentSpec) -> Iterator[Mapping[str, Any]]:
    for entry in experiment.slices:
        for variant in experiment.variants_for(entry):
            for model in experiment.models:
                for params in experiment.params:
                    yield arm_row(entry, variant, model, params)


def _check_metrics(plan: BundlePlan, experiment: ExperimentSpec) -> None:
    rows = plan.manifest.metrics
    named = [
        (entry.slice_id, score.name, metric.reported_name)
        for entry in experiment.slices
        for score in entry.scores
        for metric in score.metrics
    ]
    if [(row["slice_id"], row["score_name"], row["metric_id"]) for row in rows] != named:
        raise refused("its metrics are not those of its spec")
    columns = plan.planned["metrics"]
    if [{**row, **column} for row, column in zip(rows, columns, strict=True)] != list(rows):
        raise refused("its metric columns are not those of its manifest")
    keys: dict[tuple[str, str, bytes | None], list[bytes]] = {}
    for metric, (slice_id, score, _) in zip(plan.metrics, named, strict=True):
        keys.setdefault((slice_id, score, metric.transform), []).append(metric.key)
    made = {
        (slice_id, score): evaluation_key(transform, metrics).hex()
        for (slice_id, score, transform), metrics in keys.items()
    }
    if any(made[row["slice_id"], row["score_name"]] != row["evaluation_hash"] for row in rows):
        raise refused("the key of a metric is not the one that was planned")


def _check_slices(plan: BundlePlan, experiment: ExperimentSpec) -> None:
    """The keys that the manifest has of each slice, and what follows from them."""
    keys, slices = plan.manifest.keys, {entry.slice_id: entry for entry in experiment.slices}
    reduced = {name for name, entry in slices.items() if entry.reduction is not None}
    read = {name: [parse.name for parse in entry.parses] for name, entry in slices.items()}
    named = {name: list(chains) for name, chains in keys["transforms"].items()}
    if set(keys["reductions"]) != reduced or named != read:
        raise refused("its reductions and parses are not those of its spec")
    chains = [key for each in keys["transforms"].values() for key in each.values()]
    every = (*keys["reductions"].values(), *chains, *keys["arms"], *keys["metrics"])
    if not all(_HASH.fullmatch(key) for key in every):
        raise refused("a key of its plan is no hash")
    for metric in plan.metrics:
        of_set = metric.subject == "candidates"
        if metric.whole_trial != (of_set or metric.slice_id in reduced):
            raise refused(f"metric {metric.metric_id!r} scores something else than it says")
    made = sum(plan.reduction(number) is not None for number in range(len(plan.trials)))
    if plan.manifest.counts.get("reduce", 0) != made:
        raise refused("it counts other reductions than it has")


def _check_trials(plan: BundlePlan) -> None:
    keys = [bytes.fromhex(key) for key in plan.manifest.keys["arms"]]
    if len(keys) != len(plan.planned["arms"]) or len(plan.trials) != plan.manifest.trial_count:
        raise refused("it does not have the trials that were planned")
    for trial in plan.trials:
        if not _HASH.fullmatch(trial.item_hash) or not 0 <= trial.arm < len(keys):
            raise refused(f"a trial of item {trial.item_id!r:.80} is of no planned arm or item")
        if trial_key(keys[trial.arm], bytes.fromhex(trial.item_hash)).hex() != trial.trial_hash:
            raise refused(f"the key of a trial of item {trial.item_id!r:.80} is not its own")
    digests = {entry.slice_id: entry.items_digest for entry in plan.manifest.datasets}
    found = plan.items_by_arm()
    for number, arm in enumerate(plan.planned["arms"]):
        if items_digest(found.get(number, ())) != digests[arm["slice_id"]]:
            raise refused(f"its items of slice {arm['slice_id']!r} are not those that were planned")


def _check_items(bundle: Bundle) -> None:
    names: dict[str, set[str]] = {}
    for trial in bundle.plan.trials:
        names.setdefault(trial.item_hash, set()).add(trial.item_id)
    for item_hash, envelope in bundle.items.items():
        if item_hash not in names:
            raise refused(f"item {item_hash!r:.80} is of none of its trials")
        if canonical_item_key(canonical_bytes(envelope)).hex() != item_hash:
            raise refused(f"item {item_hash[:12]} has other content than its hash says")
        if names[item_hash] != {envelope["item_id"]}:
            raise refused(f"item {item_hash[:12]} has another id than its trials say")


def _check_records(bundle: Bundle) -> None:
    seen: set[tuple[Any, ...]] = set()
    for record in bundle.records:
        if type(record) is not bundle.record_type:
            raise refused(f"{type(record).__name__} is no record of the {bundle.stage} stage")
        if record.content_hash != record.computed_hash():
            raise refused(f"record {record.key[:12]!r} has other content than its hash says")
        if not _is_placed(record, bundle.plan):
            raise refused(f"record {record.key[:12]!r} is of no trial and sample of the plan")
        if record.key != _key(record, bundle.plan):
            raise refused(f"the key {record.key[:12]!r} is not that of what it stands for")
        place = (record.trial, record.sample, record.key, getattr(record, "metric", None))
        if place in seen:
            raise refused(f"record {record.key[:12]!r} is there twice")
        seen.add(place)
        check_content(record, bundle.plan)


def _is_placed(record: BundleRecord, plan: BundlePlan) -> bool:
    samples = range(WHOLE_TRIAL if record.stage != "generation" else 0, plan.samples)
    if record.trial not in range(len(plan.trials)) or record.sample not in samples:
        return False
    return record.stage != "reduction" or record.sample == WHOLE_TRIAL


def _key(record: BundleRecord, plan: BundlePlan) -> str:
    """The key that a record must have."""
    trial, sample = record.trial, record.sample
    members = _members(record, plan)
    subject = plan.subject(trial, sample, members)
    if isinstance(record, ReductionBundleRecord):
        if plan.reduction(trial) is None:
            raise refused(f"slice {plan.slice_of(trial)!r} has no reduction")
        return subject.hex()
    if isinstance(record, (ParseBundleRecord, ScoreBundleRecord)):
        if record.candidate_id != subject.hex():
            raise refused(f"record {record.key[:12]!r} is of another candidate than the plan's")
        if isinstance(record, ScoreBundleRecord):
            return _score_key(record, plan, members)
        transforms = plan.transforms[plan.slice_of(trial)]
        transform = bytes.fromhex(record.transform_hash)
        if transform not in transforms:
            raise refused(f"the plan has no extractor chain {record.transform_hash[:12]!r}")
        return parse_key(subject, transform).hex()
    return subject.hex()


def _score_key(record: ScoreBundleRecord, plan: BundlePlan, members: list[bytes]) -> str:
    if record.metric not in range(len(plan.metrics)):
        raise refused(f"the plan has no metric {record.metric}")
    metric = plan.metrics[record.metric]
    whole = record.sample == WHOLE_TRIAL
    if metric.slice_id != plan.slice_of(record.trial) or metric.whole_trial != whole:
        raise refused(f"metric {metric.metric_id!r} does not score what {record.key[:12]!r} does")
    if metric.judged != (record.stage == "evaluation"):
        raise refused(f"metric {metric.metric_id!r} is not of the {record.stage} stage")
    return plan.score(metric, record.trial, record.sample, members).hex()


def _members(record: BundleRecord, plan: BundlePlan) -> list[bytes]:
    """The candidates behind what belongs to a whole trial: samples of it, in their order."""
    named = list(getattr(record, "members", ()))
    if not named:
        return []
    own = [key.hex() for key in plan.candidates(record.trial)]
    if record.sample != WHOLE_TRIAL or named != [key for key in own if key in set(named)]:
        raise refused(f"record {record.key[:12]!r} is made of candidates that are not its trial's")
    return [bytes.fromhex(key) for key in named]
