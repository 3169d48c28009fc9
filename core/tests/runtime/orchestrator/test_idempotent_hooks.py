"""Hooks and candidates that are scored again later."""

from __future__ import annotations

import pytest

from themis.records import Message
from themis.specs import ScoreSpec

from .conftest import sums_benchmark, sums_slice


class Numbering:
    """Numbers the prompts it has seen."""

    def __init__(self):
        self.seen = 0

    def fingerprint(self):
        return "numbering"

    def pre_inference(self, trial, prompt):
        self.seen += 1
        return (Message("system", f"prompt {self.seen}"), *prompt)

    def post_inference(self, trial, result):
        return result

    def pre_extraction(self, trial, candidate):
        return candidate

    def post_extraction(self, trial, candidate):
        return candidate

    def pre_eval(self, trial, candidate):
        return candidate

    def post_eval(self, trial, candidate):
        return candidate


class Prompts:
    """Remembers the first message of every trial it scores."""

    def __init__(self):
        self.seen = []

    def score(self, trial, candidate, context):
        self.seen.append(trial.prompt[0].text)
        return 1.0


@pytest.mark.parametrize(("idempotent", "calls"), [(True, 12), (False, 6)])
def test_only_an_idempotent_hook_is_called_again_when_candidates_are_scored_later(
    make, registry, idempotent, calls
):
    hook, prompts = Numbering(), Prompts()
    registry.register_hook("numbering", hook, idempotent=idempotent)
    registry.register_metric("prompts", prompts)
    make().run_benchmark(sums_benchmark())
    later = sums_slice(scores=[ScoreSpec(name="later", metrics=["prompts"])])
    make().run_benchmark(sums_benchmark(slices=[later]))
    assert hook.seen == calls
    assert all(text.startswith("prompt ") for text in prompts.seen)
