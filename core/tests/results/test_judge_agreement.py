"""Agreement of judges, from the calls that a run recorded."""

from __future__ import annotations

import pytest

from themis import Orchestrator, ProjectSpec
from themis.builtins.datasets import MemoryDatasetProvider
from themis.plugin import JudgeCall, JudgeResponse
from themis.plugin.registry import PluginRegistry
from themis.specs import BenchmarkSpec
from themis.statistics import cohen_kappa, krippendorff_alpha

GRADES = {
    "strict": [0, 0, 1, 0, 1, 0, 1, 1],
    "mild": [0, 1, 1, 0, 1, 1, 1, 1],
    "odd": [1, 0, 1, 0, 0, 0, 1, None],
}


class Grader:
    """Gives the grade that GRADES has for the text's number."""

    version = "1.0"

    def __init__(self, name):
        self.name = name

    def judge(self, request):
        grade = GRADES[self.name][int(request.prompt[-1].text)]
        return JudgeResponse(text=None, error="away") if grade is None else str(grade)

    def fingerprint(self):
        return self.name


class Grades:
    """Asks every judge for a grade; `named` calls them by the judge and not by a number."""

    version = "1.0"

    def __init__(self, config=None):
        self.named = bool((config or {}).get("named"))

    def build_workflow(self, subject, ctx):
        return GradesWorkflow(subject.inference.raw_text, ctx.judges, self.named)


class GradesWorkflow:
    def __init__(self, text, judges, named):
        self.text, self.judges, self.named = text, judges, named

    def judge_calls(self):
        return [
            JudgeCall(call_id=f"ask {judge}" if self.named else f"grade-{number}", judge=judge)
            for number, judge in enumerate(self.judges, 1)
        ]

    def render_prompt(self, call):
        return self.text

    def parse_judgment(self, call, response):
        return float(response.text)

    def score_judgment(self, call, judgment):
        return judgment

    def aggregate(self, judgments):
        return sum(judgment.score or 0.0 for judgment in judgments) / len(judgments)


@pytest.fixture
def graded(run_store):
    def run(*judges, named=False, samples=1):
        registry = PluginRegistry(plugins=())
        registry.register_metric("grades", Grades)
        for name in GRADES:
            registry.register_judge(name, Grader(name))
        metric = {"id": "grades", "config": {"judges": list(judges), "named": named}}
        benchmark = BenchmarkSpec(
            benchmark_id="graded",
            models=[{"model_id": "echo", "provider": "echo"}],
            inference_grid={"params": [{}]},
            num_samples=samples,
            prompt_variants=[
                {"id": "plain", "messages": [{"role": "user", "content": "{{ item.text }}"}]}
            ],
            slices=[
                {
                    "slice_id": "texts",
                    "dataset": {"source": "memory"},
                    "generation": {},
                    "scores": [{"name": "graded", "metrics": [metric, "exact_match"]}],
                }
            ],
        )
        items = [{"item_id": str(n), "text": str(n), "answer": str(n)} for n in range(8)]
        return Orchestrator.from_project_spec(
            ProjectSpec(),
            registry=registry,
            storage_bundle=run_store,
            dataset_provider=MemoryDatasetProvider(items),
        ).run_benchmark(benchmark)

    return run


@pytest.mark.parametrize("named", [False, True])
def test_two_judges_have_alpha_and_kappa_over_the_recorded_verdicts(graded, named):
    alpha, kappa = graded("strict", "mild", named=named).judge_agreement(scale="nominal")

    expected = krippendorff_alpha([GRADES["strict"], GRADES["mild"]])
    assert (alpha["method"], alpha["n"]) == ("krippendorff_alpha_nominal", 8)
    assert alpha["value"] == pytest.approx(expected.value)
    assert kappa["value"] == pytest.approx(cohen_kappa([[2, 2], [0, 4]]).value)
    assert [name.split()[0] for name in kappa["judges"]] == ["mild", "strict"]


def test_three_judges_have_fleiss_too_and_every_pair(graded):
    rows = graded("strict", "mild", "odd").judge_agreement(metric_id="grades")

    assert [row["method"] for row in rows] == [
        "krippendorff_alpha_interval",
        "fleiss_kappa",
        *["cohen_kappa_quadratic"] * 3,
    ]
    assert rows[1]["n"] == 7


def test_a_verdict_that_is_missing_leaves_the_others(graded):
    alpha = graded("strict", "mild", "odd").judge_agreement()[0]

    expected = krippendorff_alpha(list(GRADES.values()), scale="interval")
    assert alpha["n"] == 8
    assert alpha["value"] == pytest.approx(expected.value)


def test_samples_of_an_item_are_one_item_to_agreement(graded):
    one, four = (
        graded("strict", "mild", samples=n).judge_agreement(scale="nominal") for n in (1, 4)
    )

    assert [(row["n"], row["n_items"]) for row in one] == [(8, 8)] * 2
    assert [(row["n"], row["n_items"]) for row in four] == [(32, 8)] * 2
    assert four[1]["se"] == pytest.approx(one[1]["se"])
    assert four[0]["se"] >= one[0]["se"]


def test_one_judge_agrees_with_nobody(graded):
    [alpha] = graded("strict").judge_agreement()

    assert (alpha["value"], alpha["reason"]) == (None, "no unit was rated twice")


def test_a_metric_without_judges_is_an_error(graded):
    result = graded("strict", "mild")

    with pytest.raises(ValueError, match="recorded for 'exact_match'; judged: grades"):
        result.judge_agreement(metric_id="exact_match")
    with pytest.raises(ValueError, match="no metric 'kindness'; it has: "):
        result.judge_agreement(metric_id="kindness")


def test_a_run_without_judges_is_an_error(result_of):
    with pytest.raises(ValueError, match="no verdict of a judge was recorded; judged: nothing"):
        result_of().judge_agreement()
