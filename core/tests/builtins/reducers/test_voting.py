"""The answer that most candidates give."""

from __future__ import annotations

import asyncio

import pytest

from themis.builtins.reducers.voting import MajorityVote, SelfConsistency
from themis.errors import ThemisError
from themis.plugin import MetricContext
from themis.plugin.registry import PluginRegistry
from themis.testing import make_candidate, make_trial
from themis.testing.kits.reading import KitReader


def candidates(*outputs):
    return [make_candidate(text, sample_index=n) for n, text in enumerate(outputs)]


def vote(*outputs, **config):
    reduced = MajorityVote(config).reduce(candidates(*outputs), MetricContext({}))
    return reduced.inference.raw_text, reduced.details


def consistent(*outputs):
    reducer = SelfConsistency({"extractors": ["first_number"]})

    async def call(method, *arguments):
        return method(*arguments)

    reader = KitReader(
        settings=reducer.settings,
        registry=PluginRegistry(plugins=()),
        trial=make_trial(),
        item=MetricContext({}),
        call=call,
    )
    reduced = asyncio.run(reducer.reduce(candidates(*outputs), MetricContext({}, reader=reader)))
    return reduced.inference.raw_text, reduced.details


def test_the_first_of_the_most_frequent_outputs_stands():
    assert vote("Rome", "paris.", "Paris", "PARIS") == (
        "paris.",
        {"votes": 3, "cast": 4, "answers": 2},
    )


def test_of_equals_the_answer_that_came_first_wins():
    assert vote("b", "a", "a", "b")[0] == "b"


def test_case_can_make_another_vote():
    assert vote("Paris", "paris", "paris", ignore_case=False)[0] == "paris"


def test_the_parsed_answers_vote():
    assert consistent("it is 7", "3 I think", "so: 3.0", "hm") == (
        "3 I think",
        {"votes": 2, "cast": 3, "answers": 2},
    )


def test_where_nothing_can_be_read_the_first_candidate_stands_without_a_vote():
    assert consistent("who knows", "not me") == (
        "who knows",
        {"votes": 0, "cast": 0, "answers": 0},
    )


def test_candidates_without_output_do_not_vote():
    failed = make_candidate(None, status="error", sample_index=5)
    reduced = MajorityVote().reduce([failed, *candidates("a")], MetricContext({}))
    assert reduced.inference.raw_text == "a"


def test_no_output_at_all_is_an_error():
    with pytest.raises(ThemisError, match="majority_vote: none of 0 candidates has an output"):
        MajorityVote().reduce([], MetricContext({}))
