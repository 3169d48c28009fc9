from __future__ import annotations

import pytest

from themis import storage
from themis.errors import ErrorCode
from themis.records import ExtractionRecord, MetricScore, ScoreError
from themis.records.canonical import decode

SCORES = [
    MetricScore(metric_id="em", value=0.5, details={"a": [1]}, warnings=("odd",)),
    MetricScore(metric_id="em", value=None, error="nothing to compare"),
    ScoreError(metric_id="em", message="no reference", code=ErrorCode.ITEM_LOAD, details={"b": 2}),
]
PARSES = [
    ExtractionRecord(extractor_id="regex", success=False, failure_reason="no match"),
    ExtractionRecord(extractor_id="number", success=True, parsed_answer=4, warnings=("w",)),
]


def payload(**parts):
    event = storage.evaluated(1, candidate_id="ab" * 32, trial=0, sample=0, **parts)
    return decode(event.payload)


@pytest.mark.parametrize("score", SCORES, ids=["value", "text of an error", "error"])
def test_a_score_reads_back_as_it_was(score):
    entry = storage.ScoreEntry(3, "cd" * 32, "ef" * 32, score)
    assert storage.read_score(payload(scores=[entry])["scores"][0]) == entry


def test_a_parse_reads_back_with_every_extraction_of_the_chain():
    entry = storage.ParseEntry("ab" * 32, "cd" * 32, tuple(PARSES))
    assert storage.read_parse(payload(parses=[entry])["parses"][0]) == entry


def test_a_run_has_the_same_key_whenever_it_is_planned():
    parts = {"benchmark_id": "b", "manifest": {}, "arms": [], "metrics": [], "num_samples": 1}
    keys = {storage.run_planned(run_id="r", **parts).key for _ in range(2)}
    assert len(keys) == 1
    assert storage.run_planned(run_id="s", **parts).key not in keys
