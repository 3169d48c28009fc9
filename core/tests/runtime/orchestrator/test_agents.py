"""Agents in a run: tools, scripted follow-up turns, and going on in the middle of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

import pytest

from themis.errors import ErrorCode, InferenceError, SpecValidationError
from themis.plugin.registry import PluginRegistry
from themis.records import EngineCapabilities, InferenceRecord, TokenUsage, TraceStep
from themis.runtime.context import RuntimeContext
from themis.specs import (
    GenerationSpec,
    ModelSpec,
    PromptMessage,
    PromptTurnSpec,
    ScoreSpec,
    ToolSpec,
)

from .conftest import rows, sums_benchmark, sums_slice

ADD = ToolSpec(name="add")
TOLD = PromptTurnSpec(messages=[PromptMessage(role="user", content="and {{ item.answer }}?")])


class Agent:
    """Adds with a tool, says so, and answers; fails before the step numbers it is told."""

    version = "1.0"

    def __init__(self):
        self.seen = []
        self.fail_after = None
        self.tool = "add"

    async def infer(self, trial, context, runtime):
        resumed = runtime.resume_from.steps if runtime.resume_from else ()
        self.seen.append((trial, runtime, [step.kind for step in resumed]))
        left, right = context["q"].split(" + ")
        if not resumed:
            await runtime.record(TraceStep(kind="message", role="assistant", content="I add"))
        self._maybe_fail(1)
        arguments = {"a": int(left), "b": int(right)}
        result = await runtime.call_tool(self.tool, arguments, "call-1")
        self._maybe_fail(3)
        usage = TokenUsage(prompt=10, completion=2, total=12)
        return InferenceRecord(raw_text=result.content, token_usage=usage, latency_ms=5.0)

    def _maybe_fail(self, step):
        if self.fail_after == step:
            raise InferenceError("the agent died", code=ErrorCode.SCHEMA_MISMATCH)

    def fingerprint(self):
        return "agent"


@pytest.fixture
def agent():
    return Agent()


@pytest.fixture
def registry(agent):
    registry = PluginRegistry(plugins=())
    able = EngineCapabilities(tools=True)
    registry.register_inference_engine("counting", agent, capabilities=able)
    return registry


def with_tools(*tools, **generation):
    return sums_benchmark(
        slices=[sums_slice(generation=GenerationSpec(tools=list(tools), **generation))]
    )


def context(**handlers):
    return RuntimeContext(tool_handlers=handlers)


def candidate(result, item=0):
    return result.get_trial(result.trial_hashes[item]).candidates[0]


def steps(result, item=0):
    found = candidate(result, item).conversation.steps
    return [(step.kind, step.content, step.error) for step in found]


def handled(make, handler):
    """The result of the tool in a run whose tool `add` has this handler."""
    result = make(items=rows(3)[2:]).run_benchmark(with_tools(ADD), runtime=context(add=handler))
    return steps(result)[3]


def test_a_tool_is_called_and_the_conversation_is_recorded(make):
    result = make().run_benchmark(with_tools(ADD), runtime=context(add=lambda a, b: a + b))
    assert result.status == "completed"
    assert steps(result, 2) == [
        ("message", "2 + 2?", None),
        ("message", "I add", None),
        ("tool_call", None, None),
        ("tool_result", "4", None),
        ("message", "4", None),
    ]
    assert result.aggregate(group_by=["metric_id"])[0]["mean"] == 1.0


def test_the_timeline_view_shows_the_conversation(make):
    result = make().run_benchmark(with_tools(ADD), runtime=context(add=lambda a, b: a + b))
    view = result.view_timeline(candidate(result).candidate_id)
    assert [step.name for step in view.conversation.steps if step.kind == "tool_call"] == ["add"]


async def add_later(a, b):
    return {"sum": a + b}


def test_a_handler_may_be_async_and_its_value_becomes_json(make):
    assert handled(make, add_later) == ("tool_result", '{"sum": 4}', None)


def test_a_plain_handler_runs_in_a_thread_of_its_own(make):
    assert handled(make, lambda a, b: threading.current_thread().name)[1] == "themis-blocking"


def test_a_handler_that_raises_is_told_to_the_model_and_recorded(make):
    def broken(a, b):
        raise ZeroDivisionError("no")

    error = "tool 'add' raised ZeroDivisionError: no"
    assert handled(make, broken) == ("tool_result", error, error)


def test_wrong_arguments_are_the_models_to_put_right(make):
    _, content, error = handled(make, lambda a: a)
    assert content == error
    assert "unexpected keyword argument 'b'" in error


def test_an_unknown_tool_is_told_with_the_tools_there_are(make, agent):
    agent.tool = "subtract"
    _, content, _ = handled(make, lambda a, b: a)
    assert content == (
        "tool 'subtract' raised LookupError: there is no such tool; the tools are: add"
    )


def test_a_tool_without_any_handler_is_refused_before_the_run(make, agent):
    with pytest.raises(SpecValidationError, match="no handler for tool 'add' of slice 'sums'"):
        make().run_benchmark(with_tools(ADD))
    assert agent.seen == []


@pytest.fixture
def tools_module(tmp_path, monkeypatch):
    """Writes a module `my_tools` with a function `add`; each call replaces it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(body):
        sys.modules.pop("my_tools", None)
        (tmp_path / "my_tools.py").write_text(f"def add(a, b):\n    return {body}\n")

    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    yield write
    sys.dont_write_bytecode = before
    sys.modules.pop("my_tools", None)


NAMED = ToolSpec(name="add", handler="my_tools:add")


def test_a_handler_is_imported_by_its_name(make, tools_module):
    tools_module("a + b")
    result = make().run_benchmark(with_tools(NAMED))
    assert steps(result, 2)[3] == ("tool_result", "4", None)


def test_a_handler_given_to_the_run_wins_over_the_named_one(make, tools_module):
    tools_module("a + b")
    result = make().run_benchmark(with_tools(NAMED), runtime=context(add=lambda a, b: 7))
    assert steps(result, 2)[3] == ("tool_result", "7", None)


def test_an_edited_handler_generates_again(make, tools_module, agent):
    tools_module("a + b")
    make().run_benchmark(with_tools(NAMED))
    tools_module("a + b + 0")
    make().run_benchmark(with_tools(NAMED))
    assert len(agent.seen) == 12


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        ("no_such_module:add", r"No module named 'no_such_module'; correct it, or install"),
        ("os.path:nothing", "has no attribute 'nothing'"),
        ("os:sep", "is no function"),
    ],
)
def test_a_handler_that_cannot_be_imported_is_an_error_of_the_plan(make, handler, text):
    with pytest.raises(SpecValidationError, match=text) as error:
        make().plan(with_tools(ToolSpec(name="add", handler=handler)))
    assert error.value.issues[0].key == "slices[0].generation.tools[add].handler"


def test_a_follow_up_turn_reaches_the_model_with_what_was_said_before(make, agent):
    spec = with_tools(ADD, follow_ups=[TOLD])
    make(items=rows(3)[2:]).run_benchmark(spec, runtime=context(add=lambda a, b: a + b))
    trial, runtime, resumed = agent.seen[1]
    assert [(m.role, m.text) for m in trial.prompt] == [
        ("user", "2 + 2?"),
        ("assistant", "I add"),
        ("assistant", "4"),
        ("user", "and 4?"),
    ]
    kinds = [step.kind for step in runtime.earlier.steps]
    assert kinds == ["message", "message", "tool_call", "tool_result", "message"]
    assert trial.prompt[: len(runtime.earlier.messages())] == runtime.earlier.messages()
    assert resumed == []


def test_follow_up_turns_need_no_tools(make, agent, registry):
    class Echo:
        async def infer(self, trial, context, runtime):
            return f"{len(trial.prompt)} messages"

    registry.register_inference_engine("plain", Echo)
    from themis.specs import ModelSpec

    spec = sums_benchmark(
        models=[ModelSpec(model_id="m", provider="plain")],
        slices=[sums_slice(generation=GenerationSpec(follow_ups=[TOLD, TOLD]))],
    )
    result = make(items=rows(1)).run_benchmark(spec)
    assert candidate(result).inference.raw_text == "5 messages"
    assert [content for _, content, _ in steps(result)] == [
        "0 + 0?", "1 messages", "and 0?", "3 messages", "and 0?", "5 messages",
    ]  # fmt: skip


def test_tokens_and_time_are_those_of_all_turns(make):
    spec = with_tools(ADD, follow_ups=[TOLD])
    result = make().run_benchmark(spec, runtime=context(add=lambda a, b: a + b))
    inference = candidate(result).inference
    assert inference.token_usage == TokenUsage(prompt=20, completion=4, total=24)
    assert inference.latency_ms == 10.0


def test_an_engine_may_report_its_whole_conversation_in_each_turn(make, registry):
    class Reporting:
        async def infer(self, trial, context, runtime):
            said = [TraceStep.of_message(message) for message in trial.prompt]
            said.append(TraceStep(kind="message", role="assistant", content="thinking"))
            from themis.records import ConversationTrace

            return InferenceRecord(raw_text="ok", conversation=ConversationTrace(tuple(said)))

    registry.register_inference_engine("reporting", Reporting)
    from themis.specs import ModelSpec

    spec = sums_benchmark(
        models=[ModelSpec(model_id="m", provider="reporting")],
        slices=[sums_slice(generation=GenerationSpec(follow_ups=[TOLD]))],
    )
    result = make(items=rows(1)).run_benchmark(spec)
    assert [content for _, content, _ in steps(result)] == [
        "0 + 0?", "thinking", "ok", "and 0?", "thinking", "ok",
    ]  # fmt: skip


@pytest.mark.parametrize("step", [1, 3])
def test_an_agent_that_died_goes_on_after_its_last_recorded_step(make, agent, step):
    calls = []
    handlers = context(add=lambda a, b: calls.append((a, b)) or a + b)
    orchestrator, spec = make(items=rows(3)[2:]), with_tools(ADD)
    agent.fail_after = step
    assert orchestrator.run_benchmark(spec, runtime=handlers).status == "failed"
    agent.fail_after = None
    result = orchestrator.run_benchmark(spec, runtime=handlers)
    kinds = ["message", "tool_call", "tool_result"]
    assert agent.seen[-1][2] == kinds[:step]
    assert calls == [(2, 2)]
    assert steps(result)[1:] == [
        ("message", "I add", None),
        ("tool_call", None, None),
        ("tool_result", "4", None),
        ("message", "4", None),
    ]


def test_finished_turns_are_not_played_again(make, agent):
    orchestrator, spec = make(items=rows(3)[2:]), with_tools(ADD, follow_ups=[TOLD])
    calls = []

    def add(a, b):
        calls.append((a, b))
        if len(calls) == 2:
            agent.fail_after = 3
        return a + b

    orchestrator.run_benchmark(spec, runtime=context(add=add))
    agent.fail_after = None
    result = orchestrator.run_benchmark(spec, runtime=context(add=add))
    assert len(agent.seen) == 3
    assert [step.kind for step in agent.seen[-1][1].earlier.steps][2:4] == [
        "tool_call",
        "tool_result",
    ]
    assert calls == [(2, 2), (2, 2)]
    assert [step for step in steps(result) if step[0] == "tool_result"] == [
        ("tool_result", "4", None)
    ] * 2


def test_a_retry_within_a_run_goes_on_after_the_recorded_steps(make, agent, monkeypatch):
    calls = []

    def add(a, b):
        calls.append((a, b))
        return a + b

    original = agent._maybe_fail

    def fail_once(step):
        if step == 3 and len(agent.seen) == 1:
            raise InferenceError("down", code=ErrorCode.PROVIDER_UNAVAILABLE)
        original(step)

    monkeypatch.setattr(agent, "_maybe_fail", fail_once)
    from themis.runtime.options import RuntimeOptions

    quick = RuntimeOptions(retry_base_seconds=0.001)
    runtime = RuntimeContext(tool_handlers={"add": add}, options=quick)
    result = make(items=rows(3)[2:]).run_benchmark(with_tools(ADD), runtime=runtime)
    assert result.status == "completed"
    assert calls == [(2, 2)]
    assert agent.seen[1][2] == ["message", "tool_call", "tool_result"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (3, "a step is int, not TraceStep"),
        (TraceStep(kind="message", role="assistant", content=7), "a step's content is int"),
        (TraceStep(kind="tool_call", name="f", arguments={1}), "set is no JSON value"),
    ],
)
def test_a_step_that_cannot_be_recorded_fails_its_candidate_and_names_the_engine(
    make, registry, step, reason
):
    class Careless:
        async def infer(self, trial, context, runtime):
            await runtime.record(step)
            return "4"

        def fingerprint(self):
            return "careless"

    registry.register_inference_engine("careless", Careless())
    model = ModelSpec(model_id="m", provider="careless")
    result = make(items=rows(1)).run_benchmark(sums_benchmark(models=[model]))
    [failure] = result.iter_failures()
    said = f"engine 'careless' raised TypeError: the step cannot be recorded: {reason}"
    assert failure["message"].startswith(said)


def test_an_answer_equal_to_the_last_tool_result_is_still_said(make):
    result = make(items=rows(3)[2:]).run_benchmark(
        with_tools(ADD), runtime=context(add=lambda a, b: a + b)
    )
    assert steps(result)[-1] == ("message", "4", None)


def test_the_trial_carries_the_limit_of_tool_rounds(make, agent):
    spec = with_tools(ADD, max_tool_rounds=3)
    make(items=rows(1)).run_benchmark(spec, runtime=context(add=lambda a, b: 0))
    assert agent.seen[0][0].max_tool_rounds == 3


def test_a_run_stopped_in_the_middle_of_an_agent_goes_on_there(make, agent):
    calls = []

    async def add(a, b):
        calls.append((a, b))
        if len(calls) == 1:
            return a + b
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.05)
        return await asyncio.sleep(30)

    orchestrator, spec = make(items=rows(3)[2:]), with_tools(ADD, follow_ups=[TOLD])
    stopped = orchestrator.run_benchmark(spec, runtime=context(add=add))
    assert stopped.status == "interrupted"
    resumed = orchestrator.resume(stopped.run_id, runtime=context(add=lambda a, b: a + b))
    assert resumed.status == "completed"
    assert len(calls) == 2
    assert agent.seen[-1][2] == ["message", "tool_call"]
    assert candidate(resumed).inference.raw_text == "4"


def test_a_judge_of_the_trace_is_shown_the_tools_calls_and_results(make, registry):
    asked = []

    class House:
        def judge(self, request):
            asked.append(request.prompt[-1].text)
            return "Verdict: 5"

    registry.register_judge("house", House)
    config = {"judges": ["house"], "rubric": "No call is wasted."}
    score = ScoreSpec(name="work", metrics=[{"id": "trace_judge", "config": config}])
    scored = sums_slice(generation=GenerationSpec(tools=[ADD]), scores=[score])
    spec = sums_benchmark(slices=[scored])
    runtime = context(add=lambda a, b: a + b)
    result = make(items=rows(3)[2:]).run_benchmark(spec, runtime=runtime)
    [outcome] = candidate(result).evaluation.scores
    assert outcome.value == 1.0
    [shown] = asked
    for step in ("2 + 2?", "I add", '{"arguments": {"a": 2, "b": 2}, "tool": "add"}', '"4"'):
        assert step in shown
