from __future__ import annotations

import json

import pytest

from themis.report_export import (
    compare_results,
    comparison_to_json,
    document_schema,
    result_to_dict,
    result_to_json,
)
from themis.results.history import judge_run

ITEMS = [f"i{k}" for k in range(30)]


def scored(shift: float):
    return lambda cell: int(cell.item_id[1:]) / 30 + shift


def by_model(cell) -> float:
    return {"alpha": 0.25, "beta": 0.75}[cell.model]


@pytest.fixture
def validated(result_of):
    """Makes documents, each checked against the schema that ships with the package."""
    import jsonschema

    def make(function, kind, *arguments, **options):
        document = function(*arguments, **options)
        json.dumps(document, allow_nan=False)
        jsonschema.Draft202012Validator(document_schema(kind)).validate(document)
        return document

    return make


def test_a_document_says_what_was_swept_and_measured(result_of, validated):
    result = result_of(
        by_model, temperatures=(0.0, 0.7), slices=("x",), dimensions={"x": {"lang": "en"}}
    )

    document = validated(result_to_dict, "result", result)

    assert (document["schema_version"], document["bench_name"]) == (1, "bench")
    assert [one["name"] for one in document["input_vars"]] == [
        "model_id",
        "prompt_variant_id",
        "slice_id",
        "params.temperature",
        "lang",
    ]
    [metric] = document["metrics"]
    assert (metric["variable"], metric["direction"], metric["mean"]) == (
        "accuracy",
        "maximize",
        0.5,
    )
    assert metric["optimal_value"] == 0.75
    assert metric["optimal_inputs"]["model_id"] == "beta"
    assert metric["optimal_inputs"]["lang"] == "en"
    assert metric["statistics"]["n_items"] == 3
    assert document["provenance"]["run_id"] == result.run_id


@pytest.mark.parametrize(("direction", "best"), [("minimize", 0.25), ("none", None)])
def test_the_optimum_follows_the_direction(result_of, validated, direction, best):
    result = result_of(by_model, directions={"accuracy": direction})

    [metric] = validated(result_to_dict, "result", result)["metrics"]

    assert metric["optimal_value"] == best
    assert (metric["optimal_inputs"] is None) == (best is None)


def test_two_numbers_of_one_metric_are_two_variables(result_of, validated):
    result = result_of(
        lambda cell: float(cell.score_name == "strict"),
        metrics=(("accuracy", "strict"), ("accuracy", "lenient")),
    )

    document = validated(result_to_dict, "result", result)

    assert {one["variable"]: one["optimal_value"] for one in document["metrics"]} == {
        "accuracy/strict": 1.0,
        "accuracy/lenient": 0.0,
    }


def test_a_metric_without_scores_has_nulls(result_of, validated, timed_out):
    [metric] = validated(result_to_dict, "result", result_of(lambda cell: timed_out))["metrics"]

    assert (metric["mean"], metric["optimal_value"]) == (None, None)
    assert (metric["statistics"]["errors"], metric["statistics"]["reason"]) == (6, "no scores")


def test_a_first_run_is_not_over_time(result_of, validated):
    document = validated(result_to_dict, "result", result_of(), include_series=True)

    assert document["over_time"] is False
    assert "series" not in document["metrics"][0]
    assert document["regressions"] == {
        "has_regressions": False,
        "has_blocking_regressions": False,
        "missing": 0,
        "not_comparable": 0,
        "results": [],
    }


def test_the_history_of_the_benchmark_judges_a_run(result_of, validated):
    result_of(scored(0.5), name="one", items=ITEMS)
    result_of(name="elsewhere", benchmark_id="other", items=ITEMS)
    worse = result_of(scored(0.0), name="two", items=ITEMS)

    document = validated(result_to_dict, "result", worse, include_series=True)

    assert document["over_time"] is True
    [row] = document["regressions"]["results"]
    assert (row["variable"], row["method"], row["regressed"]) == ("accuracy", "percentage", True)
    assert document["regressions"]["has_blocking_regressions"] is True
    series = document["metrics"][0]["series"]
    assert [point["n"] for point in series] == [60, 60]
    assert series[0]["time_event"] != series[1]["time_event"]
    assert series[1]["mean"] == pytest.approx(document["metrics"][0]["mean"])


def test_a_rejected_run_is_no_baseline_until_it_is_accepted(result_of, validated, run_store):
    result_of(scored(0.5), name="one", items=ITEMS)
    worse = result_of(scored(0.0), name="two", items=ITEMS)
    judge_run(run_store, worse.run_id, accepted=False, reason="regressed")
    same = result_of(scored(0.001), name="three", items=ITEMS)

    rejected = validated(result_to_dict, "result", same)["regressions"]["results"][0]
    judge_run(run_store, worse.run_id, accepted=True, reason="on purpose")
    accepted = validated(result_to_dict, "result", same)["regressions"]["results"][0]

    assert rejected["baseline_value"] == pytest.approx(0.5 + 14.5 / 30)
    assert accepted["baseline_value"] == pytest.approx(0.25 + 14.5 / 30)


def test_a_metric_of_the_last_run_that_this_one_lacks_is_missing(result_of, validated):
    result_of(name="one", metrics=(("accuracy", "s"), ("speed", "s")))
    after = result_of(name="two", metrics=(("accuracy", "s"),))

    regressions = validated(result_to_dict, "result", after)["regressions"]

    assert {row["variable"]: row["verdict"] for row in regressions["results"]} == {
        "accuracy": "unchanged",
        "speed": "missing",
    }
    assert (regressions["missing"], regressions["has_blocking_regressions"]) == (1, True)


BOTH, ONE = (("accuracy", "s"), ("speed", "s")), (("accuracy", "s"),)


def test_a_metric_stays_missing_though_a_run_without_it_was_never_judged(result_of, validated):
    result_of(name="one", metrics=BOTH)
    result_of(name="two", metrics=ONE)
    after = result_of(name="three", metrics=ONE)

    regressions = validated(result_to_dict, "result", after)["regressions"]

    assert {row["variable"]: row["verdict"] for row in regressions["results"]} == {
        "accuracy": "unchanged",
        "speed": "missing",
    }
    assert regressions["has_blocking_regressions"] is True


def test_a_metric_is_given_up_by_accepting_a_run_without_it(result_of, validated, run_store):
    result_of(name="one", metrics=BOTH)
    without = result_of(name="two", metrics=ONE)
    judge_run(run_store, without.run_id, accepted=False, reason="the gate failed: speed")
    judge_run(run_store, without.run_id, accepted=True, reason="speed is no longer measured")
    after = result_of(name="three", metrics=ONE)

    rows = validated(result_to_dict, "result", after)["regressions"]["results"]

    assert [(row["variable"], row["verdict"]) for row in rows] == [("accuracy", "unchanged")]


def test_a_metric_that_came_back_is_expected_again(result_of, validated, run_store):
    without = result_of(name="one", metrics=ONE)
    judge_run(run_store, without.run_id, accepted=False, reason="the gate failed: speed")
    judge_run(run_store, without.run_id, accepted=True, reason="speed is no longer measured")
    result_of(name="two", metrics=BOTH)
    result_of(name="three", metrics=ONE)
    after = result_of(name="four", metrics=ONE)

    rows = validated(result_to_dict, "result", after)["regressions"]["results"]

    assert {row["variable"]: row["verdict"] for row in rows}["speed"] == "missing"


def test_a_limit_is_checked_without_history(result_of, validated):
    config = {"method": "absolute", "limit": 2.0}

    [row] = validated(result_to_dict, "result", result_of(), run_cfg=config)["regressions"][
        "results"
    ]

    assert (row["regressed"], row["threshold"]) == (True, 2.0)


def test_a_bad_configuration_is_an_error(result_of):
    with pytest.raises(ValueError, match="Did you mean 'accuracy'"):
        result_to_dict(result_of(), run_cfg={"metrics": {"acuracy": {}}})


def test_two_results_are_compared_by_the_same_detector(result_of, validated):
    before = result_of(scored(0.0), name="one", items=ITEMS)
    after = result_of(scored(0.9), name="two", items=ITEMS[:-1])

    document = validated(compare_results, "comparison", before, after)

    [metric] = document["metrics"]
    assert (metric["variable"], metric["verdict"], metric["method"]) == (
        "accuracy",
        "improved",
        "percentage",
    )
    assert document["summary"] == {
        "improved": 1,
        "regressed": 0,
        "unchanged": 0,
        "missing": 0,
        "not_comparable": 0,
    }
    assert metric["statistics"]["pair_count"] == 58
    assert document["unpaired"]["baseline"] == ["i29"]
    assert (metric["band_lower"], metric["band_upper"]) == pytest.approx(
        (0.9 * 14.5 / 30, 1.1 * 14.5 / 30)
    )


def test_from_0_to_0_9_is_improved(result_of, validated):
    before, after = result_of(lambda _: 0.0, name="one"), result_of(lambda _: 0.9, name="two")

    [metric] = validated(compare_results, "comparison", before, after)["metrics"]

    assert (metric["verdict"], metric["change_percent"]) == ("improved", None)


def test_a_metric_that_failed_throughout_in_the_candidate_is_missing(
    result_of, validated, timed_out
):
    before, after = result_of(name="one"), result_of(lambda _: timed_out, name="two")

    document = validated(compare_results, "comparison", before, after)

    assert document["metrics"][0]["verdict"] == "missing"
    assert document["summary"]["missing"] == 1
    assert document["has_blocking_regressions"] is True


def test_several_checks_are_listed_and_the_worst_is_the_metrics(result_of, validated):
    before = result_of(lambda _: 1.0, name="one")
    after = result_of(lambda _: 0.95, name="two")
    config = {"checks": [{}, {"method": "delta", "max_delta": 0.01, "severity": "notify"}]}

    document = validated(compare_results, "comparison", before, after, run_cfg=config)

    [metric] = document["metrics"]
    assert (metric["verdict"], metric["method"], metric["severity"]) == (
        "regressed",
        "delta",
        "notify",
    )
    assert [check["verdict"] for check in metric["checks"]] == ["unchanged", "regressed"]
    assert document["has_blocking_regressions"] is False


def test_pairs_can_judge(result_of, validated):
    before = result_of(scored(0.0), name="one", items=ITEMS)
    after = result_of(scored(-0.01), name="two", items=ITEMS)

    document = validated(compare_results, "comparison", before, after, run_cfg={"method": "paired"})

    assert document["metrics"][0]["verdict"] == "regressed"


def test_documents_can_be_compared_in_place_of_results(result_of, validated):
    before, after = result_of(lambda _: 1.0, name="one"), result_of(lambda _: 0.5, name="two")

    live = compare_results(before, after)
    document = validated(
        compare_results, "comparison", result_to_dict(before), result_to_dict(after)
    )

    assert document["metrics"][0]["verdict"] == live["metrics"][0]["verdict"] == "regressed"
    assert "statistics" not in document["metrics"][0]
    assert "unpaired" not in document


def test_results_without_a_shared_metric_cannot_be_compared(result_of):
    before = result_of(name="one", metrics=(("accuracy", "s"),))
    after = result_of(name="two", metrics=(("speed", "s"),))

    with pytest.raises(ValueError, match="the baseline has accuracy, the candidate speed"):
        compare_results(before, after)


def test_a_baseline_without_a_mean_says_that_this_is_the_cause(result_of, timed_out):
    before, after = result_of(lambda _: timed_out, name="one"), result_of(name="two")

    with pytest.raises(ValueError, match="the baseline has no mean of accuracy"):
        compare_results(before, after)
    with pytest.raises(ValueError, match="the baseline has no mean of accuracy"):
        compare_results(result_to_dict(before), result_to_dict(after))


def test_what_is_no_result_document_is_refused(result_of):
    with pytest.raises(ValueError, match="not a result document of schema version 1"):
        compare_results({"schema_version": 2}, result_of())


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([{}], "not a result document, by its schema: it has no 'variable'"),
        ([3], "not a result document, by its schema: 'int' object is not subscriptable"),
        (
            [{"variable": "m", "mean": 1, "direction": "up", "units": None}],
            "not a result document: variable 'm', direction 'up'",
        ),
        (
            [{"variable": 3, "mean": 1, "direction": "none", "units": None}],
            "not a result document: variable 3, direction 'none'",
        ),
        ([{"variable": "m", "mean": "x"}], "not a result document: the mean of 'm' is 'x'"),
    ],
)
def test_a_document_that_its_schema_refuses_is_refused(result_of, metrics, message):
    document = {**result_to_dict(result_of()), "metrics": metrics}

    with pytest.raises(ValueError, match=message):
        compare_results(document, document)


def test_documents_cannot_be_checked_by_pairs(result_of):
    document = result_to_dict(result_of())

    with pytest.raises(ValueError, match="a document has no items to pair"):
        compare_results(document, document, run_cfg={"method": "paired"})


@pytest.mark.parametrize("choice", [{"margin": 0.0}, {"cluster_by": "passage"}])
def test_documents_have_no_items_to_compare(result_of, choice):
    document = result_to_dict(result_of())

    with pytest.raises(ValueError, match="a document has no items: margin and cluster_by are for"):
        compare_results(document, document, **choice)


def test_files_are_written_with_their_folders(result_of, tmp_path):
    before, after = result_of(name="one"), result_of(name="two")

    written = result_to_json(after, tmp_path / "a" / "b")
    compared = comparison_to_json(before, after, tmp_path / "c" / "it.json", indent=None)

    assert written == tmp_path / "a" / "b" / "result.json"
    assert json.loads(written.read_text()) == result_to_dict(after)
    assert json.loads(compared.read_text()) == compare_results(before, after)
    assert compared.read_text().count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*.tmp")) == []
