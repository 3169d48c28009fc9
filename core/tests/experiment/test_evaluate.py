"""evaluate: what it takes, and what it gives."""

from __future__ import annotations

import asyncio
import threading

import pytest

from themis import InMemoryRunStore, RunStatus, evaluate, evaluate_async, sqlite_store
from themis.errors import StorageError
from themis.records import ScoreError


def adds(question):
    left, right = question.split(" + ")
    return str(int(left) + int(right))


async def adds_async(question):
    await asyncio.sleep(0)
    return adds(question)


def test_three_lines_print_a_mean_with_its_interval(sums):
    data = [*sums, {"input": "1 + 1", "expected_output": "3"}]
    result = evaluate(model=lambda q: str(eval(q)), data=data, metric="exact_match")
    assert result.metric_means == {"exact_match": pytest.approx(6 / 7)}
    lines = str(result).splitlines()
    assert lines[0] == f"data: completed (run {result.run_id[:12]})"
    assert lines[3].split() == [
        "exact_match",
        "0.8571",
        "0.4869",
        "to",
        "0.9743",
        "(95%)",
        "7",
        "0",
    ]
    assert lines[4] == "7 of 7 candidates; none failed."


def test_a_notebook_shows_the_same_as_an_escaped_table(sums):
    html = evaluate(model=adds, data=sums, metric="exact_match")._repr_html_()
    assert "<td>exact_match</td>" in html
    assert "6 of 6 candidates; none failed." in html


@pytest.mark.parametrize("model", [adds, adds_async], ids=["sync", "async"])
def test_a_model_is_a_function_of_the_input(sums, model):
    assert evaluate(model=model, data=sums, metric="exact_match").metric_means["exact_match"] == 1.0


def test_a_model_that_takes_a_context_is_given_the_case_and_the_seed(sums):
    seen = []

    def model(question, ctx):
        seen.append((ctx.item["expected_output"], ctx.runtime.seed is not None))
        return adds(question)

    evaluate(model=model, data=sums[:1], metric="exact_match")
    assert seen == [("0", True)]


def test_a_model_may_be_an_engine_object(sums, counting):
    result = evaluate(model=counting, data=sums, metric="exact_match")
    assert result.model_ids == ["counting"]
    assert len(counting.asked) == 6


def test_a_reference_alone_names_engine_and_model(sums):
    result = evaluate(model="echo", data=sums, metric="exact_match")
    assert result.model_ids == ["echo"]
    assert result.metric_means == {"exact_match": 0.0}


def test_a_model_id_follows_the_engine_after_a_colon(sums):
    assert evaluate(model="echo:some/model:1", data=sums, metric="exact_match").model_ids == [
        "some/model:1"
    ]


def test_an_input_that_is_no_text_reaches_the_function_as_it_is():
    data = [{"input": {"a": 1, "b": 2}, "expected_output": "3"}]
    result = evaluate(model=lambda q: str(q["a"] + q["b"]), data=data, metric="exact_match")
    assert result.metric_means == {"exact_match": 1.0}


def test_parsers_are_tried_in_order(sums):
    def never(text):
        return None

    result = evaluate(
        model=lambda q: f"it is {adds(q)}!",
        data=sums,
        parser=[never, "first_number"],
        metric="numeric_match",
    )
    assert result.metric_means == {"numeric_match": 1.0}
    assert [case.parse.parsed_answer for case in result.cases] == [2 * n for n in range(6)]


def test_a_parser_is_a_function_of_the_text(sums):
    result = evaluate(
        model=lambda q: f"<{adds(q)}>",
        data=sums,
        parser=lambda text: text.strip("<>"),
        metric="exact_match",
    )
    assert result.metric_means == {"exact_match": 1.0}


def test_a_metric_is_a_function_of_parsed_and_expected(sums):
    def near(parsed, expected):
        return abs(int(parsed) - int(expected)) <= 1

    result = evaluate(model=lambda q: str(int(adds(q)) + 1), data=sums, metric=near)
    assert result.metric_means == {"near": 1.0}


def test_an_async_metric_may_take_the_context(sums):
    async def of_case(parsed, expected, ctx):
        await asyncio.sleep(0)
        return float(ctx["input"] == f"{parsed}")

    result = evaluate(model=lambda q: q, data=sums, metric=of_case)
    assert result.metric_means == {"of_case": 1.0}


def test_several_metrics_with_one_name_stay_apart(sums):
    def check(threshold):
        def metric(parsed, expected):
            return int(parsed) >= threshold

        return metric

    result = evaluate(model=adds, data=sums, metric=[check(2), check(100), "exact_match"])
    assert result.metric_means == {
        "metric": pytest.approx(5 / 6),
        "metric-2": 0.0,
        "exact_match": 1.0,
    }


def test_a_local_metric_does_not_stand_in_for_a_builtin_of_its_name(sums):
    def exact_match(parsed, expected):
        return 0.0

    result = evaluate(model=adds, data=sums, metric=["exact_match", exact_match])
    assert result.metric_means == {"exact_match": 1.0, "exact_match-2": 0.0}


def test_a_candidate_whose_parse_failed_scores_zero_without_a_call(sums):
    called = []
    result = evaluate(
        model=adds,
        data=sums[:2],
        parser=lambda text: None,
        metric=lambda parsed, expected: called.append(parsed) or 1.0,
    )
    assert result.metric_means == {"lambda": 0.0}
    assert called == []


def test_a_metric_that_fails_is_an_error_beside_the_mean_and_ends_nothing(sums):
    def picky(parsed, expected):
        if expected == "4":
            raise ValueError("not four")
        return 1.0

    result = evaluate(model=adds, data=sums, metric=picky)
    assert result.metrics["picky"].errors == 1
    assert result.metric_means == {"picky": 1.0}
    [case] = [case for case in result.cases if case.errors]
    assert isinstance(case.errors[0], ScoreError)
    assert "not four" in case.errors[0].message


def test_failed_cases_make_a_partial_failure_and_are_counted_in_the_text(sums, counting):
    counting.failing = {"1 + 1"}
    result = evaluate(model=counting, data=sums, metric="exact_match")
    assert result.status is RunStatus.PARTIAL_FAILURE
    assert "1 failed (provider_unavailable 1)" in str(result)
    assert "left out of the means" in str(result)
    [failure] = result.failures
    assert failure["item_id"] == "c1"
    assert [case.case_id for case in result.cases if case.errors] == ["c1"]


def test_when_every_case_fails_the_run_failed(sums, counting):
    counting.failing = {case["input"] for case in sums}
    result = evaluate(model=counting, data=sums, metric="exact_match")
    assert result.status is RunStatus.FAILED
    assert result.metric_means == {}


def test_samples_are_candidates_of_one_case(sums, counting):
    result = evaluate(model=counting, data=sums[:2], metric="exact_match", samples=3)
    assert sorted(counting.asked) == [(f"{n} + {n}", k) for n in range(2) for k in range(3)]
    assert [len(case.generations) for case in result.cases] == [3, 3]
    assert result.metrics["exact_match"].n_items == 2


def test_more_samples_keep_those_there_are(sums, counting):
    with InMemoryRunStore() as store:
        evaluate(model=counting, data=sums, metric="exact_match", store=store)
        evaluate(model=counting, data=sums, metric="exact_match", store=store, samples=2)
    assert len(counting.asked) == 12


def test_another_metric_asks_the_model_nothing_again(sums, counting):
    with InMemoryRunStore() as store:
        for metric in ("exact_match", "numeric_match", ["contains", "token_f1"]):
            evaluate(model=counting, data=sums, metric=metric, store=store)
    assert len(counting.asked) == 6


def test_an_edited_function_is_asked_again(sums, tmp_path):
    calls = []

    def model_of(shift):
        def model(question):
            calls.append(question)
            return str(int(adds(question)) + shift)

        return model

    for shift in (0, 0, 1):
        evaluate(model=model_of(shift), data=sums, metric="exact_match", store=tmp_path).close()
    assert len(calls) == 12


def test_a_seed_is_where_every_candidates_seed_comes_from(sums):
    def seeds(given):
        result = evaluate(model=adds, data=sums, metric="exact_match", seeds=given)
        return [case.generations[0].effective_seed for case in result.cases]

    assert seeds(7) == seeds([7])
    assert seeds(7) != seeds(8)
    assert seeds([7, 8]) != seeds(7)


def test_a_store_may_be_a_path_and_is_free_again_after_the_run(sums, tmp_path):
    with evaluate(model=adds, data=sums, metric="exact_match", storage=tmp_path / "runs") as result:
        with sqlite_store(tmp_path / "runs") as store:
            assert [run.run_id for run in store.runs()] == [result.run_id]
        assert result.metric_means == {"exact_match": 1.0}


def test_a_store_that_was_handed_in_stays_open(sums):
    with InMemoryRunStore() as store:
        evaluate(model=adds, data=sums, metric="exact_match", store=store).close()
        assert len(store.runs()) == 1


def test_an_existing_run_can_be_refused(sums):
    with InMemoryRunStore() as store:
        evaluate(model=adds, data=sums, metric="exact_match", store=store)
        with pytest.raises(StorageError, match="is in the store at memory already"):
            evaluate(
                model=adds,
                data=sums,
                metric="exact_match",
                store=store,
                runtime={"existing_run_policy": "error"},
            )


def test_what_the_caller_says_of_the_environment_is_recorded_and_in_no_key(sums):
    plain = evaluate(model=adds, data=sums, metric="exact_match")
    said = evaluate(
        model=adds,
        data=sums,
        metric="exact_match",
        themis_version="9.9",
        python_version="3.99",
        environment_metadata={"gpu": "none"},
    )
    assert said.run_id == plain.run_id
    provenance = said.manifest["provenance"]
    assert (provenance["themis"], provenance["python"]) == ("9.9", "3.99")
    assert provenance["environment_metadata"] == {"gpu": "none"}


def test_a_running_loop_is_refused_with_what_to_write(sums):
    async def inside():
        evaluate(model=adds, data=sums, metric="exact_match")

    with pytest.raises(RuntimeError, match=r"await evaluate_async\(\.\.\.\)"):
        asyncio.run(inside())


def test_evaluate_async_leaves_the_callers_loop_free(sums):
    ticks = []

    async def waits(question):
        await asyncio.sleep(0.05)
        return adds(question)

    async def tick():
        while True:
            ticks.append(threading.get_ident())
            await asyncio.sleep(0.005)

    async def inside():
        ticking = asyncio.create_task(tick())
        result = await evaluate_async(model=waits, data=sums, metric="exact_match")
        ticking.cancel()
        return result

    assert asyncio.run(inside()).metric_means == {"exact_match": 1.0}
    assert len(ticks) > 5


def test_cancelling_evaluate_async_ends_the_run(sums):
    started, ended = threading.Event(), threading.Event()

    async def hangs(question):
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def inside():
        work = evaluate_async(model=hangs, data=sums, metric="exact_match", store=store)
        task = asyncio.create_task(work)
        await asyncio.to_thread(started.wait, 5)
        task.cancel()
        await task

    with InMemoryRunStore() as store:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(inside())
        assert ended.wait(5)
        [run] = store.runs()
        assert run.status == "interrupted"


def test_a_judge_is_given_to_every_metric_that_asks_one(sums):
    asked = []

    def judge(prompt):
        asked.append(prompt)
        return "fine\nVerdict: 4"

    result = evaluate(
        model=adds,
        data=sums[:2],
        metric="rubric_score",
        judge=judge,
        judge_config={"rubric": "The sum is right."},
    )
    assert result.metric_means == {"rubric_score": 0.75}
    assert all("The sum is right." in prompt for prompt in asked)
    assert len(asked) == 2


def test_overrides_by_metric_come_first(sums):
    result = evaluate(
        model=adds,
        data=sums[:2],
        metric="rubric_score",
        judge=lambda prompt: "Verdict: 4",
        judge_config={"rubric": "Right.", "highest": 5},
        workflow_overrides={"rubric_score": {"highest": 4}},
    )
    assert result.metric_means == {"rubric_score": 1.0}


def test_subscribers_are_told_what_happens(sums):
    class Watcher:
        def __init__(self):
            self.seen = []

        def after_generate(self, trial, candidate, context):
            self.seen.append(context.item_id)

    watcher = Watcher()
    evaluate(model=adds, data=sums, metric="exact_match", subscribers=[watcher])
    assert sorted(watcher.seen) == [f"c{n}" for n in range(6)]


def test_the_text_of_a_result_says_what_failed_first(sums):
    def model(question):
        raise RuntimeError("no <b>model</b>\nhere")

    result = evaluate(
        model=model, data=sums, metric="exact_match", runtime={"generation_retry_attempts": 0}
    )
    note = str(result).splitlines()[-1]
    assert " First failure, of case " in note
    assert note.endswith("raised RuntimeError: no <b>model</b> here")
    assert "no &lt;b&gt;model&lt;/b&gt; here" in result._repr_html_()


def test_the_text_of_a_result_says_that_a_parser_found_nothing(sums):
    def broken(text):
        raise KeyError(text)

    result = evaluate(model="echo", data=sums[:2], metric="exact_match", parser=broken)
    assert "No answer was found in any of 2 outputs" in str(result)
    assert "extractor 'broken' raised KeyError: '0 + 0'." in str(result)


def test_a_table_of_metrics_shows_why_there_is_no_interval(sums):
    result = evaluate(model="echo", data=sums, metric=lambda parsed, expected: 2.5)
    assert "none: all items have the same score: no spread to infer from  6  " in str(result)
