"""Candidates and trials for the built-in components' tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from themis.plugin import CandidateRecord, ExtractionRecord, InferenceRecord, Message, TrialSpec

Said = Callable[..., CandidateRecord]


@pytest.fixture
def trial() -> TrialSpec:
    return TrialSpec(
        trial_hash="ab" * 32,
        benchmark_id="bench",
        slice_id="slice",
        item_id="item-1",
        prompt_variant_id="direct",
        model=None,
        params=None,
        prompt=(Message("system", "Be brief."), Message("user", "What is 6 times 7?")),
    )


@pytest.fixture(scope="session")
def said() -> Said:
    """A candidate that said `text`; `parsed` are its successful parses, `failed` that of none."""

    def make(text: str | None = None, *, parsed: tuple = (), failed: bool = False, **inference):
        records = tuple(
            ExtractionRecord(extractor_id="x", success=True, parsed_answer=p) for p in parsed
        )
        if failed:
            records = (ExtractionRecord(extractor_id="x", success=False, failure_reason="no"),)
        output = (
            InferenceRecord(raw_text=text, **inference) if text is not None or inference else None
        )
        return CandidateRecord(candidate_id="c0ffee", inference=output, extractions=records)

    return make
