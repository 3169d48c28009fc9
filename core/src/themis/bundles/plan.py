"""What a run was planned to be, as a bundle carries it: enough to know each of its keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import attrs

from themis.bundles.refusal import refused
from themis.planning.keys import candidate_key, parse_key, reduced_key, score_key, set_key
from themis.planning.manifest import RunManifest
from themis.planning.seeds import candidate_seed
from themis.records import WHOLE_TRIAL
from themis.storage import PlannedArm, PlannedMetric, PlannedTrial, recording

if TYPE_CHECKING:
    from themis.storage import Event, RunRow, RunStore

__all__ = ["BundlePlan", "MetricKey"]


@attrs.frozen(slots=True, kw_only=True)
class MetricKey:
    """One metric column of the run, and what its scores' keys are made of."""

    number: int
    metric_id: str
    slice_id: str
    evaluation_hash: str
    key: bytes
    transform: bytes | None
    subject: str
    whole_trial: bool
    judged: bool


@attrs.frozen(slots=True)
class BundlePlan:
    """A run's plan. `planned` is the payload of its `run_planned` event; `trials` are in order.

    `themis.bundles.checking` holds it to the run's id; until then nothing in it is to be believed.
    """

    planned: Mapping[str, Any]
    trials: tuple[PlannedTrial, ...]

    @classmethod
    def of_run(cls, store: RunStore, row: RunRow) -> Self:
        """The plan of a run in a store.

        Raises:
            SpecValidationError: the run is an import of candidates, its planning was cut short, or
                its manifest has no keys.
        """
        plan = cls(store.event(row.manifest_seq).value, tuple(_trials(store, row)))
        manifest = plan.planned["manifest"]
        if not manifest["spec"]:
            what = f"run {row.run_id[:12]} holds {row.benchmark_id}, which are no run's own"
            raise refused(f"{what}; export the run that took them over")
        if not manifest.get("keys"):
            what = f"run {row.run_id[:12]} was planned by an earlier version"
            raise refused(f"{what}, which did not record the keys that a bundle is checked by")
        if len(plan.trials) < manifest["trial_count"]:
            cut = f"the planning of run {row.run_id[:12]} was interrupted"
            raise refused(f"{cut}; run or resume it, then export it")
        return plan

    @cached_property
    def manifest(self) -> RunManifest:
        """The run's manifest."""
        return RunManifest.from_dict(self.planned["manifest"])

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self.planned["run_id"])

    @property
    def samples(self) -> int:
        """How many candidates each trial has."""
        return int(self.planned["num_samples"])

    @cached_property
    def metrics(self) -> tuple[MetricKey, ...]:
        """The run's metrics, by number."""
        keys = self.manifest.keys["metrics"]
        return tuple(
            MetricKey(
                number=number,
                metric_id=row["metric_id"],
                slice_id=row["slice_id"],
                evaluation_hash=row["evaluation_hash"],
                key=bytes.fromhex(key),
                transform=row["transform_hash"] and bytes.fromhex(row["transform_hash"]),
                subject=row["subject"],
                whole_trial=row["whole_trial"],
                judged=row["stage"] == "judge",
            )
            for number, (row, key) in enumerate(zip(self.manifest.metrics, keys, strict=True))
        )

    @cached_property
    def transforms(self) -> Mapping[str, Mapping[bytes, str]]:
        """The names of each slice's extractor chains, by key."""
        return {
            name: {bytes.fromhex(key): parse for parse, key in chains.items()}
            for name, chains in self.manifest.keys["transforms"].items()
        }

    def event(self, *, items_kept: bool = True) -> Event:
        """The event that records the run's start, and whether what its items hold is kept."""
        planned = self.planned
        manifest = planned["manifest"] if items_kept else _without_items(planned["manifest"])
        return recording.run_planned(
            run_id=self.run_id,
            benchmark_id=planned["benchmark_id"],
            manifest=manifest,
            arms=[PlannedArm(**arm) for arm in planned["arms"]],
            metrics=[PlannedMetric(**metric) for metric in planned["metrics"]],
            num_samples=self.samples,
        )

    def slice_of(self, trial: int) -> str:
        """The slice that a trial belongs to."""
        return str(self.planned["arms"][self.trials[trial].arm]["slice_id"])

    def reduction(self, trial: int) -> bytes | None:
        """The key of the trial's reduction, where it has one."""
        key = self.manifest.keys["reductions"].get(self.slice_of(trial))
        return None if key is None else bytes.fromhex(key)

    def candidate(self, trial: int, sample: int) -> bytes:
        """The key of one sample."""
        planned = self.trials[trial]
        key = bytes.fromhex(planned.trial_hash)
        seed = None
        if self.slice_of(trial) in self._generating:
            explicit = self.planned["arms"][planned.arm]["params"].get("seed")
            seed = candidate_seed(self.manifest.global_seed, key, sample, explicit=explicit)
        return candidate_key(key, sample=sample, seed=seed)

    def candidates(self, trial: int) -> list[bytes]:
        """The keys of a trial's samples, in order."""
        return [self.candidate(trial, sample) for sample in range(self.samples)]

    def whole(self, trial: int, members: Sequence[bytes]) -> bytes:
        """The key of what a trial's candidates become: one, or a set."""
        made = members or self.candidates(trial)
        reduction = self.reduction(trial)
        return set_key(made) if reduction is None else reduced_key(made, reduction)

    def subject(self, trial: int, sample: int, members: Sequence[bytes]) -> bytes:
        """The key of a candidate, reduced or not, or of a trial's candidates as a set."""
        if sample == WHOLE_TRIAL:
            return self.whole(trial, members)
        return self.candidate(trial, sample)

    def score(self, metric: MetricKey, trial: int, sample: int, members: Sequence[bytes]) -> bytes:
        """The key of one score."""
        if metric.subject == "candidates":
            made = members or self.candidates(trial)
            return score_key(set_key(_parsed(made, metric.transform)), metric.key)
        [subject] = _parsed([self.subject(trial, sample, members)], metric.transform)
        return score_key(subject, metric.key)

    @cached_property
    def _generating(self) -> frozenset[str]:
        """The slices that have a generation stage: others' candidates have no seed."""
        slices = self.manifest.spec["slices"]
        return frozenset(entry["slice_id"] for entry in slices if entry["generation"] is not None)

    def items_by_arm(self) -> Mapping[int, list[bytes]]:
        """The keys of each arm's items."""
        found: dict[int, list[bytes]] = defaultdict(list)
        for trial in self.trials:
            found[trial.arm].append(bytes.fromhex(trial.item_hash))
        return found


def _trials(store: RunStore, row: RunRow) -> Iterator[PlannedTrial]:
    for trial in store.iter_trials(row.id):
        yield PlannedTrial(trial.arm, trial.item_id, trial.item_hash, trial.trial_hash)


def _parsed(candidates: Iterable[bytes], transform: bytes | None) -> list[bytes]:
    if transform is None:
        return list(candidates)
    return [parse_key(candidate, transform) for candidate in candidates]


def _without_items(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a run in a store that does not have all that its items hold."""
    project = manifest["project"]
    written = project.get("storage")
    storage = {**written} if isinstance(written, Mapping) else {}
    return {
        **manifest,
        "project": {**project, "storage": {**storage, "store_item_payloads": False}},
    }
