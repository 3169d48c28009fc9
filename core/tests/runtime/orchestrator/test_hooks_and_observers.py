"""Pipeline hooks, observers and progress listeners in a run."""

from __future__ import annotations

import time

import attrs
import pytest

from themis.plugin.hook_points import HOOK_POINTS
from themis.records import MetricScore
from themis.runtime.observers import TelemetryBus

from .conftest import rows, sums_benchmark


def hook(name="hook", **methods):
    """A hook with these methods; the others change nothing."""

    def unchanged(self, trial, subject):
        return subject

    named = {**dict.fromkeys(HOOK_POINTS, unchanged), **methods}
    return type("Hook", (), {**named, "fingerprint": lambda self: name})()


@pytest.fixture
def run_with(make, registry):
    """Run two items with these hooks; gives the result."""

    def run(*hooks, items=2, **options):
        for number, entry in enumerate(hooks):
            registry.register_hook(f"hook-{number}", entry)
        return make(items=rows(items), **options).run_benchmark(sums_benchmark())

    return run


def candidate(result, item=1):
    return result.get_trial(result.trial_hashes[item]).candidates[0]


def mean(result):
    [row] = result.aggregate(group_by=["metric_id"])
    return row["mean"], row["count"], row["errors"]


def test_hooks_run_by_priority_and_then_in_order_of_registration(make, registry):
    def adding(word):
        def pre_inference(self, trial, prompt):
            said.append(word)
            return prompt

        return hook(word, pre_inference=pre_inference)

    said = []
    registry.register_hook("late", adding("late"), priority=200)
    registry.register_hook("first", adding("first"))
    registry.register_hook("second", adding("second"))
    make(items=rows(1)).run_benchmark(sums_benchmark())
    assert said == ["first", "second", "late"]


def test_a_hook_replaces_the_prompt_that_is_sent(run_with):
    def pre_inference(self, trial, prompt):
        return (attrs.evolve(prompt[0], content="20 + 20?"),)

    result = run_with(hook(pre_inference=pre_inference))
    assert candidate(result).inference.raw_text == "40"
    assert candidate(result).conversation.steps[0].content == "20 + 20?"


def test_a_preview_shows_what_hooks_make_of_the_prompt(make, registry):
    def pre_inference(self, trial, prompt):
        return (attrs.evolve(prompt[0], content=f"{prompt[0].text} {trial.item_id}"),)

    registry.register_hook("h", hook(pre_inference=pre_inference))
    orchestrator = make()
    [shown] = orchestrator.preview(sums_benchmark(), item_ids=["3"])
    assert shown.messages[0].text == "3 + 3? 3"
    assert next(orchestrator.trials(sums_benchmark())).prompt[0].text == "0 + 0? 0"


def test_an_async_hook_replaces_the_result(run_with):
    async def post_inference(self, trial, result):
        return attrs.evolve(result, inference=attrs.evolve(result.inference, raw_text="7"))

    result = run_with(hook(post_inference=post_inference))
    assert candidate(result).inference.raw_text == "7"


def test_a_hook_replaces_the_candidate_that_is_parsed(run_with):
    def pre_extraction(self, trial, candidate):
        inference = attrs.evolve(candidate.inference, raw_text="8")
        return attrs.evolve(candidate, inference=inference)

    result = run_with(hook(pre_extraction=pre_extraction))
    assert candidate(result).best_extraction().parsed_answer == 8
    assert candidate(result).inference.raw_text == "2"


def test_a_hook_replaces_the_extraction_that_is_scored(run_with):
    def post_extraction(self, trial, candidate):
        [record] = candidate.extractions
        return attrs.evolve(candidate, extractions=(attrs.evolve(record, parsed_answer=-1),))

    assert mean(run_with(hook(post_extraction=post_extraction))) == (0.0, 2, 0)


def test_a_hook_replaces_a_score(run_with):
    def post_eval(self, trial, candidate):
        [score] = candidate.evaluation.scores
        half = MetricScore(metric_id=score.metric_id, value=0.5)
        evaluation = attrs.evolve(candidate.evaluation, scores=(half,))
        return attrs.evolve(candidate, evaluation=evaluation)

    assert mean(run_with(hook(post_eval=post_eval))) == (0.5, 2, 0)


def fails(self, trial, subject):
    if trial.item_id == "1":
        raise RuntimeError("no")
    return subject


@pytest.mark.parametrize("point", HOOK_POINTS)
def test_a_hook_that_raises_fails_its_item_alone_and_says_where(run_with, point):
    result = run_with(hook(**{point: fails}), items=3)
    failures = [*result.iter_failures(), *result.iter_invalid_extractions()]
    assert {entry["item_id"] for entry in failures} == {"1"}
    assert f"'Hook' in {point} (item '1') raised RuntimeError: no" in str(failures)


def test_a_new_hook_before_generation_generates_again_and_one_after_scoring_does_not(
    make, registry, engine
):
    def touched(self, trial, subject):
        assert trial
        return subject

    orchestrator = make()
    orchestrator.run_benchmark(sums_benchmark())
    registry.register_hook("after", hook("after", post_eval=touched))
    orchestrator.run_benchmark(sums_benchmark())
    assert len(engine.calls) == 6
    registry.register_hook("before", hook("before", pre_inference=touched))
    orchestrator.run_benchmark(sums_benchmark())
    assert len(engine.calls) == 12


def test_observers_see_every_candidate_once_it_is_durable(make):
    bus, seen = TelemetryBus(), []
    bus.subscribe(seen.append)
    make(items=rows(2), telemetry_bus=bus).run_benchmark(sums_benchmark())
    bus.close()
    assert sorted((event["kind"], event["item_id"]) for event in seen) == [
        ("evaluated", "0"), ("evaluated", "1"), ("generated", "0"), ("generated", "1"),
    ]  # fmt: skip


def test_an_observer_that_raises_or_sleeps_changes_and_slows_nothing(make, engine):
    def broken(event):
        event.clear() if event["kind"] == "generated" else None
        raise RuntimeError("no")

    bus = TelemetryBus()
    bus.subscribe(broken)
    bus.subscribe(lambda event: time.sleep(0.3))
    started = time.perf_counter()
    result = make(telemetry_bus=bus).run_benchmark(sums_benchmark())
    assert time.perf_counter() - started < 2
    assert (result.status, mean(result)) == ("completed", (1.0, 6, 0))
    reports = bus.close(timeout=0.1)
    assert reports[0].failed == 12
    assert not reports[1].complete


def test_a_progress_listener_sees_the_end(make):
    snapshots = []
    make().run_benchmark(sums_benchmark(), progress=snapshots.append)
    last = snapshots[-1]
    assert (last.status, last.stages["generate"].done, last.stages["score"].done) == (
        "completed", 6, 6,
    )  # fmt: skip


def test_a_progress_listener_that_raises_does_not_end_the_run(make):
    def broken(snapshot):
        raise RuntimeError("no")

    assert make().run_benchmark(sums_benchmark(), progress=broken).status == "completed"
