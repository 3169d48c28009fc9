"""Several candidates of a case, made into one."""

from __future__ import annotations

import asyncio

import pytest

from themis import Experiment, evaluate


def sampled(question, ctx):
    """Right in the first of three samples, wrong in the others."""
    left, right = question.split(" + ")
    return str(int(left) + int(right) + min(ctx.runtime.sample_index, 1))


def first(outputs):
    return outputs[0]


async def first_async(outputs):
    await asyncio.sleep(0)
    return outputs[0]


def run(sums, **given):
    return evaluate(model=sampled, data=sums, metric="exact_match", samples=3, **given)


@pytest.mark.parametrize("reducer", [first, first_async], ids=["sync", "async"])
def test_a_reducer_is_a_function_of_the_outputs(sums, reducer):
    result = run(sums, reducer=reducer)
    assert result.metric_means == {"exact_match": 1.0}
    assert result.metrics["exact_match"].n == 6


def test_a_case_shows_its_candidates_and_what_they_became(sums):
    result = run(sums[:1], reducer=first)
    [case] = result.cases
    assert [one.inference.raw_text for one in case.generations] == ["0", "1", "1"]
    assert case.reduction.inference.raw_text == "0"
    assert case.reduction.source_candidate_ids == tuple(
        one.candidate_id for one in case.generations
    )
    assert [score.value for score in case.scores] == [1.0]


def test_a_reducer_may_make_an_output_of_its_own(sums):
    result = run(sums[:1], reducer="/".join)
    assert result.cases[0].reduction.inference.raw_text == "0/1/1"


def last(outputs):
    return outputs[-1]


last.__name__ = "first"


def test_an_edited_reducer_of_the_same_name_reduces_again(sums, run_store):
    assert run(sums, reducer=first, store=run_store).metric_means == {"exact_match": 1.0}
    assert run(sums, reducer=last, store=run_store).metric_means == {"exact_match": 0.0}


def test_an_edited_selector_of_the_same_name_is_another_run(sums):
    def experiment(selector):
        return Experiment(
            generation={"generator": sampled, "selector": selector, "reducer": "first"},
            evaluation={"metrics": "exact_match"},
            datasets=[{"cases": sums}],
        )

    run_ids = {experiment(each).compile().run_id for each in (first, last)}
    assert len(run_ids) == 2


def test_an_edited_parser_that_nothing_scores_is_another_run(sums):
    def experiment(parser):
        return Experiment(
            generation={"generator": sampled},
            evaluation={"parsers": parser},
            datasets=[{"cases": sums}],
        )

    run_ids = {experiment(each).compile().run_id for each in (first, last)}
    assert len(run_ids) == 2


def test_a_reducer_may_be_an_object(sums):
    class Last:
        component_id = "last"

        def reduce(self, candidates, ctx):
            return candidates[-1]

    assert run(sums, reducer=Last()).metric_means == {"exact_match": 0.0}


def test_another_reducer_asks_the_model_nothing_again(sums, counting, run_store):
    for reducer in (first, lambda outputs: outputs[-1]):
        evaluate(
            model=counting, data=sums, metric="exact_match", samples=2, reducer=reducer,
            store=run_store,
        )  # fmt: skip
    assert len(counting.asked) == 12


def test_a_selector_chooses_what_the_reducer_sees(sums):
    experiment = Experiment(
        generation={
            "generator": sampled,
            "candidate_policy": {"num_samples": 3},
            "selector": lambda outputs: outputs[1:],
            "reducer": ",".join,
        },
        evaluation={"metrics": "exact_match"},
        datasets=[{"cases": sums[:1]}],
    )
    [case] = experiment.run().cases
    assert case.reduction.inference.raw_text == "1,1"


def test_a_selector_that_makes_up_an_output_is_the_cases_failure(sums):
    experiment = Experiment(
        generation={
            "generator": sampled,
            "candidate_policy": {"num_samples": 2},
            "selector": lambda outputs: ["else"],
            "reducer": first,
        },
        evaluation={"metrics": "exact_match"},
        datasets=[{"cases": sums[:1]}],
    )
    result = experiment.run()
    assert result.status == "partial_failure"
    assert "which is none of the outputs left" in result.cases[0].errors[0].message


@pytest.mark.parametrize(
    "generation",
    [
        {"generator": "echo", "selector": first},
        {"generator": "echo", "candidate_policy": {"reducer_config": {"a": 1}}},
    ],
)
def test_what_does_nothing_without_a_reducer_is_refused(generation, sums):
    with pytest.raises(ValueError, match="does nothing without a reducer"):
        Experiment(generation=generation, datasets=[{"cases": sums}])


def numbered(question, ctx):
    """The right sum twice, in two wordings, and a wrong one twice in one wording."""
    left, right = map(int, question.split(" + "))
    wordings = [f"It is {left + right}.", f"{left + right}!", "7", "7", f"{left + right}"]
    return wordings[ctx.runtime.sample_index]


def test_built_in_reducers_need_no_prefix(sums):
    voted = evaluate(
        model=sampled, data=sums[:3], metric="exact_match", samples=3, reducer="majority_vote"
    )
    assert [case.reduction.details["votes"] for case in voted.cases] == [2, 2, 2]
    assert voted.metric_means == {"exact_match": 0.0}


def test_self_consistency_reads_with_the_experiments_parsers(sums):
    result = evaluate(
        model=numbered,
        data=sums[:3],
        parser="first_number",
        metric="numeric_match",
        samples=5,
        reducer="self_consistency",
    )
    assert result.metric_means == {"numeric_match": 1.0}


def test_the_best_of_n_may_be_chosen_by_the_experiments_judges(sums):
    def likes_sevens(prompt):
        return "Verdict: 5" if ">\n7\n<" in prompt else "Verdict: 1"

    experiment = Experiment(
        generation={
            "generator": numbered,
            "candidate_policy": {
                "num_samples": 3,
                "reducer_config": {"metric": {"id": "rubric_score", "config": {"rubric": "7"}}},
            },
            "reducer": "best_of_n",
        },
        evaluation={
            "metrics": "numeric_match",
            "parsers": "first_number",
            "judge_models": likes_sevens,
        },
        datasets=[{"cases": sums[2:3]}],
    )
    [case] = experiment.run().cases
    assert case.reduction.inference.raw_text == "7"
    assert sum(len(trail.entries) for trail in case.judge_audits) == 3
