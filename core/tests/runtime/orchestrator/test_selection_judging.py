"""Metrics that build one workflow for all candidates of a trial."""

from __future__ import annotations

import pytest

from themis.errors import ErrorCode
from themis.plugin import JudgeResponse
from themis.records import ScoreError
from themis.reporting.record_text import render_record
from themis.specs import ScoreSpec

from .conftest import rows, sums_benchmark, sums_slice


class Grader:
    """Grades an answer by its length; away when told so."""

    def __init__(self):
        self.asked = []
        self.down = False

    def judge(self, request):
        answer = request.prompt[1].text.partition("<answer-")[2].splitlines()[1]
        self.asked.append(answer)
        if self.down:
            return JudgeResponse(text=None, error="away", error_code=ErrorCode.PROVIDER_AUTH)
        return f"Verdict: {min(len(answer), 5)}"


class Growing:
    """Each sample of an item is one letter longer."""

    version = "1.0"

    def infer(self, trial, context, runtime):
        return "x" * (runtime.sample_index + 1)

    def fingerprint(self):
        return "growing"


@pytest.fixture
def grader(registry):
    grader = Grader()
    registry.register_judge("grader", grader)
    registry.register_inference_engine("growing", Growing())
    return grader


def benchmark(*metrics):
    scores = [ScoreSpec(name="judged", metrics=list(metrics))]
    return sums_benchmark(
        models=[{"model_id": "m", "provider": "growing"}],
        slices=[sums_slice(scores=scores, parses=[])],
        num_samples=3,
    )


BEST_OF = {"id": "judge_best_of", "config": {"judges": ["grader"], "rubric": "Long."}}


def only_trial(result):
    [name] = result.trial_hashes
    return result.get_trial(name)


def test_all_samples_of_a_trial_are_judged_for_one_score(make, grader):
    trial = only_trial(make(items=rows(1)).run_benchmark(benchmark(BEST_OF)))
    [score] = trial.evaluation.scores
    assert score.value == 0.5
    assert sorted(grader.asked) == ["x", "xx", "xxx"]
    chosen = trial.candidates[2].candidate_id
    assert score.details["chosen"] == chosen


def test_the_judge_calls_are_shown_with_the_trial(make, grader):
    result = make(items=rows(1)).run_benchmark(benchmark(BEST_OF))
    trial = only_trial(result)
    [trail] = trial.judge_audits
    assert [entry.call_id for entry in trail.entries] == ["sample-0-1", "sample-1-1", "sample-2-1"]
    view = result.view_timeline(result.trial_hashes[0])
    assert (view.evaluation, view.judge_audit) == (trial.evaluation, (trail,))
    lines = render_record(view).splitlines()
    assert lines[lines.index("ALL CANDIDATES") + 1] == "  judge_best_of: 0.5000"
    assert "  judge_best_of, judge grader (sample-2-1): 3.0000" in lines
    sample = result.view_timeline(trial.candidates[0].candidate_id)
    assert (sample.evaluation, sample.judge_audit) == (None, ())


def test_a_judge_that_is_away_fails_the_trials_score_and_a_later_run_asks_again(make, grader):
    grader.down = True
    first = make(items=rows(1)).run_benchmark(benchmark(BEST_OF))
    [error] = only_trial(first).evaluation.scores
    assert isinstance(error, ScoreError)
    assert error.message == "judge_best_of: the judge grader gave no verdict: away"
    grader.down = False
    grader.asked.clear()
    again = make(items=rows(1)).run_benchmark(benchmark(BEST_OF))
    assert (again.run_id, again.status) == (first.run_id, "completed")
    assert len(grader.asked) == 3


def test_a_workflow_of_candidates_gets_them_in_the_order_of_samples(make, registry, grader):
    seen = []

    class All:
        subject = "candidates"

        def build_workflow(self, subject, ctx):
            seen.append([candidate.sample_index for candidate in subject])
            raise ValueError("seen enough")

    registry.register_metric("all", All)
    trial = only_trial(make(items=rows(1)).run_benchmark(benchmark("all")))
    assert seen == [[0, 1, 2]]
    [error] = trial.evaluation.scores
    assert error.message == "metric 'all' raised ValueError: seen enough"
