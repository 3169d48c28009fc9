from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.specs import (
    ExtractorRefSpec,
    JudgeInferenceSpec,
    MetricRefSpec,
    ModelSpec,
    ParseSpec,
    ScoreSpec,
)


def test_a_plain_string_is_a_reference_without_configuration() -> None:
    short = ScoreSpec(name="s", metrics=["exact_match"])
    long = ScoreSpec(name="s", metrics=[{"id": "exact_match", "config": {}}])
    assert short.metrics == [MetricRefSpec(id="exact_match")]
    assert short.canonical_hash == long.canonical_hash


def test_a_chain_keeps_its_order_and_configuration() -> None:
    parse = ParseSpec(
        name="p", extractors=["boxed_text", {"id": "regex", "config": {"pattern": "x"}}]
    )
    assert parse.extractors == [
        ExtractorRefSpec(id="boxed_text"),
        ExtractorRefSpec(id="regex", config={"pattern": "x"}),
    ]


def test_an_extractor_may_be_written_as_a_spec() -> None:
    assert (
        ParseSpec(name="p", extractors=[ExtractorRefSpec(id="regex")]).extractors[0].id == "regex"
    )


@pytest.mark.parametrize("entry", ["", 5, {"config": {}}, {"id": "x", "conf": {}}])
def test_what_is_no_reference_is_an_error(entry: object) -> None:
    with pytest.raises(ValidationError, match="extractors"):
        ParseSpec(name="p", extractors=[entry])


def test_a_configuration_may_hold_specs() -> None:
    judge = JudgeInferenceSpec(model=ModelSpec(model_id="m", provider="p"))
    written = MetricRefSpec(id="rubric", config={"judges": [judge]})
    assert written == MetricRefSpec(id="rubric", config={"judges": [judge.model_dump()]})
    assert JudgeInferenceSpec.model_validate(written.config["judges"][0]) == judge


def test_an_empty_chain_is_an_error() -> None:
    with pytest.raises(ValidationError, match="extractors"):
        ParseSpec(name="p", extractors=[])


def test_a_score_needs_a_metric() -> None:
    with pytest.raises(ValidationError, match="metrics"):
        ScoreSpec(name="s", metrics=[])


def test_a_metric_is_reported_under_its_name_or_else_its_reference() -> None:
    assert MetricRefSpec(id="regex_match").reported_name == "regex_match"
    assert MetricRefSpec(id="regex_match", name="polite").reported_name == "polite"


def test_two_configurations_of_one_metric_need_names() -> None:
    metrics = [
        {"id": "numeric_match", "config": {"tolerance": 0.1}},
        {"id": "numeric_match", "config": {"tolerance": 0.2}},
    ]
    with pytest.raises(
        ValidationError,
        match=r"metrics\[1\]: score 's' has two different metrics reported as 'numeric_match'; "
        "give one of them a `name` of its own",
    ):
        ScoreSpec(name="s", metrics=metrics)
    named = ScoreSpec(name="s", metrics=[metrics[0], {**metrics[1], "name": "loose"}])
    assert [metric.reported_name for metric in named.metrics] == ["numeric_match", "loose"]


def test_a_metric_listed_twice_is_an_error() -> None:
    with pytest.raises(ValidationError, match="'exact_match' is listed twice in score 's'; remove"):
        ScoreSpec(name="s", metrics=["exact_match", {"id": "exact_match"}])
