"""The key of every artifact: a hash of exactly the inputs that determine it.

| key | made of |
|---|---|
| arm | prompt variant, model, engine identity, params, generation, hooks, slice labels if read |
| trial | arm, item |
| candidate | trial, sample index, effective seed |
| transform | an extractor chain: identities and configurations, in order |
| reduction | a selector and a reducer: identities and configurations |
| reduced | the candidates that succeeded, in order of samples; reduction |
| parse | candidate or reduced, transform |
| metric | one metric: identity, configuration, judges |
| evaluation | a transform (or none) and its metrics |
| set | the parses or candidates of a trial, in order of samples |
| score | parse, candidate, reduced or set; metric |

Keys are 32 raw bytes here and in the store, and hex in records and results.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from themis.records.canonical import canonical_bytes, digest

__all__ = [
    "candidate_key",
    "canonical_item_key",
    "described_key",
    "evaluation_key",
    "item_key",
    "parse_key",
    "reduced_key",
    "score_key",
    "set_key",
    "trial_key",
]


def described_key(kind: str, description: Mapping[str, Any]) -> bytes:
    """The key of a thing described by plain values: an arm, a transform, a metric, a run."""
    return digest(kind.encode(), canonical_bytes(description))


def item_key(envelope: Mapping[str, Any]) -> bytes:
    """The key of an item: its id and its payload after the dataset's transforms."""
    return canonical_item_key(canonical_bytes(envelope))


def canonical_item_key(envelope: bytes) -> bytes:
    """The key of an item whose envelope is encoded already."""
    return digest(b"item", envelope)


def trial_key(arm: bytes, item: bytes) -> bytes:
    """One item under one arm."""
    return digest(b"trial", arm, item)


def candidate_key(trial: bytes, *, sample: int, seed: int | None) -> bytes:
    """One sample of a trial."""
    return digest(b"candidate", trial, b"%d" % sample, b"" if seed is None else b"%d" % seed)


def reduced_key(candidates: Iterable[bytes], reduction: bytes) -> bytes:
    """One reduction of the candidates of a trial."""
    return digest(b"reduced", reduction, *candidates)


def set_key(subjects: Iterable[bytes]) -> bytes:
    """The candidates of a trial, parsed or not, as one subject."""
    return digest(b"set", *subjects)


def evaluation_key(transform: bytes | None, metrics: Iterable[bytes]) -> bytes:
    """A transform (None: the raw candidate) and the metrics that score what it reads."""
    described = {
        "transform": transform.hex() if transform is not None else None,
        "metrics": sorted(metric.hex() for metric in metrics),
    }
    return described_key("evaluation", described)


def parse_key(candidate: bytes, transform: bytes) -> bytes:
    """One extractor chain applied to one candidate."""
    return digest(b"parse", candidate, transform)


def score_key(subject: bytes, metric: bytes) -> bytes:
    """One metric applied to a parse, or to the raw candidate."""
    return digest(b"score", subject, metric)
