"""`themis gate`, `history`, `compare` and `power`."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from themis.cli import main
from themis.storage import SqliteRunStore
from themis.testing.recorded_runs import RecordedRun

ITEMS = [f"i{k}" for k in range(40)]


def scored(shift: float):
    return lambda cell: int(cell.item_id[1:]) / 40 + shift * (1 + int(cell.item_id[1:]) % 3)


ALIKE = scored(0.0)


def varied(outcome):
    """The outcome, but one answer of every metric is wrong on its own."""
    return lambda cell: outcome(cell) * (cell.item_id != f"i{20 + int(cell.metric_id[1:])}")


@pytest.fixture
def record(tmp_path):
    """Records a run in the store; gives its id."""

    def recorded(name, outcome=ALIKE, **fields):
        with SqliteRunStore(tmp_path / "store") as store:
            run = RecordedRun(
                name=name, outcome=outcome, **{"items": ITEMS, "models": ("m",), **fields}
            )
            return run.record(store)

    return recorded


@pytest.fixture
def themis(tmp_path):
    def invoke(*arguments):
        command = [*arguments]
        if arguments[0] != "power":
            command += ["--store", str(tmp_path / "store")]
        return CliRunner().invoke(main, command)

    return invoke


def test_a_first_run_passes_and_says_that_nothing_was_checked(record, themis):
    done = themis("gate", record("one"))

    assert done.exit_code == 0
    assert "no accepted earlier run to compare with: nothing was checked" in done.stdout


def test_a_run_that_got_worse_fails_with_3_and_is_kept_out_of_the_history(record, themis):
    record("one", scored(0.1))
    worse = record("two", scored(0.0))

    done = themis("gate", worse)
    listed = json.loads(themis("history", "list", "bench", "--json").stdout)

    assert done.exit_code == 3
    assert "1 of 1 checks failed." in done.stdout
    assert f"themis history accept {worse[:12]}" in done.stderr
    assert [point["accepted"] for point in listed] == [True, False]
    assert listed[1]["reason"] == "the gate failed: accuracy"


def test_an_accepted_run_counts_as_history(record, themis):
    record("one", scored(0.1))
    worse = record("two", scored(0.0))
    themis("gate", worse)

    accepted = themis("history", "accept", worse[:12], "--reason", "new data")
    listed = themis("history", "list", "bench")

    assert (accepted.exit_code, accepted.stdout) == (0, f"run {worse[:12]} counts as history\n")
    assert "new data" in listed.stdout


def test_a_gate_does_not_undo_what_a_person_accepted(record, themis):
    record("one", scored(0.1))
    worse = record("two", scored(0.0))
    themis("gate", worse)
    themis("history", "accept", worse)

    again = themis("gate", worse)
    listed = json.loads(themis("history", "list", "bench", "--json").stdout)

    assert (again.exit_code, listed[1]["accepted"]) == (3, True)
    assert f"run {worse[:12]} was accepted, and stays history" in again.stderr


def test_a_failing_run_need_not_be_recorded_as_such(record, themis):
    record("one", scored(0.1))
    worse = record("two", scored(0.0))

    assert themis("gate", worse, "--no-record").exit_code == 3
    listed = json.loads(themis("history", "list", "bench", "--json").stdout)
    assert [point["accepted"] for point in listed] == [True, True]


def test_a_benchmark_stands_for_its_latest_run(record, themis):
    record("one", scored(0.1))
    worse = record("two", scored(0.0))

    document = json.loads(themis("gate", "bench", "--json").stdout)

    assert document["provenance"]["run_id"] == worse


def test_a_metric_without_a_score_fails_the_gate(record, themis, timed_out):
    record("one")
    failed = record("two", lambda cell: timed_out, status="partial_failure")

    done = themis("gate", failed)

    assert done.exit_code == 3
    assert "missing" in done.stdout


@pytest.mark.parametrize("status", ["planned", "running", "interrupted"])
def test_a_run_that_goes_on_is_refused(record, themis, status):
    record("one")
    part = record("two", lambda cell: 1.0 if cell.item_id == "i0" else None, status=status)

    done = themis("gate", part)

    assert done.exit_code == 2
    assert f"run {part[:12]} is {status}, not at its end: themis resume {part[:12]}" in done.stderr


def test_a_mean_over_those_that_did_not_fail_says_so(record, themis, timed_out):
    record("one")
    survived = record("two", lambda cell: 1.0 if cell.item_id == "i0" else timed_out)

    assert "39 of 40 scores failed" in themis("gate", survived).stdout


def test_artifacts_are_there_although_the_gate_fails(record, themis, tmp_path):
    record("one", scored(0.1))
    worse = record("two", scored(0.0))

    done = themis("gate", worse, "--output", str(tmp_path / "out"))

    assert done.exit_code == 3
    document = json.loads((tmp_path / "out" / "result.json").read_text())
    assert document["regressions"]["has_blocking_regressions"] is True
    assert "## ❌ bench" in (tmp_path / "out" / "gate.md").read_text()
    suite = ET.parse(tmp_path / "out" / "junit.xml").getroot()
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("1", "1")
    assert suite[0].attrib["name"] == "accuracy (percentage)"
    assert suite[0][0].attrib["message"].startswith("regressed: -")


def test_the_checks_come_from_a_file(record, themis, tmp_path):
    record("one", scored(0.1))
    worse = record("two", scored(0.0))
    config = tmp_path / "gate.toml"
    config.write_text('[[checks]]\nmethod = "delta"\nmax_delta = 0.5\n')

    assert themis("gate", worse, "--config", str(config)).exit_code == 0

    config.write_text('[[checks]]\nmethod = "delta"\nmax_delta = 0.1\nseverity = "notify"\n')
    noted = themis("gate", worse, "--config", str(config))
    assert (noted.exit_code, "No check failed; 1 noted." in noted.stdout) == (0, True)


def test_a_mistake_in_the_checks_is_no_green_result(record, themis, tmp_path):
    run = record("one")
    config = tmp_path / "gate.toml"
    config.write_text('[metrics.acuracy]\nmethod = "percentage"\n')

    done = themis("gate", run, "--config", str(config))

    assert done.exit_code == 2
    assert "unknown key 'acuracy'" in done.stderr


def test_what_the_store_does_not_have_is_named(record, themis):
    record("one")

    done = themis("gate", "nothing")

    assert done.exit_code == 2
    assert "'nothing' is no run, no benchmark with a run that ended, and no result file" in (
        done.stderr
    )


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


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--discordant", "0.2"], "626 items that both models answer, right or wrong"),
        (["--spread", "0.5"], "785 items that both models are scored on"),
        (["--baseline", "0.5"], "1,565 items for each of two models that share none"),
    ],
)
def test_power_says_how_many_items_it_takes(themis, arguments, answer):
    done = themis("power", "--difference", "0.05", *arguments)

    assert done.stdout == f"{answer}\n"
    assert "find a difference of 0.05 80% of the time, at 95%" in done.stderr


@pytest.mark.parametrize("spread", [("--spread", "0.01"), ("--discordant", "1")])
def test_as_few_items_as_no_test_can_tell_apart_are_not_enough(themis, spread):
    done = themis("power", "--difference", "0.99", *spread)

    assert done.stdout.startswith("6 items")


def test_power_is_for_programs_too(themis):
    done = themis("power", "--difference", "0.05", "--spread", "0.5", "--json")

    assert json.loads(done.stdout)["items"] == 785


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--difference", "0.1"], "give one of --discordant, --spread and --baseline"),
        (["--difference", "0.3", "--discordant", "0.1"], "models that differ by 0.3 disagree"),
        (["--difference", "0", "--spread", "1"], "no number of items shows a difference of 0"),
    ],
)
def test_power_without_an_answer_is_bad_usage(themis, arguments, message):
    done = themis("power", *arguments)

    assert (done.exit_code, message in done.stderr) == (2, True)
