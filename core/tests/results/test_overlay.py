from __future__ import annotations

import pytest

from themis.testing.recorded_runs import RecordedRun

METRICS = (("accuracy", "strict"), ("accuracy", "lenient"), ("speed", "strict"))
RUN = RecordedRun(metrics=METRICS)


@pytest.fixture
def result(result_of):
    return result_of(lambda cell: float(cell.score_name == "lenient"), metrics=METRICS)


def test_a_result_shows_everything_at_first(result):
    assert (result.active_transform_hash, result.active_evaluation_hash) == (None, None)
    assert result.metric_ids == ["accuracy", "speed"]
    assert [len(hashes) for hashes in (result.transform_hashes, result.evaluation_hashes)] == [2, 2]


def test_through_an_evaluation_only_its_scores_are_seen(result):
    seen = result.for_evaluation(RUN.evaluation_hash("lenient"))

    assert type(seen) is type(result)
    assert seen.active_evaluation_hash == RUN.evaluation_hash("lenient")
    assert seen.metric_ids == ["accuracy"]
    assert [row["mean"] for row in seen.aggregate(group_by="metric_id")] == [1.0]


def test_through_a_transform_only_scores_of_its_parses_are_seen(result):
    seen = result.for_transform(RUN.transform_hash("strict"))

    assert seen.active_transform_hash == RUN.transform_hash("strict")
    assert [row["mean"] for row in seen.aggregate(group_by="metric_id")] == [0.0, 0.0]


def test_a_trial_is_seen_through_the_overlay_too(result):
    name = result.trial_hashes[0]
    [whole] = result.get_trial(name).candidates
    [seen] = result.for_evaluation(RUN.evaluation_hash("lenient")).get_trial(name).candidates

    assert (len(whole.extractions), len(whole.evaluation.scores)) == (2, 3)
    assert whole.evaluation.evaluation_hash == ""
    assert (len(seen.extractions), len(seen.evaluation.scores)) == (1, 1)
    assert seen.evaluation.evaluation_hash == RUN.evaluation_hash("lenient")


def test_a_metric_outside_the_overlay_gives_no_rows(result):
    seen = result.for_evaluation(RUN.evaluation_hash("lenient"))

    assert seen.aggregate(group_by="metric_id", metric_id="speed") == []


def test_an_unknown_transform_lists_the_known_ones(result):
    with pytest.raises(
        ValueError, match=f"no transform 'abc'; it has: {result.transform_hashes[0]}"
    ):
        result.for_transform("abc")


def test_an_unknown_evaluation_lists_the_known_ones(result):
    message = f"no evaluation 'abc'; it has: {result.evaluation_hashes[0]}"
    with pytest.raises(ValueError, match=message):
        result.for_evaluation("abc")
