"""Takes prebuilt candidates into the store, as a run of their own that other runs adopt from.

An import is recorded like any run: what it brought, for which trials, and when. A benchmark without
a generation stage finds the candidates by their keys, and takes them over as it does any artifact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecValidationError
from themis.planning.keys import candidate_key, described_key
from themis.planning.manifest import RunManifest
from themis.records import CandidateRecord, TrialRecord, TrialSpec
from themis.storage import Event, PlannedArm, PlannedTrial, recording

if TYPE_CHECKING:
    from themis.storage import RunStore

__all__ = ["IMPORTED", "ImportSummary", "import_candidates"]

IMPORTED = "imported candidates"
"""The benchmark_id of a run that holds an import."""
_TRIALS_PER_EVENT = 500


@attrs.frozen(slots=True, kw_only=True)
class ImportSummary:
    """What an import did: records taken, those that were there, and those that were left out.

    Only `import_candidates` leaves out failed candidates: no run takes them over. `outdated` are
    records of a bundle that are made of other outputs than the store has.
    """

    imported: int
    already_present: int
    failed: int = 0
    outdated: int = 0


@attrs.frozen(slots=True)
class _Prebuilt:
    """One candidate and the keys under which runs look for it.

    A run with a generation stage looks under the seed, one without looks for a candidate of none.
    """

    trial: TrialSpec
    candidate: CandidateRecord
    keys: tuple[bytes, ...]

    @classmethod
    def of(cls, trial: TrialSpec, candidate: CandidateRecord) -> _Prebuilt:
        parent = _trial_key(trial)
        seeds = dict.fromkeys((candidate.effective_seed, None))
        sample = candidate.sample_index
        keys = tuple(candidate_key(parent, sample=sample, seed=seed) for seed in seeds)
        return cls(trial, candidate, keys)


def import_candidates(store: RunStore, records: Sequence[TrialRecord]) -> ImportSummary:
    """Store the successful candidates of `records` that the store does not have."""
    every = [(record.trial_spec, one) for record in records for one in record.candidates]
    good = [_Prebuilt.of(trial, one) for trial, one in every if one.inference is not None]
    known = store.known([key for entry in good for key in entry.keys])
    fresh = [entry for entry in good if not any(key in known for key in entry.keys)]
    if fresh:
        _store(store, fresh)
    return ImportSummary(
        imported=len(fresh),
        already_present=len(good) - len(fresh),
        failed=len(every) - len(good),
    )


def _trial_key(trial: TrialSpec) -> bytes:
    try:
        key = bytes.fromhex(trial.trial_hash)
    except ValueError:
        key = b""
    if len(key) != 32:
        msg = (
            f"trial_hash {trial.trial_hash!r} is no hash; take trial specs from "
            "Orchestrator.trials(spec)"
        )
        raise SpecValidationError(msg)
    return key


def _store(store: RunStore, fresh: Sequence[_Prebuilt]) -> None:
    trials = {entry.trial.trial_hash: entry.trial for entry in fresh}
    arms = {_arm_name(trial): trial for trial in trials.values()}
    planned = _planned(fresh, len(trials), list(arms.values()))
    [run] = store.append([planned])
    numbers = {name: number for number, name in enumerate(arms)}
    rows = _rows(list(trials.values()), numbers)
    start = 0
    while chunk := list(islice(rows, _TRIALS_PER_EVENT)):
        store.append([recording.trials_planned(run, start=start, trials=chunk)])
        start += len(chunk)
    places = {name: place for place, name in enumerate(trials)}
    store.append(
        [event for entry in fresh for event in _events(run, entry, places)]
        + [recording.run_status(run, status="completed")]
    )


def _planned(fresh: Sequence[_Prebuilt], trials: int, arms: Sequence[TrialSpec]) -> Event:
    names = sorted(key.hex() for entry in fresh for key in entry.keys)
    samples = 1 + max(entry.candidate.sample_index for entry in fresh)
    manifest = RunManifest(
        run_id=described_key("import", {"candidates": names}).hex(),
        benchmark_id=IMPORTED,
        spec={},
        spec_hash="",
        components=[],
        datasets=[],
        global_seed=0,
        num_samples=samples,
        trial_count=trials,
        counts={"generate": len(fresh)},
        metrics=[],
    )
    return recording.run_planned(
        run_id=manifest.run_id,
        benchmark_id=IMPORTED,
        manifest=manifest.to_dict(),
        arms=[PlannedArm(**_arm(trial)) for trial in arms],
        metrics=[],
        num_samples=samples,
    )


def _arm_name(trial: TrialSpec) -> tuple[str, ...]:
    return (
        trial.slice_id,
        trial.prompt_variant_id,
        trial.model.canonical_hash,
        trial.params.canonical_hash,
    )


def _arm(trial: TrialSpec) -> dict[str, Any]:
    return {
        "slice_id": trial.slice_id,
        "prompt_variant_id": trial.prompt_variant_id,
        "prompt_family": trial.prompt_family,
        "model_id": trial.model.model_id,
        "provider": trial.model.provider,
        "params_hash": trial.params.canonical_hash,
        "params": trial.params.model_dump(mode="json"),
        "dimensions": dict(trial.dimensions),
        "dataset_id": trial.dataset_id,
    }


def _rows(
    trials: Sequence[TrialSpec], numbers: dict[tuple[str, ...], int]
) -> Iterator[PlannedTrial]:
    for trial in trials:
        item_hash = trial.item_hash or "0" * 64
        yield PlannedTrial(numbers[_arm_name(trial)], trial.item_id, item_hash, trial.trial_hash)


def _events(run: int, entry: _Prebuilt, places: dict[str, int]) -> Iterator[Event]:
    candidate = entry.candidate
    for key in entry.keys:
        yield recording.generated(
            run,
            candidate_id=key.hex(),
            trial=places[entry.trial.trial_hash],
            sample=candidate.sample_index,
            seed=candidate.effective_seed,
            inference=candidate.inference,
            conversation=candidate.conversation,
            timeline=candidate.timeline.stages if candidate.timeline else (),
        )
