"""Experiment files on the command line: run, look before running, and do again."""

from __future__ import annotations

import pytest

import themis

EXPERIMENT = """
generation:
  generator: echo
evaluation:
  metrics: [exact_match, contains]
datasets: [cases.jsonl]
"""
CASES = '{"input": "one", "expected_output": "one"}\n{"input": "two", "expected_output": "2"}\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    (tmp_path / "cases.jsonl").write_text(CASES)
    return tmp_path


@pytest.fixture
def run(folder, shell):
    """Runs the experiment with options; gives its result as JSON."""

    def invoke(*options, code=0):
        return shell.json("run", "e.yaml", "--progress", "none", *options, code=code)

    return invoke


def means(report):
    rows = report["sections"]["leaderboard"]
    return {row["metric_id"]: row["mean"] for row in rows}


def test_an_experiment_file_runs(run):
    assert means(run()) == {"contains": 0.5, "exact_match": 0.5}


def test_a_key_is_replaced_for_one_run(run):
    assert means(run("--set", "evaluation.metrics=contains")) == {"contains": 0.5}


def test_a_misspelt_key_is_named_with_the_nearest(run, shell):
    done = shell("run", "e.yaml", "--set", "evaluation.metric=contains", code=2)
    assert "evaluation.metric: is no field; did you mean 'metrics'?" in done.stderr


def test_it_runs_up_to_a_stage_and_goes_on_from_there(run, shell):
    assert "leaderboard" not in run("--until-stage", "generate")["sections"]
    found = shell.json("estimate", "e.yaml")["stages"]
    assert (found["generate"]["pending"], found["score"]["pending"]) == (0, 4)
    assert means(run()) == {"contains": 0.5, "exact_match": 0.5}


def test_it_is_kept_in_its_own_store_unless_another_is_named(folder, run):
    own = "storage: { store: sqlite, parameters: { path: mine } }\n"
    (folder / "e.yaml").write_text(EXPERIMENT + own)
    run()
    run("--store", "yours")
    assert {each.name for each in folder.iterdir()} >= {"mine", "yours"}
    assert not (folder / ".themis").exists()


def test_a_store_in_memory_is_said_to_keep_nothing(folder, shell):
    (folder / "e.yaml").write_text(EXPERIMENT + "storage: { store: memory }\n")
    done = shell("run", "e.yaml", "--progress", "none")
    assert done.stdout.rstrip().endswith("Nothing is kept: the store is in memory.")


@pytest.mark.parametrize("option", [["--stage", "generate"], ["--locked"]])
def test_options_of_benchmark_files_are_refused(folder, shell, option):
    done = shell("run", "e.yaml", *option, code=2)
    assert f"{option[0]} is for benchmark files, and this is an experiment" in done.stderr


def test_looking_at_an_experiment_writes_no_store(folder, shell):
    assert shell.json("estimate", "e.yaml")["stages"]["generate"]["total"] == 2
    assert "one" in shell("preview", "e.yaml").stdout
    assert not (folder / ".themis").exists()


def test_two_experiments_are_compared_before_they_run(folder, shell):
    other = EXPERIMENT.replace("[exact_match, contains]", "[exact_match]")
    (folder / "other.yaml").write_text(other)
    (folder / "more.jsonl").write_text(CASES + '{"input": "three", "expected_output": "3"}\n')
    assert "nothing changed" in shell("diff", "e.yaml", "e.yaml").stdout
    found = shell.json("diff", "other.yaml", "e.yaml")["stages"]
    assert (found["generate"]["rerun"], found["score"]["rerun"]) == (0, 2)
    (folder / "other.yaml").write_text(EXPERIMENT.replace("cases.jsonl", "more.jsonl"))
    assert shell.json("diff", "e.yaml", "other.yaml")["stages"]["generate"]["rerun"] == 1


def test_a_command_for_benchmarks_says_that_a_file_is_an_experiment(folder, shell):
    done = shell("lock", "e.yaml", code=2)
    assert "e.yaml is an experiment, and this command takes a benchmark" in done.stderr


def test_a_plan_is_kept(folder, shell):
    planned = shell.json("plan", "e.yaml")["run_id"]
    assert [row["run_id"] for row in shell.json("runs")] == [planned]


def test_a_run_up_to_a_stage_says_how_to_do_the_rest(folder, shell):
    done = shell("run", "e.yaml", "--until-stage", "generate", "--progress", "none")
    [command] = [line for line in done.stdout.splitlines() if "the rest" in line]
    assert f"resume {only_run(shell)[:12]}" in command


def only_run(shell):
    [row] = shell.json("runs")
    return row["run_id"]


def test_an_interrupted_experiment_is_resumed(run, shell):
    run("--until-stage", "generate")
    done = shell.json("resume", only_run(shell)[:12], "--progress", "none")
    assert means(done) == {"contains": 0.5, "exact_match": 0.5}


def test_a_run_of_python_functions_cannot_be_resumed_here(folder, shell):
    cases = [{"input": "a", "expected_output": "a"}]

    def shout(text):
        return text.upper()

    themis.evaluate(model=shout, data=cases, metric="exact_match", store=".themis").close()
    done = shell("resume", only_run(shell)[:12], code=2)
    assert "uses parts of a Python program (engine shout)" in done.stderr
    assert "run its experiment again there, with this store" in done.stderr


@pytest.mark.parametrize("target", ["e.yaml", "RUN"])
def test_a_replay_does_only_the_stages_asked_for_again(run, shell, target):
    run()
    before = events(shell)
    word = only_run(shell)[:12] if target == "RUN" else target
    replayed = shell.json(
        "replay", word, "--stage", "score", "--metric", "contains", "--progress", "none"
    )
    assert means(replayed) == {"contains": 0.5, "exact_match": 0.5}
    more = {kind: count - before.get(kind, 0) for kind, count in events(shell).items()}
    assert more["withdrawn"] > 0
    assert more["generated"] == 0


def test_a_replay_of_a_run_of_which_a_call_failed_leaves_with_the_code_of_the_run(
    folder, run, shell
):
    named = CASES.replace('"input": "one"', '"case_id": "first", "input": "one"')
    (folder / "cases.jsonl").write_text(named)
    (folder / "outputs.jsonl").write_text('{"item_id": "first", "text": "one"}\n')
    model = "{model_id: m, provider: replay, extras: {path: outputs.jsonl}}"
    (folder / "e.yaml").write_text(EXPERIMENT.replace("echo", model))
    before = run(code=1)
    replayed = shell.json("replay", "e.yaml", "--stage", "score", "--progress", "none", code=1)
    assert replayed["run"]["status"] == before["run"]["status"] == "partial_failure"


def test_a_replay_of_only_what_failed_takes_nothing_back(run, shell):
    run()
    before = events(shell)
    shell("replay", "e.yaml", "--stage", "judge", "--only-failed", "--progress", "none")
    assert events(shell).get("withdrawn") == before.get("withdrawn")


def test_a_replay_names_the_metrics_that_there_are(run, shell):
    run()
    for target in ("e.yaml", only_run(shell)):
        done = shell("replay", target, "--stage", "score", "--metric", "containz", code=2)
        assert "did you mean 'contains'?" in done.stderr


def test_a_replay_of_what_was_never_run_says_so(folder, shell):
    done = shell("replay", "e.yaml", "--stage", "score", code=2)
    assert "there is nothing to do again" in done.stderr


def events(shell):
    """How many events of each kind the store has."""
    found = shell.json("store", "stats")["events"]
    return {kind: figures["count"] for kind, figures in found.items()}
