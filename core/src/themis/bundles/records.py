"""What a bundle holds: one record per artifact, or per recorded failure to make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import attrs

from themis.bundles.refusal import refused
from themis.records.canonical import content_hash

__all__ = [
    "BundleRecord",
    "EvaluationBundleRecord",
    "GenerationBundleRecord",
    "ParseBundleRecord",
    "ReductionBundleRecord",
    "ScoreBundleRecord",
    "output_hash",
    "outputs_hash",
]


@attrs.frozen(slots=True, kw_only=True)
class BundleRecord:
    """One outcome of one stage.

    `key` is the artifact's key (hex); of a failure, the key that the artifact would have. `trial`
    is its place in the bundle's trials; `sample` is -1 for what belongs to the trial as a whole.
    `content` is what the run recorded, as plain JSON values; `content_hash` covers every field.
    """

    stage: ClassVar[str]

    key: str
    trial: int
    sample: int
    content: Mapping[str, Any]
    content_hash: str = ""

    @classmethod
    def of(cls, **fields: Any) -> Self:
        """The record with these fields, hashed."""
        record = cls(**fields)
        return attrs.evolve(record, content_hash=record.computed_hash())

    @property
    def ok(self) -> bool:
        """Whether it is an artifact; otherwise it tells why there is none."""
        return bool(self.content["status"] == "ok")

    def computed_hash(self) -> str:
        """What `content_hash` has to be."""
        fields = {k: v for k, v in self.to_dict().items() if k != "content_hash"}
        return content_hash(fields, kind=f"{self.stage} record")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return attrs.asdict(self, recurse=False)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The record that `to_dict` described.

        Raises:
            SpecValidationError: it has other fields, or values of other types.
        """
        expected = {field.name: _TYPES[str(field.type)] for field in attrs.fields(cls)}
        if fields.keys() != expected.keys():
            odd = ", ".join(sorted(fields.keys() ^ expected.keys()))
            raise refused(f"a {cls.stage} record lacks fields, or has others: {odd}")
        for name, value in fields.items():
            if not isinstance(value, expected[name]) or isinstance(value, bool):
                raise refused(f"the {name} of a {cls.stage} record is {value!r:.60}")
        return cls(**fields)


@attrs.frozen(slots=True, kw_only=True)
class GenerationBundleRecord(BundleRecord):
    """A candidate as it was generated, or why there is none."""

    stage: ClassVar[str] = "generation"


@attrs.frozen(slots=True, kw_only=True)
class _Derived(BundleRecord):
    """Made of candidates: `made_from` is a hash of their outputs.

    Of what belongs to a trial as a whole, `members` are the candidates that succeeded.
    """

    members: Sequence[str] = ()
    made_from: str


@attrs.frozen(slots=True, kw_only=True)
class ReductionBundleRecord(_Derived):
    """The one candidate that stands for a trial's, or why there is none."""

    stage: ClassVar[str] = "reduction"


@attrs.frozen(slots=True, kw_only=True)
class ParseBundleRecord(_Derived):
    """What the extractor chain `transform_hash` read out of the candidate `candidate_id`."""

    stage: ClassVar[str] = "parse"

    candidate_id: str
    transform_hash: str

    @property
    def ok(self) -> bool:
        """An extraction that found nothing is an artifact too."""
        return True


@attrs.frozen(slots=True, kw_only=True)
class ScoreBundleRecord(_Derived):
    """A score that asks no judge; `metric` is its number in the plan."""

    stage: ClassVar[str] = "score"

    candidate_id: str
    metric: int

    @property
    def ok(self) -> bool:
        """Whether the metric could score."""
        return self.content["error"] is None


@attrs.frozen(slots=True, kw_only=True)
class EvaluationBundleRecord(ScoreBundleRecord):
    """A score that asks judges; its content has every call, too."""

    stage: ClassVar[str] = "evaluation"


_TYPES: Mapping[str, Any] = {
    "str": str,
    "int": int,
    "Mapping[str, Any]": Mapping,
    "Sequence[str]": (list, tuple),
}


def output_hash(value: Mapping[str, Any]) -> str:
    """The hash of what a `generated` or `reduced` payload gives to later stages."""
    return content_hash([value["inference"], value["conversation"]], kind="output")


def outputs_hash(values: Sequence[Mapping[str, Any]]) -> str:
    """The hash of several payloads' outputs, in order."""
    return content_hash([output_hash(value) for value in values], kind="outputs")
