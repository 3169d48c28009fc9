from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from themis.plugin import MetricContext, MetricError
from themis.testing import MetricKit, make_candidate, make_trial

from themis_example_metric.metric import KeywordRecall, KeywordRecallConfig

ITEM = {"question": "What do plants need to grow?", "keywords": ["light", "water"]}


class TestKeywordRecall(MetricKit):
    ref: ClassVar[str] = "themis-example-metric/example_metric"
    item: ClassVar[Mapping[str, Any]] = ITEM
    perfect: ClassVar[Any] = "They need water and light."
    wrong: ClassVar[Any] = "Patience."


def missing(answer: str, **config: Any) -> list[str]:
    metric = KeywordRecall(KeywordRecallConfig(**config))
    score = metric.score(make_trial(), make_candidate(answer), MetricContext(ITEM))
    assert score.value == 1 - len(score.details["missing"]) / 2
    return list(score.details["missing"])


def test_the_missing_keywords_are_named() -> None:
    assert missing("Light, of course.") == ["water"]


def test_case_counts_when_it_is_asked_to() -> None:
    assert missing("Light and water.", ignore_case=False) == ["light"]


def test_an_item_without_keywords_is_an_error_that_names_the_field() -> None:
    metric = KeywordRecall(KeywordRecallConfig(field="words"))
    with pytest.raises(MetricError, match="no keywords in 'words'; it has question, keywords"):
        metric.score(make_trial(), make_candidate("light"), MetricContext(ITEM))
