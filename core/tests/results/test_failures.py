from __future__ import annotations

import math

from themis.results.paging import PAGE


def test_a_failed_candidate_says_where_and_why(result_of, timed_out):
    result = result_of(
        lambda cell: timed_out if (cell.item_id, cell.model) == ("i2", "beta") else 1.0
    )

    [row] = result.iter_failures()

    assert (row["kind"], row["stage"], row["metric_id"]) == ("candidate", "generate", None)
    assert (row["code"], row["message"]) == ("provider_timeout", "no answer in 60 s")
    assert (row["item_id"], row["model_id"], row["attempts"]) == ("i2", "beta", 4)
    assert result.view_timeline(row["candidate_id"]).trial_hash == row["trial_hash"]


def test_a_failed_score_says_which_metric_and_why(result_of, unscorable):
    result = result_of(
        lambda cell: unscorable if (cell.metric_id, cell.item_id) == ("accuracy", "i3") else 1.0,
        models=("one",),
        metrics=(("accuracy", "s"), ("speed", "s")),
    )

    [row] = result.iter_failures()

    assert (row["kind"], row["metric_id"], row["code"]) == (
        "score",
        "accuracy",
        "metric_computation",
    )
    assert (row["item_id"], row["message"]) == ("i3", "the reference has no answer")


def test_a_score_that_is_no_finite_number_is_a_failure(result_of):
    result = result_of(lambda cell: math.nan, models=("one",), items=("i1",))

    [row] = result.iter_failures()

    assert row["message"] == "the value is not a finite number"
    assert result.aggregate(group_by="model_id")[0]["errors"] == 1


def test_failures_of_metrics_outside_the_overlay_are_left_out(result_of, unscorable):
    result = result_of(
        lambda cell: unscorable if cell.score_name == "a" else 1.0,
        metrics=(("accuracy", "a"), ("speed", "b")),
    )
    hashes = result.evaluation_hashes

    assert len(list(result.for_evaluation(hashes[0]).iter_failures())) == 6
    assert list(result.for_evaluation(hashes[1]).iter_failures()) == []


def test_failures_are_read_in_pages(result_of, timed_out):
    items = [f"i{number:04}" for number in range(PAGE + 3)]
    rows = list(result_of(lambda cell: timed_out, models=("one",), items=items).iter_failures())

    assert [row["item_id"] for row in rows] == items


def test_failed_scores_are_read_in_pages_across_metrics_and_arms(result_of, unscorable):
    result = result_of(
        lambda cell: unscorable,
        items=[f"i{number}" for number in range(PAGE // 3)],
        metrics=(("accuracy", "s"), ("speed", "s")),
    )

    places = {(row["candidate_id"], row["metric_id"]) for row in result.iter_failures()}

    assert len(places) == 4 * (PAGE // 3)


def test_a_chain_that_found_nothing_is_listed_with_the_output(result_of):
    result = result_of(text=lambda cell: "what?" if cell.item_id == "i2" else "42", models=("one",))

    [row] = result.iter_invalid_extractions()

    assert (row["item_id"], row["model_id"], row["raw_text"]) == ("i2", "one", "what?")
    assert row["transform_hash"] == result.transform_hashes[0]
    assert row["reasons"] == {"first_number": "there is no number"}


def test_a_failed_candidate_has_no_invalid_extraction(result_of, timed_out):
    result = result_of(lambda cell: timed_out, text=lambda cell: "what?")

    assert list(result.iter_invalid_extractions()) == []
