"""`themis gate` and `history`."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from .recorded_scores import scored


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
