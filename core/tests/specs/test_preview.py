"""`BenchmarkSpec.preview`: what would be sent for one item, without an orchestrator."""

from __future__ import annotations

import pytest

from themis.errors import SpecValidationError
from themis.specs import BenchmarkSpec


def benchmark():
    return BenchmarkSpec.model_validate(
        {
            "benchmark_id": "b",
            "models": [{"model_id": "m", "provider": "echo"}],
            "prompt_variants": [
                {"id": "p", "messages": [{"role": "user", "content": "{{ item.question }}!"}]}
            ],
            "inference_grid": {"params": [{}]},
            "slices": [
                {
                    "slice_id": "s",
                    "dataset": {
                        "source": "memory",
                        "transforms": [
                            {"kind": "rename", "field": "question", "source_field": "q"}
                        ],
                    },
                    "generation": {
                        "follow_ups": [{"messages": [{"role": "user", "content": "sure?"}]}]
                    },
                }
            ],
        }
    )


def test_an_item_is_shown_as_it_would_be_sent_transforms_included():
    [shown] = benchmark().preview({"q": "why"})
    assert [message.text for message in shown.messages] == ["why!"]
    assert [[message.text for message in turn] for turn in shown.follow_ups] == [["sure?"]]
    assert (shown.slice_id, shown.model_id, shown.failure) == ("s", "m", None)


def test_an_item_that_lacks_a_field_says_why_it_would_not_be_sent():
    [shown] = benchmark().preview({"x": 1})
    assert "the item has no field 'q'" in shown.failure


def test_a_slice_may_be_chosen_and_must_be_there():
    assert len(benchmark().preview({"q": "why"}, slice_id="s")) == 1
    with pytest.raises(SpecValidationError, match="there is no slice 'x'"):
        benchmark().preview({"q": "why"}, slice_id="x")
