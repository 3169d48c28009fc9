from __future__ import annotations

import asyncio
import sys

import attrs
import pytest

from themis.errors import ErrorCode
from themis.plugin import PipelineHook, PluginRegistry
from themis.records import (
    CandidateRecord,
    ContentPart,
    EvaluationRecord,
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    Message,
    MetricScore,
    TrialSpec,
)
from themis.runtime.hooks import HookError, Hooks


@pytest.fixture
def trial():
    return TrialSpec(
        trial_hash="00" * 32,
        benchmark_id="b",
        slice_id="s",
        item_id="item-7",
        prompt_variant_id="p",
        model=None,
        params=None,
    )


class Appends:
    """A complete hook that changes nothing but one point."""

    def __init__(self, letter):
        self.letter = letter

    def pre_inference(self, trial, prompt):
        return (*prompt, Message("user", self.letter))

    def post_inference(self, trial, result):
        return result

    def pre_extraction(self, trial, candidate):
        return candidate

    def post_extraction(self, trial, candidate):
        return candidate

    def pre_eval(self, trial, candidate):
        return candidate

    def post_eval(self, trial, candidate):
        """Changes nothing."""
        return candidate


class OnlyEval(PipelineHook):
    async def post_eval(self, trial, candidate):
        await asyncio.sleep(0)
        return attrs.evolve(candidate, candidate_id=trial.item_id)


PROMPT = (Message("user", "prompt "),)
CANDIDATE = CandidateRecord(candidate_id="c", evaluation=EvaluationRecord("00" * 32))


def said(prompt):
    return "".join(message.text for message in prompt)


def test_hooks_run_in_the_order_given(trial):
    hooks = Hooks.of([Appends("a"), Appends("b")])

    assert said(asyncio.run(hooks.apply("pre_inference", trial, PROMPT))) == "prompt ab"


def test_a_registry_gives_its_hooks_by_priority(trial):
    registry = PluginRegistry(plugins=())
    registry.register_hook("late", Appends("z"), priority=200)
    registry.register_hook("early", Appends("a"), priority=1)

    hooks = Hooks.of(registry.iter_hooks())

    assert said(asyncio.run(hooks.apply("pre_inference", trial, ()))) == "az"


def test_methods_that_only_return_their_argument_are_left_out():
    hooks = Hooks.of([Appends("a")])

    assert len(hooks.pre_inference) == 1
    assert hooks.post_inference == hooks.pre_extraction == hooks.post_extraction == ()
    assert hooks.pre_eval == hooks.post_eval == ()


def test_methods_inherited_from_the_protocol_are_left_out_and_async_ones_awaited(trial):
    hooks = Hooks.of([OnlyEval()])

    assert hooks.pre_eval == ()
    assert asyncio.run(hooks.apply("post_eval", trial, CANDIDATE)).candidate_id == "item-7"


def test_a_method_that_returns_its_first_argument_is_not_left_out(trial):
    class ReturnsTheTrial(Appends):
        def pre_eval(self, trial, candidate):
            return trial

    hooks = Hooks.of([ReturnsTheTrial("a")])

    assert len(hooks.pre_eval) == 1


def test_a_point_without_hooks_gives_back_what_it_was_given(trial):
    assert asyncio.run(Hooks().apply("pre_eval", trial, "candidate")) == "candidate"


def test_a_hook_that_raises_names_itself_the_point_and_the_item(trial):
    class Broken(Appends):
        def pre_inference(self, trial, prompt):
            raise KeyError("user")

    with pytest.raises(HookError) as caught:
        asyncio.run(Hooks.of([Broken("")]).apply("pre_inference", trial, PROMPT))

    assert caught.value.code is ErrorCode.PLUGIN_INCOMPATIBLE
    assert str(caught.value) == (
        "hook 'Broken' in pre_inference (item 'item-7') raised KeyError: 'user'; correct or "
        "unregister the hook"
    )


def test_a_hook_that_forgets_to_return_is_an_error(trial):
    class Forgetful(Appends):
        component_id = "acme/forgetful"

        def pre_inference(self, trial, prompt):
            prompt.count(None)

    with pytest.raises(HookError) as caught:
        asyncio.run(Hooks.of([Forgetful("")]).apply("pre_inference", trial, PROMPT))

    assert str(caught.value) == (
        "hook 'acme/forgetful' in pre_inference (item 'item-7') returned None; it must return its "
        "second argument, changed or not"
    )


def applied(trial, point, method):
    """What is made of a hook's method at a point; its message where it is refused."""
    hook = type("Hook", (PipelineHook,), {point: lambda self, trial, subject: method()})()
    try:
        return asyncio.run(Hooks.of([hook]).apply(point, trial, CANDIDATE))
    except HookError as error:
        place, _, rest = error.message.partition(" (item 'item-7') returned ")
        assert place == f"hook 'Hook' in {point}"
        return rest


def candidate(**changes):
    return attrs.evolve(CANDIDATE, **changes)


def extracted(**fields):
    return candidate(
        extractions=(ExtractionRecord(**{"extractor_id": "x", "success": True, **fields}),)
    )


def scored(score):
    return candidate(evaluation=EvaluationRecord("", scores=(score,)))


UNUSABLE = "a candidate with an extraction that cannot be used: the "
REFUSED = [
    ("pre_inference", 3, "int, not a tuple of Message; it must return the messages to send"),
    ("pre_inference", "hi", "str, not a tuple of Message"),
    ("pre_inference", (), "no message at all"),
    ("pre_inference", [{"role": "user"}], "a sequence that holds dict, not Message"),
    ("pre_inference", (Message("zz", "hi"),), "a message whose role is 'zz', none of system, "),
    ("pre_inference", (Message([], "hi"),), "a message whose role is list, not str"),
    ("pre_inference", (Message("user", 3),), "a message whose content is int, neither text nor"),
    ("pre_inference", (Message("user", ("hi",)),), "a message whose content holds something else"),
    ("post_inference", 3, "int; return an InferenceResult, an InferenceRecord or a string"),
    ("post_inference", InferenceRecord(raw_text=3), "a record that cannot be stored: raw_text is"),
    ("pre_extraction", 3, "int; it must return a CandidateRecord, changed or not"),
    ("pre_extraction", candidate(inference="hi"), "a candidate with str as inference, not Infer"),
    ("pre_eval", candidate(conversation=3), "a candidate with int as conversation, not Conver"),
    ("pre_eval", candidate(extractions=3), "a candidate whose extractions are no tuple but int"),
    ("post_extraction", candidate(extractions=("x",)), "a candidate with str as an extraction"),
    ("post_extraction", extracted(parsed_answer={1}), UNUSABLE + "parsed answer cannot be stored"),
    ("post_extraction", extracted(warnings=3), UNUSABLE + "extraction cannot be stored: warnings"),
    ("post_eval", candidate(evaluation=None), "a candidate with NoneType as evaluation, not"),
    ("post_eval", scored(1.0), "a candidate with float as a score, not a MetricScore or ScoreErr"),
    ("post_eval", scored(MetricScore(metric_id=[], value=1.0)), "a candidate with MetricScore as"),
]


@pytest.mark.parametrize(("point", "value", "reason"), REFUSED)
def test_what_does_not_belong_at_a_point_is_refused(trial, point, value, reason):
    assert applied(trial, point, lambda: value).startswith(reason)


def test_a_list_of_messages_is_a_prompt_for_the_next_hook_and_the_engine(trial):
    parts = [ContentPart(type="text", text="a"), ContentPart(type="image", image_url="data:,")]
    messages = [Message("system", "s"), Message("user", parts)]
    assert applied(trial, "pre_inference", lambda: messages) == tuple(messages)


def test_a_text_is_a_result_for_the_next_hook(trial):
    result = applied(trial, "post_inference", lambda: "four")
    assert result == InferenceResult(InferenceRecord(raw_text="four"))


def cancels():
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("leave", "name"),
    [(lambda: sys.exit(3), "SystemExit: 3"), (cancels, "CancelledError: ")],
)
def test_a_hook_that_exits_or_cancels_has_failed_like_any_other(trial, leave, name):
    class Leaves(PipelineHook):
        async def pre_eval(self, trial, candidate):
            leave()

    with pytest.raises(HookError, match=rf"\(item 'item-7'\) raised {name}"):
        asyncio.run(Hooks.of([Leaves()]).apply("pre_eval", trial, CANDIDATE))
