"""`themis compare`."""

from __future__ import annotations

import json

import pytest

from .recorded_scores import ALIKE, scored


def varied(outcome):
    """The outcome, but one answer of every metric is wrong on its own."""
    return lambda cell: outcome(cell) * (cell.item_id != f"i{20 + int(cell.metric_id[1:])}")


def test_two_runs_are_compared_with_interval_and_verdict(record, themis):
    before, after = record("one", models=("old",)), record("two", scored(0.01), models=("new",))

    done = themis("compare", before, after)

    assert done.exit_code == 0
    assert "improved" in done.stdout
    assert "0.0171 to 0.0224" in done.stdout
    assert "No check failed." in done.stdout


def test_a_comparison_fails_only_where_it_is_asked_to(record, themis, tmp_path):
    before, after = record("one", scored(0.01)), record("two")

    assert themis("compare", before, after).exit_code == 0
    failed = themis(
        "compare", before, after, "--fail-on", "regressed", "--output", str(tmp_path / "out")
    )
    within = themis("compare", before, after, "--fail-on", "regressed", "--margin", "0.1")

    assert (failed.exit_code, within.exit_code) == (3, 0)
    assert (tmp_path / "out" / "comparison.json").is_file()


def passages(item_id: str) -> dict[str, str]:
    return {"question": item_id, "passage": f"p{int(item_id[1:]) // 14}"}


def test_a_gate_judges_by_the_clusters_that_the_comparison_is_of(record, themis):
    before = record("one", payload=passages)
    worse_on_one = record(
        "two",
        lambda cell: (
            ALIKE(cell) - 0.3 * (int(cell.item_id[1:]) < 14) - 0.01 * (cell.item_id > "i3")
        ),
        payload=passages,
    )
    command = ("compare", before, worse_on_one, "--fail-on", "regressed", "--json")

    alone, clustered = themis(*command), themis(*command, "--cluster-by", "passage")

    assert (alone.exit_code, clustered.exit_code) == (3, 0)
    document = json.loads(clustered.stdout)
    [metric], [row] = document["metrics"], document["comparisons"]
    assert (metric["verdict"], metric["statistics"]["verdict"]) == ("unchanged", "inconclusive")
    assert metric["statistics"] == {key: row[key] for key in metric["statistics"]}
    assert (row["n_items"], row["n_clusters"]) == (40, 3)


def test_the_table_and_the_check_say_how_many_clusters_there_are(record, themis):
    before, after = record("one", payload=passages), record("two", payload=passages)

    shown = themis("compare", before, after, "--cluster-by", "passage").stdout

    header, _, figures = shown.splitlines()[:3]
    counts = ["pair_count", "n_items", "n_clusters"]
    ends = [header.index(name) + len(name) for name in counts]
    assert [figures[:end].split()[-1] for end in ends] == ["40", "40", "3"]
    assert "over 40 pairs in 3 clusters" in shown


def test_the_choices_of_a_comparison_are_those_of_the_metrics_statistics(record, themis):
    before, after = record("one"), record("two", scored(0.01))
    choices = ("--margin", "0.1", "--correction", "bh", "--level", "0.9")

    document = json.loads(themis("compare", before, after, *choices, "--json").stdout)

    [metric], [row] = document["metrics"], document["comparisons"]
    assert metric["statistics"] == {key: row[key] for key in metric["statistics"]}
    assert (row["ci_level"], row["margin"], row["adjustment_method"]) == (0.9, 0.1, "bh")


def fewer_right(cell) -> float:
    """Of one of the metrics, seven of forty answers that were right are wrong."""
    return float(cell.metric_id != "m3" or int(cell.item_id[1:]) >= 7)


def test_a_gate_of_many_metrics_goes_by_the_corrected_p_as_the_table_does(record, themis):
    metrics = [(f"m{k}", "s") for k in range(20)]
    before = record("one", lambda cell: 1.0, metrics=metrics)
    after = record("two", varied(fewer_right), metrics=metrics)
    command = ("compare", before, after, "--fail-on", "regressed", "--json")

    corrected, alone = themis(*command), themis(*command, "--correction", "none")

    assert (corrected.exit_code, alone.exit_code) == (0, 3)
    [metric] = [m for m in json.loads(corrected.stdout)["metrics"] if m["variable"] == "m3"]
    assert (metric["verdict"], metric["statistics"]["verdict"]) == ("unchanged", "inconclusive")
    assert "adjusted p 0.0781" in metric["details"]


def test_a_configuration_says_whether_its_pairs_are_corrected(record, themis, tmp_path):
    metrics = [(f"m{k}", "s") for k in range(20)]
    before = record("one", lambda cell: 1.0, metrics=metrics)
    after = record("two", varied(fewer_right), metrics=metrics)
    config = tmp_path / "c.toml"
    command = ("compare", before, after, "--fail-on", "regressed", "--config", str(config))

    config.write_text('checks = [{method = "paired"}]\n')
    alone, asked = themis(*command), themis(*command, "--correction", "holm")
    config.write_text('correction = "holm"\nchecks = [{method = "paired"}]\n')

    assert (alone.exit_code, asked.exit_code, themis(*command).exit_code) == (3, 0, 0)


def test_the_level_of_a_configuration_is_the_comparisons_unless_it_is_given(
    record, themis, tmp_path
):
    before, after = record("one"), record("two", scored(0.01))
    (tmp_path / "c.toml").write_text('ci_level = 0.8\nchecks = [{method = "paired"}]\n')
    command = ("compare", before, after, "--config", str(tmp_path / "c.toml"), "--json")

    levels = [
        json.loads(themis(*command, *further).stdout)["comparisons"][0]["ci_level"]
        for further in ((), ("--level", "0.9"))
    ]

    assert levels == [0.8, 0.9]


def test_comparisons_are_grouped_and_corrected_as_one_family(record, themis):
    before = record("one", slices=("x", "y"))
    after = record("two", scored(0.01), slices=("x", "y"))

    document = json.loads(themis("compare", before, after, "--by", "slice_id", "--json").stdout)

    rows = document["comparisons"]
    assert [(row["slice_id"], row["family_size"]) for row in rows] == [("x", 2), ("y", 2)]
    assert document["summary"]["improved"] == 1


def test_runs_that_share_no_item_do_not_pass(record, themis):
    before, after = record("one"), record("two", items=[f"x{k}" for k in range(40)])

    strict = themis("compare", before, after, "--fail-on", "regressed")

    assert (strict.exit_code, themis("compare", before, after).exit_code) == (1, 0)
    assert "1 could not be judged" in strict.stdout
    assert "no check could be judged, so the gate is not passed" in strict.stderr


def test_runs_that_share_no_item_fail_where_they_are_shown_to_be_worse(record, themis):
    before = record("one", scored(0.5))
    after = record("two", items=[f"x{k}" for k in range(40)])

    done = themis("compare", before, after, "--fail-on", "regressed", "--json")

    [metric] = json.loads(done.stdout)["metrics"]
    assert (done.exit_code, metric["verdict"]) == (3, "regressed")
    assert (metric["statistics"]["method"], metric["statistics"]["verdict"]) == (
        "welch",
        "regressed",
    )
    assert metric["baseline_value"] - metric["current_value"] == pytest.approx(0.9875)


@pytest.mark.parametrize(
    "choice",
    [
        ("--margin", "0.1"),
        ("--margin", "0"),
        ("--by", "model_id"),
        ("--level", "0.5"),
        ("--correction", "bh"),
        ("--cluster-by", "passage"),
    ],
)
def test_a_result_file_cannot_follow_choices_about_items(record, themis, tmp_path, choice):
    after = record("two")
    themis("gate", after, "--output", str(tmp_path))

    done = themis("compare", str(tmp_path / "result.json"), after, *choice)

    assert done.exit_code == 2
    assert f"{choice[0]} is of the items of two runs" in done.stderr


def test_result_files_are_compared_by_percentage(record, themis, tmp_path):
    record("one", scored(0.1))
    themis("gate", "bench", "--output", str(tmp_path / "a"))
    after = record("two")

    done = themis("compare", str(tmp_path / "a" / "result.json"), after, "--fail-on", "regressed")

    assert done.exit_code == 3
    assert "percentage" in done.stdout


def test_a_file_that_is_no_result_is_refused(record, themis, tmp_path):
    record("one")
    (tmp_path / "x.json").write_text("[]")
    (tmp_path / "y.json").write_text("{")

    assert "holds no result document" in themis("compare", str(tmp_path / "x.json"), "bench").stderr
    assert "cannot be read as JSON" in themis("compare", str(tmp_path / "y.json"), "bench").stderr


def test_an_unknown_group_is_an_error_that_lists_the_known_ones(record, themis):
    record("one")

    done = themis("compare", "bench", "bench", "--by", "colour")

    assert (done.exit_code, "cannot group by 'colour'" in done.stderr) == (2, True)
