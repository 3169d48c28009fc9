"""The manifest of a run: what was planned, from what, by which components; deterministic.

`run_id` is a hash of the identity alone. Provenance (versions, platform, commit) is recorded beside
it and never changes it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from themis.planning.keys import described_key
from themis.records.canonical import digest

if TYPE_CHECKING:
    from themis.planning.plan import Plan

__all__ = ["DatasetSummary", "RunManifest", "items_digest", "run_identity"]


@attrs.frozen(slots=True, kw_only=True)
class DatasetSummary:
    """What one slice selected: how many items, and a digest of them whatever their order.

    `shortfall` is how many fewer items there were than the query asked for.
    """

    slice_id: str
    identity: Mapping[str, Any]
    item_count: int
    items_digest: str
    shortfall: int = 0


@attrs.frozen(slots=True, kw_only=True)
class RunManifest:
    """A plan as it was persisted.

    `counts` are work items by stage; `components` name each component with its version, provider
    and configuration; `spec` is the compiled experiment as written. `keys` are those of which the
    keys of artifacts are made: `arms` and `metrics` by number, `reductions` by slice, and
    `transforms` by slice and name.
    """

    run_id: str
    benchmark_id: str
    spec: Mapping[str, Any]
    spec_hash: str
    components: Sequence[Mapping[str, Any]]
    datasets: Sequence[DatasetSummary]
    global_seed: int
    num_samples: int
    trial_count: int
    counts: Mapping[str, int]
    metrics: Sequence[Mapping[str, Any]]
    warnings: Sequence[str] = ()
    project: Mapping[str, Any] = attrs.field(factory=dict)
    provenance: Mapping[str, Any] = attrs.field(factory=dict)
    keys: Mapping[str, Any] = attrs.field(factory=dict)

    def identity(self) -> str:
        """What the run's id has to be, by all that the manifest says."""
        names = ("slice_id", "score_name", "evaluation_hash")
        rows = (tuple(row[name] for name in names) for row in self.metrics)
        return _identity(
            experiment=self.spec_hash,
            seed=self.global_seed,
            keys=self.keys,
            scores=[[name, key] for _, name, key in dict.fromkeys(rows)],
            scored={row["transform_hash"] for row in self.metrics},
            datasets=self.datasets,
        )

    def notices(self) -> tuple[str, ...]:
        """The plan's warnings, and each slice that has fewer items than its query asks for."""
        short = (
            f"slice {entry.slice_id!r} has {entry.item_count} items, "
            f"{entry.shortfall} fewer than its query asks for"
            for entry in self.datasets
            if entry.shortfall
        )
        return (*self.warnings, *short)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as they are stored and printed."""
        return attrs.asdict(self, recurse=True)

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> RunManifest:
        """The manifest that `to_dict` described."""
        datasets = [DatasetSummary(**entry) for entry in payload["datasets"]]
        return cls(**{**payload, "datasets": datasets})


def items_digest(keys: Sequence[bytes]) -> str:
    """A digest of the selected items that does not depend on their order."""
    return digest(b"items", *sorted(keys)).hex()


def run_identity(plan: Plan, datasets: Sequence[DatasetSummary]) -> str:
    """The run's id: a hash of everything that determines its results."""
    return _identity(
        experiment=plan.experiment.canonical_hash,
        seed=plan.global_seed,
        keys=plan.part_keys(),
        scores=[[score.name, score.key.hex()] for entry in plan.slices for score in entry.scores],
        scored={row["transform_hash"] for row in plan.metric_rows()},
        datasets=datasets,
    )


def _identity(
    *,
    experiment: str,
    seed: int,
    keys: Mapping[str, Any],
    scores: Sequence[Sequence[str]],
    scored: Container[str | None],
    datasets: Sequence[DatasetSummary],
) -> str:
    """`keys` are the plan's; those of parses are within those of the scores that read them.

    `scored` are the parses that some score reads.
    """
    unread = [
        [slice_id, name, key]
        for slice_id, parses in keys["transforms"].items()
        for name, key in parses.items()
        if key not in scored
    ]
    more = {"reductions": keys["reductions"], "parses": unread}
    described = {
        "experiment": experiment,
        "seed": seed,
        "arms": keys["arms"],
        "scores": scores,
        "datasets": [
            [entry.slice_id, dict(entry.identity), entry.items_digest] for entry in datasets
        ],
        **{name: part for name, part in more.items() if part},
    }
    return described_key("run", described).hex()
