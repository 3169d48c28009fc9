"""`themis quickcheck` and `themis inspect snapshot | state | evaluation`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import themis
from themis.cli import main
from themis.core import Dataset

CASES = [{"input": f"{n}", "expected_output": f"{n}", "case_id": f"c{n}"} for n in range(3)]


def answers(question):
    if question == "2":
        raise RuntimeError("down")
    return "7" if question == "1" else question


def judge(prompt):
    return "\x1b[31mfine\nVerdict: 5"


def run(**changed):
    settings = {
        "model": answers,
        "data": CASES,
        "metric": ["exact_match", "rubric_score"],
        "judge": judge,
        "judge_config": {"rubric": "Right."},
        "runtime": {"generation_retry_attempts": 1},
        "storage": ".themis",
    }
    with themis.evaluate(**{**settings, **changed}) as result:
        return result.run_id


@pytest.fixture
def run_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return run()


def invoke(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_quickcheck_shows_means_and_notes(run_id):
    done = invoke("quickcheck")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0].startswith("data: partial_failure, complete through judge")
    assert "note: 1 of 3 candidates failed, and are left out of the means" in lines


def test_quickcheck_exits_with_1_for_a_problem(run_id):
    same = run(metric=lambda parsed, expected: 0.5, model=lambda q: q, judge=None,
               judge_config=None)  # fmt: skip
    done = invoke("quickcheck", same[:9])
    assert done.exit_code == 1
    assert "problem: all 3 scores of" in done.stdout


def test_quickcheck_of_an_unknown_run_exits_with_2(run_id):
    assert invoke("quickcheck", "nope").exit_code == 2


def test_quickcheck_has_json(run_id):
    found = json.loads(invoke("quickcheck", run_id, "--json").stdout)
    assert (found["ok"], found["run_id"]) == (True, run_id)
    assert [one["code"] for one in found["suspicions"]] == ["candidates_failed"]


def test_a_snapshot_is_markdown_or_json(run_id):
    assert invoke("inspect", "snapshot", run_id).stdout.startswith("# Run ")
    found = json.loads(invoke("inspect", "snapshot", run_id, "--json").stdout)
    assert found["run_id"] == run_id


def test_a_state_lists_stages_and_the_cases_that_are_not_done(run_id):
    shown = invoke("inspect", "state", run_id).stdout
    assert [line.split() for line in shown.splitlines()[4:8]] == [
        ["generate", "2", "1", "0"],
        ["score", "2", "1", "0"],
        ["judge", "2", "1", "0"],
        [],
    ]
    assert [line.split()[0] for line in shown.splitlines()[10:]] == ["c2"]
    every = invoke("inspect", "state", run_id, "--all").stdout
    assert [line.split()[0] for line in every.splitlines()[10:]] == ["c0", "c1", "c2"]


def test_a_state_has_json(run_id):
    found = json.loads(invoke("inspect", "state", run_id, "--json").stdout)
    assert [case["status"] for case in found["cases"]] == ["done", "done", "failed"]


def test_an_evaluation_shows_the_call_and_spells_control_characters_out(run_id):
    done = invoke("inspect", "evaluation", run_id, "c0", "rubric_score")
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.stdout
    assert "    reply: \\x1b[31mfine\n      Verdict: 5\n" in done.stdout
    assert "    judgment: 5.0000, score 1.0000\n" in done.stdout
    assert done.stdout.endswith("  score: 1.0000\n")


def test_an_evaluation_has_json(run_id):
    found = json.loads(
        invoke("inspect", "evaluation", run_id, "c0", "rubric_score", "--json").stdout
    )
    assert found["samples"][0]["calls"][0]["judgment"] == 5.0


def test_a_case_without_a_score_says_so(run_id):
    assert "no score yet" in invoke("inspect", "evaluation", run_id, "c2", "rubric_score").stdout


def test_an_ambiguous_case_lists_the_choices_and_exits_with_2(run_id):
    twice = run(data=[Dataset(dataset_id=name, cases=CASES) for name in ("a", "b")])
    done = invoke("inspect", "evaluation", twice, "c0", "rubric_score")
    assert done.exit_code == 2
    assert "dataset_id='a'" in done.stderr
    chosen = invoke("inspect", "evaluation", twice, "c0", "rubric_score", "--dataset", "b")
    assert "case c0 in b" in chosen.stdout


def test_an_unknown_metric_lists_the_known_ones_and_exits_with_2(run_id):
    done = invoke("inspect", "evaluation", run_id, "c0", "bleu")
    assert done.exit_code == 2
    assert "it has: exact_match, rubric_score" in done.stderr
