"""Takes prebuilt candidates into the store, as a run of their own that other runs adopt from.

An import is recorded like any run: what it brought, for which trials, and when. A benchmark without
a generation stage finds the candidates by their keys, and takes them over as it does any artifact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecValidationError
from themis.planning.keys import candidate_key, described_key
from themis.planning.manifest import RunManifest
from themis.records import CandidateRecord, TrialRecord, TrialSpec
from themis.runtime.arrivals import distinct, unusable_candidate
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
    records of a bundle that are made of other outputs than the store has. `duplicates` repeat
    another record of the same import. Of those that were `imported`, `imported_failures` say why
    there is no artifact: a run tries again.
    """

    imported: int
    already_present: int
    failed: int = 0
    outdated: int = 0
    duplicates: int = 0
    imported_failures: int = 0


@attrs.frozen(slots=True, kw_only=True)
class _Prebuilt:
    """One candidate and the keys under which runs look for it, each with a hash of its content.

    A run with a generation stage looks under the seed, one without looks for a candidate of none.
    """

    trial: TrialSpec
    candidate: CandidateRecord
    place: str
    contents: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(cls, place: str, trial: TrialSpec, candidate: CandidateRecord) -> _Prebuilt:
        reason = unusable_candidate(candidate)
        if reason is not None:
            raise _refused(place, f"cannot be imported: {reason}")
        parent = _trial_key(trial)
        sample, seeds = candidate.sample_index, dict.fromkeys((candidate.effective_seed, None))
        content = sha256(_event(None, candidate, key=parent, trial=0).payload).digest()
        keys = [candidate_key(parent, sample=sample, seed=seed) for seed in seeds]
        return cls(
            trial=trial,
            candidate=candidate,
            place=f"{place}, sample {sample}",
            contents=tuple((key, content) for key in keys),
        )

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys alone."""
        return tuple(key for key, _ in self.contents)


def import_candidates(store: RunStore, records: Sequence[TrialRecord]) -> ImportSummary:
    """Store the successful candidates of `records` that the store does not have.

    Raises:
        SpecValidationError: a record cannot be stored as it is, or two candidates of one trial and
            sample differ; the message names the record and the field. Nothing is stored then.
    """
    every = list(_candidates(records))
    good = [one for one in every if one[-1].inference is not None]
    named = distinct(_Prebuilt.of(*one) for one in good)
    known = store.known([key for entry in named for key in entry.keys])
    fresh = [entry for entry in named if not any(key in known for key in entry.keys)]
    if fresh:
        _store(store, fresh)
    return ImportSummary(
        imported=len(fresh),
        already_present=len(named) - len(fresh),
        failed=len(every) - len(good),
        duplicates=len(good) - len(named),
    )


def _candidates(
    records: Sequence[TrialRecord],
) -> Iterator[tuple[str, TrialSpec, CandidateRecord]]:
    """Every candidate with its trial; before them, what messages call it."""
    for number, record in enumerate(records):
        where = f"trial_records[{number}]"
        _check_type(where, record, TrialRecord)
        _check_type(f"{where}.trial_spec", record.trial_spec, TrialSpec)
        for at, candidate in enumerate(record.candidates):
            place = f"{where}.candidates[{at}] (item {record.trial_spec.item_id!r:.80})"
            _check_type(place, candidate, CandidateRecord)
            yield place, record.trial_spec, candidate


def _check_type(place: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise _refused(place, f"is {type(value).__name__}, not {kind.__name__}")


def _refused(place: str, problem: str) -> SpecValidationError:
    return SpecValidationError(f"{place} {problem}; nothing was imported")


def _trial_key(trial: TrialSpec) -> bytes:
    try:
        key = bytes.fromhex(trial.trial_hash)
    except (TypeError, ValueError):
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
    for key in entry.keys:
        yield _event(run, entry.candidate, key=key, trial=places[entry.trial.trial_hash])


def _event(run: int | None, candidate: CandidateRecord, *, key: bytes, trial: int) -> Event:
    return recording.generated(
        run,
        candidate_id=key.hex(),
        trial=trial,
        sample=candidate.sample_index,
        seed=candidate.effective_seed,
        inference=candidate.inference,
        conversation=candidate.conversation,
        timeline=candidate.timeline.stages if candidate.timeline else (),
    )
