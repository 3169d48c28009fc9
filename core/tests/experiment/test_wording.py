"""What is wrong is said of what was written: arguments, fields, lines of files."""

from __future__ import annotations

import pytest

from themis import Experiment, InMemoryRunStore, evaluate
from themis.errors import PluginError, SpecValidationError

DATA = [{"input": "1", "expected_output": "1"}]
KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEF"

FILE = """\
generation:
  generator: {model_id: small, provider: dmo}
evaluation:
  metrics:
    - exact_match
    - {id: rubric_score, config: {criteria: none}}
  judge_models: dmo:small
datasets:
  - cases: [{input: "1"}]
  - dataset_id: more
    cases: [{input: "2"}]
"""


def refused(call):
    with pytest.raises(SpecValidationError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ({"metric": "exact_mach"}, "metric", "no metric is named 'exact_mach'"),
        ({"metric": ["contains", "exact_mach"]}, "metric[1]", "no metric is named 'exact_mach'"),
        ({"model": "ecco"}, "model", "no engine is named 'ecco'"),
        ({"parser": ["first_number", "boxt"]}, "parser[1]", "no extractor is named 'boxt'"),
        ({"samples": 2, "reducer": "frist"}, "reducer", "no reducer is named 'frist'"),
        ({"metric": "rubric_score", "judge": "demo:x"}, "metric", "rubric: Field required"),
        (
            {"metric": "reference_grading", "judge": "dmo:small"},
            "judge",
            "no engine is named 'dmo'",
        ),
        (
            {"metric": {"id": "reference_grading", "config": {"judges": ["nobody"]}}},
            "metric.config.judges",
            "no judge is named 'nobody'",
        ),
    ],
)
def test_evaluate_names_the_argument(given, key, message):
    error = refused(
        lambda: evaluate(**{"model": "echo", "data": DATA, "metric": "contains"} | given)
    )
    [issue] = error.issues
    assert issue.key == key
    assert message in issue.message
    assert str(error) == str(issue)


def written_out(**changed):
    fields = {
        "generation": {"generator": "echo"},
        "evaluation": {"metrics": ["contains"]},
        "datasets": [{"cases": DATA}, {"dataset_id": "more", "cases": DATA}],
    }
    return Experiment(**fields | changed)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"evaluation": {"metrics": ["contains", "exact_mach"]}}, "evaluation.metrics[1]"),
        ({"generation": {"generator": "ecco"}}, "generation.generator"),
        (
            {"generation": {"generator": "echo", "selector": "non", "reducer": "first"}},
            "generation.selector",
        ),
        (
            {"generation": {"generator": "echo", "prompt_spec": {"prefix": "{{ bad"}}},
            "generation.prompt_spec",
        ),
        ({"datasets": [{"cases": DATA, "revision": KEY}]}, "datasets[0].revision"),
    ],
)
@pytest.mark.parametrize("call", ["compile", "run", "estimate"])
def test_an_experiment_names_the_field_once(changed, key, call):
    error = refused(getattr(written_out(**changed), call))
    assert {issue.key for issue in error.issues} == {key}
    assert len(str(error).splitlines()) == 1
    assert "slices" not in str(error)


def test_an_experiment_from_a_file_names_file_line_and_key(tmp_path):
    path = tmp_path / "e.yaml"
    path.write_text(FILE)
    experiment = Experiment.from_config(path)
    for call in (experiment.compile, experiment.estimate, experiment.run):
        error = refused(call)
        assert [(issue.line, issue.key) for issue in error.issues if issue.line][:2] == [
            (2, "generation.generator"),
            (6, "evaluation.metrics[1]"),
        ]
        assert str(error).startswith(f"{path}:2:3: generation.generator: no engine is named 'dmo'")


def test_what_a_file_says_in_one_value_is_named_without_an_index(tmp_path):
    path = tmp_path / "e.yaml"
    path.write_text(FILE.replace("dmo", "demo"))
    overrides = ["evaluation.metrics=nothing_like_it", "evaluation.judge_models=[]"]
    experiment = Experiment.from_config(path, overrides=overrides)
    [issue] = refused(experiment.compile).issues[:1]
    assert (issue.line, issue.key) == (4, "evaluation.metrics")


def test_the_error_keeps_its_class_and_code():
    error = refused(lambda: evaluate(model="ecco", data=DATA, metric="contains"))
    assert error.code == "plugin_incompatible"
    with InMemoryRunStore() as store, pytest.raises(PluginError):
        written_out(datasets=[{"source": {"source": "nowhere", "dataset_id": "x"}}]).run(
            store=store
        )
