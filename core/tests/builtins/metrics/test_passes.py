"""pass@k and pass^k: the unbiased estimates from the samples there are."""

from __future__ import annotations

import asyncio
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.metrics.passes import PassAtK, PassHatK
from themis.plugin import MetricContext
from themis.records import MetricScore, ScoreError
from themis.testing import make_candidate


class Reads:
    """Scores a candidate by the number that it says."""

    async def extract(self, candidate):
        return candidate

    async def score(self, candidate):
        text = candidate.inference.raw_text
        if text == "?":
            return ScoreError(metric_id="said", message="it cannot be scored")
        return MetricScore(metric_id="said", value=float(text))


def passes(kind, outputs, **config):
    candidates = [make_candidate(text, sample_index=n) for n, text in enumerate(outputs)]
    context = MetricContext({}, reader=Reads())
    return asyncio.run(kind(config).score(None, candidates, context))


@given(st.lists(st.booleans(), min_size=1, max_size=7), st.integers(1, 7))
def test_they_are_the_shares_of_all_draws_of_k_samples(right, k):
    outputs = [str(int(one)) for one in right]
    draws = list(itertools.combinations(right, k))
    for kind, holds in ((PassAtK, any), (PassHatK, all)):
        found = passes(kind, outputs, k=k)
        if k > len(right):
            assert isinstance(found, ScoreError)
        else:
            assert math.isclose(found.value, sum(map(holds, draws)) / len(draws))


def test_a_sample_is_right_from_the_threshold_on():
    assert passes(PassAtK, ["0.4", "0.6"], k=2, threshold=0.5).value == 1.0
    assert passes(PassHatK, ["0.4", "0.6"], k=2, threshold=0.5).value == 0.0
    assert passes(PassAtK, ["0.4", "0.6"], threshold=0.5).details == {"n": 2, "c": 1, "k": 1}


@pytest.mark.parametrize("kind", [PassAtK, PassHatK])
def test_a_sample_without_a_score_leaves_it_undefined(kind):
    found = passes(kind, ["1", "?"])
    name = kind.component_id
    assert found.message == f"{name}: sample 1 has no score: it cannot be scored"
