"""Takes bundles into a store. What is there already is left alone; nothing is made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs

from themis.bundles.bundle import (
    Bundle,
    EvaluationBundle,
    GenerationBundle,
    ParseBundle,
    ReductionBundle,
    ScoreBundle,
)
from themis.bundles.checking import check_bundle
from themis.bundles.contents import evaluated_event, generated_event, reduced_event
from themis.bundles.landing import LandedRun, land_run, settle_status
from themis.bundles.records import GenerationBundleRecord, ReductionBundleRecord
from themis.bundles.refusal import refused
from themis.bundles.standing import Standing, Standings
from themis.bundles.trials import CHUNK, read_trials
from themis.runtime.importing import ImportSummary
from themis.storage.reading import chunked

if TYPE_CHECKING:
    from themis.bundles.plan import BundlePlan
    from themis.bundles.records import BundleRecord
    from themis.storage import Event, RunStore

__all__ = [
    "import_evaluation_bundle",
    "import_generation_bundle",
    "import_parse_bundle",
    "import_reduction_bundle",
    "import_score_bundle",
]

B = TypeVar("B", bound=Bundle)


def import_generation_bundle(
    store: RunStore, bundle: GenerationBundle | str | Path
) -> ImportSummary:
    """Take a run's candidates into a store, which need not know the run.

    Args:
        store: A store that is open for writing.
        bundle: A bundle, or the path of its file.

    Raises:
        SpecValidationError: the bundle is of another stage, was changed, or holds keys that are not
            the run's. Nothing is stored then.
        StorageError: the store cannot be written.
    """
    return _import(GenerationBundle, store, bundle)


def import_reduction_bundle(store: RunStore, bundle: ReductionBundle | str | Path) -> ImportSummary:
    """Take a run's reduced candidates into a store that has the candidates they are made of.

    A record made of other outputs than the store has is left out, and counted as outdated. Raises
    what `import_generation_bundle` does, and SpecValidationError if candidates are missing.
    """
    return _import(ReductionBundle, store, bundle)


def import_parse_bundle(store: RunStore, bundle: ParseBundle | str | Path) -> ImportSummary:
    """Take a run's parses into a store that has the candidates; see `import_reduction_bundle`."""
    return _import(ParseBundle, store, bundle)


def import_score_bundle(store: RunStore, bundle: ScoreBundle | str | Path) -> ImportSummary:
    """Take a run's scores into a store that has the candidates; see `import_reduction_bundle`."""
    return _import(ScoreBundle, store, bundle)


def import_evaluation_bundle(
    store: RunStore, bundle: EvaluationBundle | str | Path
) -> ImportSummary:
    """Take a run's judged scores, with every judge call, into a store that has the candidates.

    See `import_reduction_bundle`.
    """
    return _import(EvaluationBundle, store, bundle)


def _import(kind: type[B], store: RunStore, given: B | str | Path) -> ImportSummary:
    if isinstance(given, (str, Path)):
        bundle = kind.read(given)
    elif type(given) is kind:
        bundle = given
        check_bundle(bundle)
    else:
        raise refused(f"it is a {type(given).__name__}; a {kind.__name__} or its file is asked for")
    if kind is not GenerationBundle and store.find_run(bundle.run_id) is None:
        what = f"the store has no run {bundle.run_id[:12]}"
        raise refused(f"{what}; import the run's generation bundle first")
    landed = land_run(store, bundle.plan, bundle.items)
    counted: dict[Standing, int] = {"new": 0, "present": 0, "outdated": 0}
    failures = 0
    for records in chunked(bundle.records, CHUNK):
        arrivals = _arrivals(store, bundle.plan, landed, records)
        store.append(list(_events(arrivals, bundle.plan, landed)))
        for arrival in arrivals:
            counted[arrival.counted] += 1
            failures += arrival.counted == "new" and not arrival.record.ok
    settle_status(store, bundle.run_id, parsed=kind is ParseBundle)
    return ImportSummary(
        imported=counted["new"],
        already_present=counted["present"],
        outdated=counted["outdated"],
        imported_failures=failures,
    )


@attrs.frozen(slots=True)
class _Arrival:
    """A record, how it stands to the run, and whether another run of the store has it."""

    record: BundleRecord
    standing: Standing
    elsewhere: bool

    @property
    def counted(self) -> Standing:
        """As what it is counted."""
        return "present" if self.standing == "new" and self.elsewhere else self.standing

    @property
    def place(self) -> tuple[int, int, bool]:
        """What one event is about; one that brings nothing new is answered by the earlier one."""
        return self.record.trial, self.record.sample, self.elsewhere


def _arrivals(
    store: RunStore, plan: BundlePlan, landed: LandedRun, records: Sequence[BundleRecord]
) -> list[_Arrival]:
    known = store.known(bytes.fromhex(record.key) for record in records)
    trials = read_trials(store, landed.run, sorted({landed.trials[one.trial] for one in records}))
    standings = Standings(plan, known)
    return [
        _Arrival(
            record,
            standings.of(record, trials[landed.trials[record.trial]]),
            elsewhere=bytes.fromhex(record.key) in known,
        )
        for record in records
    ]


def _events(arrivals: Sequence[_Arrival], plan: BundlePlan, landed: LandedRun) -> Iterator[Event]:
    """The events that record what is new to the run."""
    evaluated: dict[tuple[int, int, bool], list[BundleRecord]] = {}
    for arrival in arrivals:
        record = arrival.record
        trial = landed.trials[record.trial]
        if arrival.standing != "new":
            continue
        if isinstance(record, GenerationBundleRecord):
            yield generated_event(record, run=landed.run, trial=trial)
        elif isinstance(record, ReductionBundleRecord):
            yield reduced_event(record, run=landed.run, trial=trial)
        else:
            evaluated.setdefault(arrival.place, []).append(record)
    for (trial, _, _), records in evaluated.items():
        yield evaluated_event(records, plan, run=landed.run, trial=landed.trials[trial])
