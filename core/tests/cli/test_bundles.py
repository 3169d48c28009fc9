"""`themis export` and `themis import`: files of one stage, exit codes, JSON."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import themis
from themis.cli import main
from themis.storage import sqlite_store

STAGES = ("generation", "reduction", "parse", "score", "evaluation")
CASES = [{"input": f"{n}", "expected_output": f"{n}", "case_id": f"c{n}"} for n in range(3)]


class Says:
    """Answers, and in another mood otherwise."""

    mood = "it is"

    def __call__(self, question):
        return f"{self.mood} {question}"

    def fingerprint(self):
        return "says"


def agrees(prompt):
    return "Verdict: 1"


def evaluated(store):
    result = themis.evaluate(
        model=Says(),
        data=CASES,
        parser="first_number",
        metric=["exact_match", "rubric_score"],
        judge=agrees,
        judge_config={"rubric": "Right."},
        samples=2,
        reducer="majority_vote",
        storage=store,
    )
    with result:
        return result.run_id


@pytest.fixture
def run_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return evaluated(".themis")


def invoke(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def exported(run_id, stage, *more):
    done = invoke("export", stage, run_id[:8], "--output", f"out/{stage}.jsonl", *more)
    assert done.exit_code == 0, done.output
    return done


def test_all_stages_go_from_store_to_store(run_id):
    for stage in STAGES:
        exported(run_id, stage)
        done = invoke("import", stage, f"out/{stage}.jsonl", "--store", "elsewhere")
        assert done.exit_code == 0, done.output
    with sqlite_store("elsewhere", read_only=True) as store:
        assert store.run(run_id).status == "completed"


def test_what_was_done_is_on_stdout_and_the_file_on_stderr(run_id):
    done = exported(run_id, "generation")
    assert done.stdout == f"generation of run {run_id[:12]}: 6 records\n"
    assert done.stderr == "wrote out/generation.jsonl\n"


def test_json_is_for_programs(run_id):
    found = json.loads(exported(run_id, "score", "--json").stdout)
    assert (found["stage"], found["counts"]["records"]) == ("score", 3)
    exported(run_id, "generation")
    done = invoke("import", "generation", "out/generation.jsonl", "--store", "x", "--json")
    assert json.loads(done.stdout) == {
        "run_id": run_id,
        "stage": "generation",
        "imported": 6,
        "already_present": 0,
        "outdated": 0,
        "failed": 0,
        "duplicates": 0,
        "imported_failures": 0,
    }


def test_a_later_stage_without_its_candidates_is_an_error(run_id):
    exported(run_id, "score")
    done = invoke("import", "score", "out/score.jsonl", "--store", "elsewhere")
    assert done.exit_code == 2
    assert "import the run's generation bundle first" in done.stderr


def test_a_changed_file_is_an_error(run_id, tmp_path):
    exported(run_id, "generation")
    path = tmp_path / "out" / "generation.jsonl"
    path.write_text(path.read_text().replace("it is 1", "it is 2"))
    done = invoke("import", "generation", path, "--store", "elsewhere")
    assert done.exit_code == 2
    assert "has other content than its hash says" in done.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_records_that_are_left_out_exit_with_1(run_id, monkeypatch):
    exported(run_id, "score")
    monkeypatch.setattr(Says, "mood", "perhaps")
    assert evaluated("elsewhere") == run_id
    done = invoke("import", "score", "out/score.jsonl", "--store", "elsewhere")
    assert done.exit_code == 1
    assert done.stdout.endswith("0 imported, 0 already there, 3 left out\n")
    assert "made of other outputs than the store has" in done.stderr


def test_an_unknown_run_is_an_error(run_id):
    done = invoke("export", "generation", "nope", "--output", "x.jsonl")
    assert done.exit_code == 2
    assert "has no run 'nope'" in done.stderr


def test_a_file_that_cannot_be_written_is_an_error(run_id, tmp_path):
    (tmp_path / "taken").write_text("")
    done = invoke("export", "generation", run_id, "--output", "taken/x.jsonl")
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("command", ["export", "import"])
def test_help_says_what_a_bundle_is_and_lists_the_stages(command):
    done = invoke(command, "--help")
    assert "bundle" in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines() if line[:2] == "  "][-5:] == [
        *sorted(STAGES)
    ]
