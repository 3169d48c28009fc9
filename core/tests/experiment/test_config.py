"""Experiments in files, with overrides."""

from __future__ import annotations

import textwrap

import pytest

from themis import Experiment, sqlite_store
from themis.errors import SpecValidationError

YAML = """
    generation:
      generator: echo
      prompt_spec: {prefix: "Say it:"}
    evaluation:
      metrics: [contains, {id: exact_match, config: {strip: false}}]
    datasets:
      - rows.jsonl
      - dataset_id: here
        cases:
          - {input: b, expected_output: b}
    storage: {store: sqlite, parameters: {path: runs}}
    seeds: [3]
"""
TOML = """
    seeds = [3]
    [generation]
    generator = "echo"
    prompt_spec = { prefix = "Say it:" }
    [evaluation]
    metrics = ["contains", { id = "exact_match", config = { strip = false } }]
    [[datasets]]
    source = { source = "local", dataset_id = "rows.jsonl" }
    [[datasets]]
    dataset_id = "here"
    cases = [{ input = "b", expected_output = "b" }]
    [storage]
    store = "sqlite"
    parameters = { path = "runs" }
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"input": "a", "expected_output": "a"}\n')

    def written(name, text):
        (tmp_path / name).write_text(textwrap.dedent(text))
        return tmp_path / name

    return written


def refusal(path, overrides=None):
    with pytest.raises(SpecValidationError) as caught:
        Experiment.from_config(path, overrides=overrides)
    return str(caught.value)


def test_yaml_and_toml_make_the_same_experiment(write):
    from_yaml = Experiment.from_config(write("e.yaml", YAML))
    assert from_yaml == Experiment.from_config(write("e.toml", TOML))


def test_paths_start_in_the_files_folder_and_do_not_identify_it(write, tmp_path):
    experiment = Experiment.from_config(write("e.yaml", YAML))
    with experiment.run() as result:
        assert result.metric_means == {"contains": 1.0, "exact_match": 0.0}
    with sqlite_store(tmp_path / "runs", read_only=True) as store:
        assert [run.run_id for run in store.runs()] == [experiment.compile().run_id]


def test_overrides_replace_values_in_tables_and_lists(write):
    experiment = Experiment.from_config(
        write("e.yaml", YAML),
        overrides=[
            "generation.candidate_policy.num_samples=4",
            "evaluation.metrics[1].config.strip=true",
            "datasets.1.cases[0].input=c=d",
            "seeds=[1, 2]",
        ],
    )
    assert experiment.generation.candidate_policy.num_samples == 4
    assert experiment.evaluation.metrics[1].config == {"strip": True}
    assert experiment.datasets[1].cases[0].input == "c=d"
    assert experiment.seeds == [1, 2]


@pytest.mark.parametrize(
    ("old", "new", "place", "near"),
    [
        ("seeds:", "seed:", "13:1: seed", "seeds"),
        ("prompt_spec:", "promt_spec:", "4:3: generation.promt_spec", "prompt_spec"),
        ("prefix:", "prefixx:", "4:17: generation.prompt_spec.prefixx", "prefix"),
        ("expected_output:", "expected:", "cases[0].expected", "expected_output"),
        ("config:", "confg:", "metrics[1].confg", "config"),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_key(write, old, new, place, near):
    message = refusal(write("e.yaml", YAML.replace(old, new)))
    assert place in message
    assert f"did you mean '{near}'" in message


def test_an_override_sets_keys_of_a_table_that_is_null(write):
    text = YAML.replace("storage: {store: sqlite, parameters: {path: runs}}", "storage: null")
    path = write("e.yaml", text)
    experiment = Experiment.from_config(path, overrides=["storage.parameters.path=here"])
    assert experiment.storage.parameters == {"path": "here"}


def test_an_unknown_key_of_an_override_names_the_nearest_key(write):
    message = refusal(write("e.yaml", YAML), ["runtime.max_concurrent_task=4"])
    assert "runtime.max_concurrent_task" in message
    assert "did you mean 'max_concurrent_tasks'" in message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("num_samples", "is not of the form key=value"),
        ("a..b=1", "is not of the form key=value"),
        ("datasets[5].revision=1", "there is no entry 5; the list has 2"),
        ("generation.generator.x=1", "generator is a single value"),
        ("evaluation.metrics[0].id=contains", "0 is a single value"),
    ],
)
def test_an_override_that_fits_nowhere_is_refused(write, override, message):
    assert message in refusal(write("e.yaml", YAML), [override])


def test_a_wrong_value_is_named_with_what_it_may_be(write):
    message = refusal(write("e.yaml", YAML + "    runtime: {existing_run_policy: never}\n"))
    assert "runtime.existing_run_policy" in message
    assert "'auto', 'error' or 'rerun'" in message


def test_a_limit_of_a_stage_that_there_is_not_is_refused(write):
    message = refusal(write("e.yaml", YAML + "    runtime: {stage_concurrency: {generat: 3}}\n"))
    assert "no such stage" in message
