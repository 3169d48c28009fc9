"""Lifecycle subscribers and tracing providers: what they are told, and what they cannot do."""

from __future__ import annotations

import threading
import time

import pytest

from themis.errors import PluginError
from themis.plugin import LifecycleSubscriber
from themis.plugin.lifecycle import LIFECYCLE_HOOKS
from themis.records import WHOLE_TRIAL
from themis.runtime.context import RuntimeContext
from themis.runtime.generation import Generator
from themis.runtime.watched import WatchedGenerator
from themis.specs import ObserverRefSpec, ProjectSpec, ReductionSpec, ScoreSpec

from .conftest import rows, sums_benchmark, sums_slice
from .test_judges import GPT, PATIENT, Judging, rubric


class Seen:
    """Keeps every call of every hook."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        if name not in LIFECYCLE_HOOKS:
            raise AttributeError(name)
        return lambda *arguments: self.calls.append((name, arguments))

    def of(self, hook):
        return [arguments for name, arguments in self.calls if name == hook]


class Spans:
    """A tracing provider that keeps what it is given."""

    def __init__(self):
        self.started, self.ended, self.flushed = [], [], 0

    def start_span(self, span, parent):
        self.started.append((span.kind, parent and parent.kind))
        return span

    def end_span(self, handle, span):
        self.ended.append(span)

    def flush(self):
        self.flushed += 1

    def of(self, kind):
        return [span for span in self.ended if span.kind == kind]


def judged_benchmark():
    scores = [
        ScoreSpec(name="exact", parse="number", metrics=["numeric_match"]),
        ScoreSpec(name="judged", parse="number", metrics=[rubric(GPT)]),
    ]
    return sums_benchmark(slices=[sums_slice(scores=scores)])


@pytest.fixture
def run(make, registry):
    """Run a benchmark with a judge over some items; gives the result."""
    registry.register_inference_engine("judging", Judging())

    def run(benchmark=None, *, items=1, project=None, **context):
        return make(items=rows(items), project=project).run_benchmark(
            benchmark or judged_benchmark(), runtime=RuntimeContext(**context)
        )

    return run


def test_a_subscriber_is_told_of_every_stage_of_a_candidate_in_order(run):
    seen = Seen()
    run(subscribers=[seen])
    assert [name for name, _ in seen.calls if name != "on_event"] == [
        "before_generate", "after_generate", "before_parse", "after_parse", "before_score",
        "after_score", "before_score", "before_judge", "after_judge", "after_score",
    ]  # fmt: skip


class First:
    """Reduces to the first candidate."""

    version = "1.0"

    def reduce(self, candidates, ctx):
        return candidates[0]


def test_a_reduction_tells_of_the_candidates_and_of_what_they_became(run, registry):
    seen, spans = Seen(), Spans()
    registry.register("reducer", "first", First)
    reduced = sums_slice(reduction=ReductionSpec(reducer="first"))
    benchmark = sums_benchmark(slices=[reduced], num_samples=3)
    run(benchmark, subscribers=[seen], tracing_provider=spans)
    [(_, candidates, context)] = seen.of("before_reduce")
    [(_, candidate, _)] = seen.of("after_reduce")
    assert [each.sample_index for each in candidates] == [0, 1, 2]
    assert candidate.inference.raw_text == "0"
    assert context.component == "first"
    [span] = spans.of("reduce")
    assert span.context.component == "first"


def test_hooks_are_given_what_their_stage_works_on(run):
    seen = Seen()
    run(subscribers=[seen], items=2)
    trial, context = next(call for call in seen.of("before_generate") if call[0].item_id == "1")
    assert (trial.prompt[0].text, context.component, context.item_id) == ("1 + 1?", "counting", "1")
    _, made, _ = next(call for call in seen.of("after_generate") if call[0].item_id == "1")
    assert made.inference.raw_text == "2"
    [extraction] = next(call[1] for call in seen.of("after_parse") if call[0].item_id == "1")
    assert extraction.parsed_answer == 2
    scores = {call[2].component: call[1].value for call in seen.of("after_score")}
    assert scores == {"numeric_match": 1.0, "rubric_score": 1.0}
    entry, context = seen.of("after_judge")[0]
    assert (entry.response.text, context.component) == ("Verdict: 5", "judging")


def test_a_context_says_which_run_slice_model_and_candidate(run):
    seen = Seen()
    result = run(subscribers=[seen])
    [(trial, made, context)] = seen.of("after_generate")
    assert (context.run_id, context.benchmark_id, context.slice_id) == (
        result.run_id, "sums", "sums",
    )  # fmt: skip
    assert (context.model_id, context.provider) == ("m", "counting")
    assert (context.trial_hash, context.candidate_id) == (trial.trial_hash, made.candidate_id)


class Chosen:
    """Asks a judge of the candidates, and takes the first."""

    version = "1.0"

    async def reduce(self, candidates, ctx):
        await ctx.judge_service.judge(ctx.judges[0], "Which is best?")
        return candidates[0]


def reduced_benchmark():
    reducer = {"id": "chosen", "config": {"judges": [GPT]}}
    reduced = sums_slice(reduction=ReductionSpec(reducer=reducer))
    return sums_benchmark(slices=[reduced], num_samples=3)


@pytest.fixture
def run_reduced(run, registry):
    registry.register("reducer", "chosen", Chosen)
    return lambda **options: run(reduced_benchmark(), **options)


def test_a_reduction_is_told_with_the_samples_and_what_they_became(run_reduced):
    seen = Seen()
    run_reduced(subscribers=[seen])
    [(_, candidates, before)] = seen.of("before_reduce")
    [(_, candidate, after)] = seen.of("after_reduce")
    assert [each.sample_index for each in candidates] == [0, 1, 2]
    assert candidate.source_candidate_ids == tuple(each.candidate_id for each in candidates)
    assert (before, before.component, before.sample_index) == (after, "chosen", WHOLE_TRIAL)
    [(_, asked)] = seen.of("before_judge")
    assert asked.trial_hash == before.trial_hash


def test_the_judge_calls_of_a_reduction_are_within_its_span(run_reduced):
    spans = Spans()
    run_reduced(tracing_provider=spans)
    assert spans.started == [
        ("run", None), *[("generate", "run")] * 3, ("reduce", "run"), ("judge", "reduce"),
        ("parse", "run"), ("score", "run"),
    ]  # fmt: skip


def test_a_candidate_whose_prompt_cannot_be_rendered_has_both_hooks(make):
    seen = Seen()
    orchestrator = make(items=[{"item_id": "bare", "answer": "1"}])
    orchestrator.run_benchmark(sums_benchmark(), runtime=RuntimeContext(subscribers=[seen]))
    assert [name for name, _ in seen.calls if name != "on_event"] == [
        "before_generate", "after_generate",
    ]  # fmt: skip
    assert seen.of("after_generate")[0][1].failure.stage == "render"


def test_a_failed_call_is_told_with_its_failure(run, engine):
    engine.failing.add("0")
    seen = Seen()
    run(subscribers=[seen])
    [(_, candidate, _)] = seen.of("after_generate")
    assert "no answer" in candidate.failure.message


def test_what_was_done_before_calls_no_hook(run):
    run()
    seen = Seen()
    run(sums_benchmark(), subscribers=[seen])
    assert [name for name in dict(seen.calls) if name != "on_event"] == []


@pytest.mark.parametrize("hook", LIFECYCLE_HOOKS)
def test_a_subscriber_may_have_any_one_hook(run_reduced, hook):
    calls = []
    one = type("One", (), {hook: lambda self, *arguments: calls.append(arguments)})()
    run_reduced(subscribers=[one])
    assert calls


def test_hooks_inherited_from_the_protocol_are_not_called(run, monkeypatch):
    monkeypatch.setattr(
        LifecycleSubscriber, "before_parse", lambda *_: pytest.fail("nobody wrote it")
    )
    scored = []

    class Scores(LifecycleSubscriber):
        async def after_score(self, trial, score, context):
            scored.append(score.metric_id)

    run(subscribers=[Scores()])
    assert scored == ["numeric_match", "rubric_score"]


def test_an_event_is_told_once_the_store_has_it(make, store):
    found = []

    class Reads:
        def on_event(self, event):
            stored = store.event(event.seq)
            found.append((event.kind, stored.kind, event.at == stored.at / 1000))

    make(items=rows(1)).run_benchmark(
        sums_benchmark(), runtime=RuntimeContext(subscribers=[Reads()])
    )
    assert found == [
        ("run", "run_status", True),
        ("generation_completed", "generated", True),
        ("parse_completed", "evaluated", True),
        ("score_completed", "evaluated", True),
        ("run", "run_status", True),
    ]


def test_what_a_subscriber_changes_reaches_neither_the_run_nor_the_store(run):
    class Vandal:
        def after_score(self, trial, score, context):
            score.details.clear()
            score.details["by"] = "vandal"

    result = run(subscribers=[Vandal()])
    [trial] = result.trial_hashes
    scores = result.get_trial(trial).candidates[0].evaluation.scores
    assert all("by" not in score.details for score in scores)


def test_a_subscriber_that_raises_is_logged_once_and_the_run_is_as_without(run, caplog):
    class Broken:
        def after_generate(self, trial, candidate, context):
            raise SystemExit("no")

    assert run(items=5, subscribers=[Broken()]).status == "completed"
    raised = [record for record in caplog.records if "raised" in record.getMessage()]
    missed = [record for record in caplog.records if "missed" in record.getMessage()]
    assert (len(raised), raised[0].observer) == (1, _named("Broken"))
    assert missed[0].failed == 5


def _named(name):
    return f"test_a_subscriber_that_raises_is_logged_once_and_the_run_is_as_without.<locals>.{name}"


def test_a_subscriber_that_hangs_holds_up_the_end_of_the_run_by_five_seconds_at_most(
    run, monkeypatch
):
    release = threading.Event()

    class Hangs:
        def before_generate(self, trial, context):
            release.wait(60)

    monkeypatch.setattr("themis.runtime.watching.CLOSE_SECONDS", 0.2)
    started = time.perf_counter()
    assert run(items=5, subscribers=[Hangs()]).status == "completed"
    assert time.perf_counter() - started < 3
    release.set()


def test_a_run_that_nobody_watches_is_made_of_the_plain_parts(run, monkeypatch):
    used = []
    generate = Generator.generate

    async def note(self, work):
        used.append(type(self))
        return await generate(self, work)

    monkeypatch.setattr(Generator, "generate", note)
    run()
    run(sums_benchmark(benchmark_id="again"), subscribers=[Seen()], items=2)
    assert used == [Generator, WatchedGenerator]


def test_spans_are_around_the_run_the_stages_and_each_judge_call(run):
    spans = Spans()
    result = run(tracing_provider=spans)
    assert result.status == "completed"
    assert spans.started == [
        ("run", None), ("generate", "run"), ("parse", "run"), ("score", "run"), ("score", "run"),
        ("judge", "score"),
    ]  # fmt: skip
    assert [span.kind for span in spans.ended][-3:] == ["judge", "score", "run"]
    assert (spans.ended[-1].status, spans.flushed) == ("completed", 1)


def test_a_span_lies_within_the_span_of_the_run(run):
    spans = Spans()
    run(tracing_provider=spans, items=3)
    [whole] = spans.of("run")
    assert len(spans.ended) == 16
    assert all(whole.start <= span.start <= span.end <= whole.end for span in spans.ended)


def test_a_span_of_a_call_has_the_model_the_prompt_and_the_answer(run):
    spans = Spans()
    run(tracing_provider=spans)
    [made], [asked] = spans.of("generate"), spans.of("judge")
    assert (made.model.model_id, made.prompt[0].text) == ("m", "0 + 0?")
    assert (made.inference.token_usage.prompt, made.params.max_tokens) == (3, 1024)
    assert (asked.model.model_id, asked.inference.raw_text) == ("gpt-judge", "Verdict: 5")


def test_a_span_of_what_failed_has_the_error_code(run, registry, engine, make):
    engine.failing.add("1")
    spans = Spans()
    judge = registry.resolve("engine", "judging").load()
    judge.down = True
    context = RuntimeContext(options=PATIENT.options, tracing_provider=spans)
    make(items=rows(2)).run_benchmark(judged_benchmark(), runtime=context)
    codes = {span.kind: span.error_code for span in spans.ended if span.error_code}
    assert codes == {
        "generate": "provider_unavailable", "judge": "provider_auth", "score": "provider_auth",
    }  # fmt: skip


def test_a_tracing_provider_that_raises_or_a_slow_one_changes_nothing(run):
    class Broken(Spans):
        def start_span(self, span, parent):
            raise RuntimeError("no")

    assert run(items=3, tracing_provider=Broken()).status == "completed"


@pytest.mark.parametrize("method", ["start_span", "end_span"])
def test_half_a_tracing_provider_is_refused_before_anything_runs(run, engine, method):
    half = type("Half", (), {method: lambda self, *arguments: None})()
    with pytest.raises(PluginError, match="Half needs plain functions start_span and end_span"):
        run(tracing_provider=half)
    assert engine.calls == []


def test_a_subscriber_without_any_hook_is_refused_before_anything_runs(run, engine):
    before = threading.active_count()
    with pytest.raises(PluginError, match=r"object can watch nothing: .*before_generate"):
        run(subscribers=[Seen(), object()])
    assert (engine.calls, threading.active_count()) == ([], before)


def test_an_observer_that_the_project_names_watches_with_its_configuration(run, registry):
    seen = Seen()
    registry.register("observer", "watcher", seen)
    project = ProjectSpec(observers=[ObserverRefSpec(id="watcher")])
    run(project=project)
    assert seen.of("after_generate")


def test_an_observer_that_nobody_names_does_not_watch(run, registry):
    seen = Seen()
    registry.register("observer", "watcher", seen)
    run()
    assert seen.calls == []


def test_an_observer_that_the_context_names_watches_once(run, registry):
    seen = Seen()
    registry.register("observer", "watcher", seen)
    run(project=ProjectSpec(observers=["watcher"]), observers=["watcher"])
    assert len(seen.of("after_generate")) == 1


def test_an_unknown_observer_is_an_error_before_anything_runs(run, engine):
    with pytest.raises(PluginError, match="'watchr'"):
        run(observers=["watchr"])
    assert engine.calls == []


def test_who_watches_changes_no_key_of_the_run(run):
    plain = run()
    watched = run(project=ProjectSpec(observers=[]), subscribers=[Seen()])
    assert plain.run_id == watched.run_id
