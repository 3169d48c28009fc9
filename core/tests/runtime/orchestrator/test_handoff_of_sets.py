"""A task of a hand-off holds one candidate: what scores a trial's candidates at once stays here."""

from __future__ import annotations

import attrs
import pytest

from themis.specs import ReductionSpec, ScoreSpec

from .conftest import sums_benchmark, sums_slice

PASSES = {"id": "pass_at_k", "config": {"metric": "numeric_match"}}


def spec(reducer):
    scores = [ScoreSpec(name="s", parse="number", metrics=["numeric_match", PASSES])]
    reduction = ReductionSpec(reducer=reducer) if reducer else None
    return sums_benchmark(slices=[sums_slice(scores=scores, reduction=reduction)], num_samples=2)


@pytest.mark.parametrize(("reducer", "tasks"), [(None, 12), ("first", 6)])
def test_scores_of_sets_are_left_to_the_run(make, reducer, tasks):
    orchestrator = make()
    orchestrator.generate(spec(reducer))
    bundle = orchestrator.export_evaluation_bundle(spec(reducer))
    assert [list(task["metrics"]) for task in bundle.tasks] == [["numeric_match"]] * tasks

    filled = [{**task, "result": {"numeric_match": 1.0}} for task in bundle.tasks]
    done = attrs.evolve(bundle, tasks=tuple(filled))
    assert orchestrator.import_evaluation_results(bundle, done.records()).imported == tasks
    assert orchestrator.export_evaluation_bundle(spec(reducer)).tasks == ()

    result = orchestrator.run(spec(reducer))
    assert result.status == "completed"
    counts = {row["metric_id"]: row["count"] for row in result.aggregate(group_by="metric_id")}
    assert counts == {"numeric_match": tasks, "pass_at_k": 6}
