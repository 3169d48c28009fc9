"""The five bundles: a run's plan, its items, and the records of one stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs

from themis.bundles.records import (
    BundleRecord,
    EvaluationBundleRecord,
    GenerationBundleRecord,
    ParseBundleRecord,
    ReductionBundleRecord,
    ScoreBundleRecord,
)
from themis.records.canonical import canonical_bytes, digest
from themis.storage.reading import chunked

if TYPE_CHECKING:
    from themis.bundles.plan import BundlePlan

__all__ = [
    "FORMAT",
    "VERSION",
    "Bundle",
    "EvaluationBundle",
    "GenerationBundle",
    "ParseBundle",
    "ReductionBundle",
    "ScoreBundle",
]

FORMAT = "themis-bundle"
VERSION = 1
_TRIALS_PER_LINE = 500


@attrs.frozen(slots=True, kw_only=True)
class Bundle:
    """One stage's outcomes of one run, with the plan and the items that they are about.

    `items` are by hash (hex), as far as the store kept them. `content_hash` covers everything.
    """

    stage: ClassVar[str]
    record_type: ClassVar[type[BundleRecord]]

    plan: BundlePlan
    items: Mapping[str, Any] = attrs.field(factory=dict)
    records: tuple[BundleRecord, ...] = ()
    content_hash: str = ""

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """The bundle with these fields, hashed."""
        bundle = cls(**fields)
        return attrs.evolve(bundle, content_hash=bundle.computed_hash())

    @property
    def run_id(self) -> str:
        """The run that the records are of."""
        return self.plan.run_id

    def counts(self) -> dict[str, int]:
        """How many trials, items and records there are, and how many of these are failures."""
        return {
            "trials": len(self.plan.trials),
            "items": len(self.items),
            "records": len(self.records),
            "failures": sum(not record.ok for record in self.records),
        }

    def computed_hash(self) -> str:
        """What `content_hash` has to be."""
        plan = canonical_bytes(self.plan.planned)
        return digest(self.stage.encode(), plan, *map(canonical_bytes, self.lines())).hex()

    def manifest(self) -> dict[str, Any]:
        """The first line of the bundle's file."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "stage": self.stage,
            "run_id": self.run_id,
            "counts": self.counts(),
            "content_hash": self.content_hash,
            "plan": self.plan.planned,
        }

    def lines(self) -> Iterator[dict[str, Any]]:
        """The further lines of its file: trials, then items, then records."""
        for trials in chunked(self.plan.trials, _TRIALS_PER_LINE):
            rows = [[one.arm, one.item_id, one.item_hash, one.trial_hash] for one in trials]
            yield {"line": "trials", "trials": rows}
        for item_hash, envelope in self.items.items():
            yield {"line": "item", "item_hash": item_hash, "item": envelope}
        for record in self.records:
            yield {"line": "record", **record.to_dict()}

    def write(self, path: str | Path) -> Path:
        """Write the bundle as JSON Lines; parents are made."""
        from themis.bundles.files import write_bundle

        return write_bundle(self, Path(path))

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read and check a bundle of this stage.

        Raises:
            SpecValidationError: the file cannot be read, is of another format or stage, or was
                changed since it was exported; the message names the line.
        """
        from themis.bundles.files import read_bundle

        return read_bundle(cls, Path(path))


@attrs.frozen(slots=True, kw_only=True)
class GenerationBundle(Bundle):
    """The candidates of a run."""

    stage: ClassVar[str] = "generation"
    record_type: ClassVar[type[BundleRecord]] = GenerationBundleRecord


@attrs.frozen(slots=True, kw_only=True)
class ReductionBundle(Bundle):
    """The reduced candidates of a run."""

    stage: ClassVar[str] = "reduction"
    record_type: ClassVar[type[BundleRecord]] = ReductionBundleRecord


@attrs.frozen(slots=True, kw_only=True)
class ParseBundle(Bundle):
    """The parses of a run's candidates."""

    stage: ClassVar[str] = "parse"
    record_type: ClassVar[type[BundleRecord]] = ParseBundleRecord


@attrs.frozen(slots=True, kw_only=True)
class ScoreBundle(Bundle):
    """The scores that ask no judge."""

    stage: ClassVar[str] = "score"
    record_type: ClassVar[type[BundleRecord]] = ScoreBundleRecord


@attrs.frozen(slots=True, kw_only=True)
class EvaluationBundle(Bundle):
    """The scores that ask judges, with every call behind them."""

    stage: ClassVar[str] = "evaluation"
    record_type: ClassVar[type[BundleRecord]] = EvaluationBundleRecord
