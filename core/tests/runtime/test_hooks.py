from __future__ import annotations

import asyncio

import pytest

from themis.errors import ErrorCode
from themis.plugin import PipelineHook, PluginRegistry
from themis.records import TrialSpec
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
        return prompt + self.letter

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
        return f"{candidate} of {trial.item_id}"


def test_hooks_run_in_the_order_given(trial):
    hooks = Hooks.of([Appends("a"), Appends("b")])

    assert asyncio.run(hooks.apply("pre_inference", trial, "prompt ")) == "prompt ab"


def test_a_registry_gives_its_hooks_by_priority(trial):
    registry = PluginRegistry(plugins=())
    registry.register_hook("late", Appends("z"), priority=200)
    registry.register_hook("early", Appends("a"), priority=1)

    hooks = Hooks.of(registry.iter_hooks())

    assert asyncio.run(hooks.apply("pre_inference", trial, "")) == "az"


def test_methods_that_only_return_their_argument_are_left_out():
    hooks = Hooks.of([Appends("a")])

    assert len(hooks.pre_inference) == 1
    assert hooks.post_inference == hooks.pre_extraction == hooks.post_extraction == ()
    assert hooks.pre_eval == hooks.post_eval == ()


def test_methods_inherited_from_the_protocol_are_left_out_and_async_ones_awaited(trial):
    hooks = Hooks.of([OnlyEval()])

    assert hooks.pre_eval == ()
    assert asyncio.run(hooks.apply("post_eval", trial, "score")) == "score of item-7"


def test_a_method_that_returns_its_first_argument_is_not_left_out(trial):
    class ReturnsTheTrial(Appends):
        def pre_eval(self, trial, candidate):
            return trial

    hooks = Hooks.of([ReturnsTheTrial("a")])

    assert asyncio.run(hooks.apply("pre_eval", trial, "candidate")) is trial


def test_a_point_without_hooks_gives_back_what_it_was_given(trial):
    assert asyncio.run(Hooks().apply("pre_eval", trial, "candidate")) == "candidate"


def test_a_hook_that_raises_names_itself_the_point_and_the_item(trial):
    class Broken(Appends):
        def pre_inference(self, trial, prompt):
            raise KeyError("user")

    with pytest.raises(HookError) as caught:
        asyncio.run(Hooks.of([Broken("")]).apply("pre_inference", trial, "prompt"))

    assert caught.value.code is ErrorCode.PLUGIN_INCOMPATIBLE
    assert str(caught.value) == (
        "hook 'Broken' in pre_inference (item 'item-7') raised KeyError: 'user'; correct or "
        "unregister the hook"
    )


def test_a_hook_that_forgets_to_return_is_an_error(trial):
    class Forgetful(Appends):
        component_id = "acme/forgetful"

        def pre_inference(self, trial, prompt):
            prompt.strip()

    with pytest.raises(HookError) as caught:
        asyncio.run(Hooks.of([Forgetful("")]).apply("pre_inference", trial, "prompt"))

    assert str(caught.value) == (
        "hook 'acme/forgetful' in pre_inference (item 'item-7') returned None; it must return its "
        "second argument, changed or not"
    )
