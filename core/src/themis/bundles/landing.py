"""Makes a bundle's run one of the store's, and says how it stands afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.bundles.exporting import wanted_parses
from themis.bundles.plan import BundlePlan
from themis.bundles.trials import stored_trials
from themis.records import WHOLE_TRIAL
from themis.records.canonical import canonical_bytes
from themis.runtime.outcome import Outcome
from themis.runtime.stages import Stages
from themis.storage import Item, recording
from themis.storage.finished import outcome_counts
from themis.storage.reading import chunked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from themis.storage import RunRow, RunStore

__all__ = ["LandedRun", "land_run", "settle_status"]

_PER_EVENT = 500


@attrs.frozen(slots=True)
class LandedRun:
    """A bundle's run in a store: its number there, and the number of each of the plan's trials."""

    run: int
    trials: tuple[int, ...]


def land_run(store: RunStore, plan: BundlePlan, items: Mapping[str, Any]) -> LandedRun:
    """Store what of the run's items and plan the store does not have."""
    for chunk in chunked(items.items(), _PER_EVENT):
        store.put_items(
            [Item(bytes.fromhex(key), canonical_bytes(envelope)) for key, envelope in chunk]
        )
    row = store.find_run(plan.run_id)
    kept = _are_kept(store, plan, items)
    run = row.id if row is not None else store.append([plan.event(items_kept=kept)])[0]
    there = {(one.arm, one.trial_hash): one.trial for one in store.iter_trials(run)}
    missing = [one for one in plan.trials if (one.arm, one.trial_hash) not in there]
    for trials in chunked(missing, _PER_EVENT):
        start = len(there)
        store.append([recording.trials_planned(run, start=start, trials=trials)])
        there |= {(one.arm, one.trial_hash): start + n for n, one in enumerate(trials)}
    return LandedRun(run, tuple(there[one.arm, one.trial_hash] for one in plan.trials))


def _are_kept(store: RunStore, plan: BundlePlan, items: Mapping[str, Any]) -> bool:
    """Whether the store has what each of the run's items holds: it keeps all that it is given."""
    wanted = {trial.item_hash for trial in plan.trials}
    if not wanted <= items.keys():
        return False
    return not wanted or bool(store.get_items([bytes.fromhex(min(wanted))]))


def settle_status(store: RunStore, run_id: str, *, parsed: bool) -> None:
    """Record how the run stands now, if that has changed; `parsed`: parses were brought."""
    row = store.run(run_id)
    plan = BundlePlan.of_run(store, row)
    with store.reader() as connection:
        reductions = plan.manifest.counts.get("reduce", 0)
        counts = outcome_counts(connection, row.id, reductions=reductions)
    stages = Stages(parse=parsed and _all_parsed(store, row, plan))
    outcome = Outcome.of(counts, stages, before=_stage(row))
    if (outcome.status, outcome.through) != (row.status, row.through_stage):
        event = recording.run_status(row.id, status=outcome.status, through=outcome.through)
        store.append([event])


def _stage(row: RunRow) -> Any:
    return row.through_stage


def _all_parsed(store: RunStore, row: RunRow, plan: BundlePlan) -> bool:
    """Whether every candidate that is scored itself has been read by each of its chains."""
    for trials in stored_trials(store, row.id, len(plan.trials)):
        wanted = [
            key
            for key, (trial, sample, _) in wanted_parses(plan, trials).items()
            if (sample == WHOLE_TRIAL) == (plan.reduction(trial.number) is not None)
        ]
        if len(store.known(wanted)) < len(wanted):
            return False
    return True
