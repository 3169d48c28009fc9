"""Experiment: what is done once, who is asked, and what is kept."""

from __future__ import annotations

import pytest

from themis import Experiment, PromptSpec, evaluate, get_execution_state
from themis.core import DatasetSource
from themis.plugin import JudgeCall
from themis.specs import SqliteBlobStorageSpec


def experiment(model, cases, **evaluation):
    return Experiment(
        generation={"generator": model},
        evaluation={"metrics": "exact_match", **evaluation},
        datasets=[{"cases": cases}],
    )


def test_what_is_generated_once_is_parsed_scored_and_judged_anew(sums, counting, run_store):
    judged = {"metrics": {"id": "rubric_score", "config": {"rubric": "Good."}}}
    changes = [
        {},
        {"parsers": ["first_number"]},
        {"parsers": ["math_answer"], "metrics": "numeric_match"},
        {**judged, "judge_models": lambda prompt: "Verdict: 1"},
        {**judged, "judge_models": lambda prompt: "Verdict: 5"},
    ]
    for change in changes:
        experiment(counting, sums, **change).run(store=run_store)
    assert len(counting.asked) == 6
    assert len(run_store.runs()) == len(changes)


def test_an_experiment_cannot_be_changed_and_is_equal_to_its_like(sums):
    one, other = experiment("echo", sums), experiment("echo", sums)
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(ValueError, match="frozen"):
        one.seeds = [1]


def test_experiments_of_two_functions_differ(sums):
    assert experiment(lambda q: "a", sums) != experiment(lambda q: "b", sums)


def test_a_prompt_surrounds_the_input_and_reaches_a_function_as_text():
    seen = []
    Experiment(
        generation={
            "generator": lambda prompt: seen.append(prompt) or "x",
            "prompt_spec": PromptSpec(
                instructions="Be brief.",
                prefix="Sum.",
                blocks=["Topic: {{ item.metadata.topic }}"],
                suffix="Now.",
            ),
        },
        datasets=[{"cases": [{"input": "1 + 1", "metadata": {"topic": "sums"}}]}],
    ).run()
    assert seen == ["Be brief.\n\nSum.\n\nTopic: sums\n\n1 + 1\n\nNow."]


def test_judges_are_told_the_evaluations_instructions(sums):
    asked = []
    experiment(
        "echo",
        sums[:1],
        metrics={"id": "rubric_score", "config": {"rubric": "Good."}},
        judge_models=lambda prompt: asked.append(prompt) or "Verdict: 5",
        prompt_spec=PromptSpec(instructions="You are strict."),
    ).run()
    assert "You are strict." in asked[0]


def test_an_engine_object_may_judge(sums, counting):
    class Grader:
        component_id = "grader"

        def infer(self, trial, context, runtime):
            return "Verdict: 3"

    result = experiment(
        counting,
        sums[:2],
        metrics={"id": "rubric_score", "config": {"rubric": "Good."}},
        judge_models=Grader(),
    ).run()
    assert result.metric_means == {"rubric_score": 0.5}


class Agrees:
    """A metric of one's own that asks judges: one call, worth what the judge says."""

    metric_id = "agrees"

    def build_workflow(self, subject, ctx):
        self.judges = ctx.judges
        return self

    def judge_calls(self):
        return [JudgeCall(call_id=judge, judge=judge) for judge in self.judges]

    def render_prompt(self, call):
        return "Do you agree?"

    def parse_judgment(self, call, response):
        return response.text == "yes"

    def score_judgment(self, call, judgment):
        return float(judgment)

    def aggregate(self, judgments):
        return sum(judgment.score for judgment in judgments) / len(judgments)


def test_a_workflow_metric_of_ones_own_is_given_the_judges(sums):
    result = evaluate(
        model=lambda q: q,
        data=sums[:2],
        metric=Agrees(),
        judge=[lambda prompt: "yes", lambda prompt: "no"],
    )
    assert result.metric_means == {"agrees": 0.5}


def test_who_gave_the_rows_is_recorded(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"input": "a"}\n', encoding="utf-8")
    snapshot = evaluate(model="echo", data=DatasetSource.of(path), metric="token_count")
    assert set(snapshot.manifest["provenance"]["dataset_providers"]) == {"local"}


@pytest.mark.parametrize(
    "storage",
    [
        lambda folder: folder,
        lambda folder: {"store": "sqlite", "parameters": {"path": str(folder)}},
        lambda folder: {"store": "sqlite_blob", "parameters": {"root_dir": str(folder)}},
        lambda folder: SqliteBlobStorageSpec(root_dir=str(folder)),
    ],
    ids=["path", "sqlite", "backend", "spec"],
)
def test_storage_may_be_a_path_a_table_or_a_spec(sums, counting, tmp_path, storage):
    for _ in range(2):
        evaluate(
            model=counting, data=sums, metric="exact_match", storage=storage(tmp_path / "runs")
        ).close()
    assert len(counting.asked) == 6


def test_an_estimate_leaves_out_what_a_store_has_and_makes_none(sums, tmp_path):
    planned = experiment("echo", sums)
    assert planned.estimate(store=tmp_path / "runs").stages["generate"].pending == 6
    assert not (tmp_path / "runs").exists()
    planned.run(store=tmp_path / "runs").close()
    assert planned.estimate(store=tmp_path / "runs").stages["generate"].pending == 0


def test_what_is_no_store_is_refused(sums):
    with pytest.raises(ValueError, match="storage is a list; give the path of a folder"):
        evaluate(model="echo", data=sums, metric="exact_match", store=[])


def test_an_estimate_counts_judged_scores_under_judge(sums, run_store):
    planned = experiment(
        "echo",
        sums,
        metrics=["exact_match", "reference_grading"],
        judge_models=lambda prompt: "Verdict: correct",
    )
    before = planned.estimate(store=run_store).stages
    result = planned.run(until_stage="score", store=run_store)
    after = planned.estimate(store=run_store).stages
    state = get_execution_state(run_store, result.run_id).stages
    assert set(before) - {"parse"} == set(state) == {"generate", "score", "judge"}
    assert {name: (stage.total, stage.done) for name, stage in after.items()} == {
        "generate": (6, 6), "parse": (0, 0), "score": (6, 6), "judge": (6, 0),
    }  # fmt: skip
