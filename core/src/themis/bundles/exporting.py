"""Takes one stage's outcomes out of a store: those that the run, as planned, looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from themis.bundles.bundle import (
    Bundle,
    EvaluationBundle,
    GenerationBundle,
    ParseBundle,
    ReductionBundle,
    ScoreBundle,
)
from themis.bundles.plan import BundlePlan
from themis.bundles.records import (
    BundleRecord,
    EvaluationBundleRecord,
    GenerationBundleRecord,
    ParseBundleRecord,
    ReductionBundleRecord,
    ScoreBundleRecord,
)
from themis.bundles.trials import ScoreRow, StoredTrial, stored_trials
from themis.planning.keys import parse_key
from themis.records import WHOLE_TRIAL
from themis.storage.reading import chunked

if TYPE_CHECKING:
    from themis.bundles.plan import MetricKey
    from themis.storage import RunStore

__all__ = [
    "export_evaluation_bundle",
    "export_generation_bundle",
    "export_parse_bundle",
    "export_reduction_bundle",
    "export_score_bundle",
    "wanted_parses",
]

B = TypeVar("B", bound=Bundle)
Reader = Callable[["RunStore", BundlePlan, Sequence[StoredTrial]], Iterator[BundleRecord]]

_GENERATED = ("status", "seed", "inference", "conversation", "failure", "timeline", "links")
_REDUCED = (
    "status", "seed", "sources", "inference", "conversation", "details", "failure", "judge_audits",
    "timeline",
)  # fmt: skip
_SCORED = ("value", "details", "warnings", "error")


def export_generation_bundle(store: RunStore, run_id: str) -> GenerationBundle:
    """The candidates of a run, its failures among them, as a bundle.

    Args:
        store: A store that has the run.
        run_id: The run's id, or its beginning.

    Raises:
        StorageError: the store has no such run, or cannot be read.
        SpecValidationError: the run is an import of candidates, or its planning was interrupted.
    """
    return _export(GenerationBundle, store, run_id, _generated)


def export_reduction_bundle(store: RunStore, run_id: str) -> ReductionBundle:
    """The reduced candidates of a run as a bundle; see `export_generation_bundle`."""
    return _export(ReductionBundle, store, run_id, _reduced)


def export_parse_bundle(store: RunStore, run_id: str) -> ParseBundle:
    """The parses of a run's candidates as a bundle; see `export_generation_bundle`."""
    return _export(ParseBundle, store, run_id, _parsed)


def export_score_bundle(store: RunStore, run_id: str) -> ScoreBundle:
    """The scores of a run that ask no judge as a bundle; see `export_generation_bundle`."""
    return _export(ScoreBundle, store, run_id, _scored)


def export_evaluation_bundle(store: RunStore, run_id: str) -> EvaluationBundle:
    """The scores of a run that ask judges, with every call; see `export_generation_bundle`."""
    return _export(EvaluationBundle, store, run_id, _judged)


def _export(kind: type[B], store: RunStore, run_id: str, read: Reader) -> B:
    row = store.run(run_id)
    plan = BundlePlan.of_run(store, row)
    chunks = stored_trials(store, row.id, len(plan.trials))
    records = tuple(record for trials in chunks for record in read(store, plan, trials))
    return kind.of(plan=plan, items=_items(store, plan), records=records)


def _items(store: RunStore, plan: BundlePlan) -> dict[str, Any]:
    """The items' envelopes, as far as the store keeps them."""
    hashes = dict.fromkeys(bytes.fromhex(trial.item_hash) for trial in plan.trials)
    found: dict[bytes, Any] = {}
    for chunk in chunked(hashes, 500):
        found |= store.get_items(chunk)
    return {key.hex(): found[key] for key in hashes if key in found}


def _generated(
    store: RunStore,  # noqa: ARG001 (a Reader)
    plan: BundlePlan,  # noqa: ARG001 (the same)
    trials: Sequence[StoredTrial],
) -> Iterator[BundleRecord]:
    for trial in trials:
        for sample, event in sorted(trial.candidates.items()):
            if sample != WHOLE_TRIAL:
                yield GenerationBundleRecord.of(
                    key=trial.keys[sample],
                    trial=trial.number,
                    sample=sample,
                    content=_chosen(event.value, _GENERATED),
                )


def _reduced(
    store: RunStore,  # noqa: ARG001 (a Reader)
    plan: BundlePlan,
    trials: Sequence[StoredTrial],
) -> Iterator[BundleRecord]:
    for trial in trials:
        event = trial.candidates.get(WHOLE_TRIAL)
        if event is None or plan.whole(trial.number, trial.member_keys).hex() != trial.keys[-1]:
            continue
        yield ReductionBundleRecord.of(
            key=trial.keys[WHOLE_TRIAL],
            trial=trial.number,
            sample=WHOLE_TRIAL,
            members=trial.members,
            made_from=trial.outputs_of_members(),
            content=_chosen(event.value, _REDUCED),
        )


def _parsed(
    store: RunStore, plan: BundlePlan, trials: Sequence[StoredTrial]
) -> Iterator[BundleRecord]:
    wanted = wanted_parses(plan, trials)
    known = store.known(wanted)
    events = store.events(sorted(set(known.values())))
    for key, (trial, sample, transform) in wanted.items():
        if key not in known:
            continue
        value = events[known[key]].value
        entry = next(one for one in value["parses"] if one["key"] == key.hex())
        name = plan.transforms[plan.slice_of(trial.number)][transform]
        yield ParseBundleRecord.of(
            key=key.hex(),
            trial=trial.number,
            sample=sample,
            candidate_id=trial.keys[sample],
            transform_hash=transform.hex(),
            members=trial.members if sample == WHOLE_TRIAL else (),
            made_from=trial.output_of(sample),
            content={
                "extractions": entry["extractions"],
                "timeline": _stages(value, "parse", name),
            },
        )


def wanted_parses(
    plan: BundlePlan, trials: Iterable[StoredTrial]
) -> dict[bytes, tuple[StoredTrial, int, bytes]]:
    """The trial, sample and transform of every parse of the trials' candidates, by its key.

    Where candidates are reduced, those are read that the reduced ones and the sets are made of.
    """
    return {
        parse_key(bytes.fromhex(trial.keys[sample]), transform): (trial, sample, transform)
        for trial in trials
        for sample in trial.made
        for transform in plan.transforms[plan.slice_of(trial.number)]
    }


def _scored(
    store: RunStore, plan: BundlePlan, trials: Sequence[StoredTrial]
) -> Iterator[BundleRecord]:
    yield from _scores(store, plan, trials, ScoreBundleRecord)


def _judged(
    store: RunStore, plan: BundlePlan, trials: Sequence[StoredTrial]
) -> Iterator[BundleRecord]:
    yield from _scores(store, plan, trials, EvaluationBundleRecord)


def _scores(
    store: RunStore,
    plan: BundlePlan,
    trials: Sequence[StoredTrial],
    kind: type[ScoreBundleRecord],
) -> Iterator[BundleRecord]:
    judged = kind is EvaluationBundleRecord
    rows = [
        (trial, row)
        for trial in trials
        for row in trial.scores.values()
        if plan.metrics[row.metric].judged == judged
    ]
    events = store.events(sorted({row.seq for _, row in rows}))
    for trial, row in rows:
        record = _score(plan, trial, row, events[row.seq].value, kind)
        if record is not None:
            yield record


def _score(
    plan: BundlePlan,
    trial: StoredTrial,
    row: ScoreRow,
    value: Mapping[str, Any],
    kind: type[ScoreBundleRecord],
) -> ScoreBundleRecord | None:
    """The record of one score; None if the run does not look for it any more."""
    metric, entry = plan.metrics[row.metric], value["scores"][row.position]
    members = trial.member_keys if row.sample == WHOLE_TRIAL else []
    key = plan.score(metric, trial.number, row.sample, members)
    has_subject = metric.subject == "candidates" or row.sample in trial.made
    if key.hex() != entry["key"] or not has_subject:
        return None
    return kind.of(
        key=entry["key"],
        trial=trial.number,
        sample=row.sample,
        candidate_id=plan.subject(trial.number, row.sample, members).hex(),
        metric=row.metric,
        members=[member.hex() for member in members],
        made_from=trial.scored_output(metric, row.sample),
        content=_score_content(value, entry, metric),
    )


def _score_content(
    value: Mapping[str, Any], entry: Mapping[str, Any], metric: MetricKey
) -> dict[str, Any]:
    content = _chosen(entry, _SCORED)
    stage = "judge" if metric.judged else "score"
    content["timeline"] = _stages(value, stage, metric.metric_id)
    if metric.judged:
        trails = value.get("judge_audits", ())
        content["judge_audits"] = [one for one in trails if one["metric_id"] == metric.metric_id]
    return content


def _chosen(value: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value[name] for name in names}


def _stages(value: Mapping[str, Any], stage: str, component: str) -> list[Any]:
    """What the event's timeline says of one component."""
    named = {"stage": stage, "component": component}
    return [one for one in value["timeline"] if named.items() <= one.items()]
