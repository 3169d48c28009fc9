"""Spans as the conventions have them, where a run in a test does not come by."""

from __future__ import annotations

import json

import attrs
import pytest
from themis_otel.attributes import content_of, end_attributes, name_of, start_attributes

from themis.plugin import ContentPart, InferenceRecord, LifecycleContext, Message, Span
from themis.specs import ModelSpec

WHERE = LifecycleContext(run_id="r", benchmark_id="b", component="openai", candidate_id="c")
CALL = Span(
    kind="generate",
    context=WHERE,
    start=1.0,
    end=2.0,
    model=ModelSpec(model_id="gpt", provider="themis-openai/openai@>=1"),
)


def test_the_provider_of_a_full_reference_is_its_name():
    assert start_attributes(CALL)["gen_ai.provider.name"] == "openai"


def test_a_judge_that_is_no_model_is_no_chat():
    judge = Span(kind="judge", context=attrs.evolve(WHERE, component="human"), start=1.0)
    assert name_of(judge) == "judge human"
    assert not [name for name in start_attributes(judge) if name.startswith("gen_ai")]


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://x/y.png", {"type": "uri", "modality": "image", "uri": "https://x/y.png"}),
        (
            "data:image/png;base64,AAAA",
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        ),
    ],
)
def test_an_image_is_a_part(url, part):
    content = (ContentPart(type="text", text="see"), ContentPart(type="image", image_url=url))
    span = attrs.evolve(CALL, prompt=(Message("user", content),))
    [message] = json.loads(content_of(span)["gen_ai.input.messages"])
    assert message["parts"] == [{"type": "text", "content": "see"}, part]


def test_an_answer_in_json_is_text():
    span = attrs.evolve(CALL, inference=InferenceRecord(structured_output={"a": 1}))
    [message] = json.loads(content_of(span)["gen_ai.output.messages"])
    assert message["parts"][0]["content"] == '{"a": 1}'


def test_an_error_without_a_code_is_of_another_type():
    span = attrs.evolve(CALL, error="no", status="error")
    assert end_attributes(span)["error.type"] == "_OTHER"


def test_what_is_not_known_is_left_out():
    found = end_attributes(attrs.evolve(CALL, inference=InferenceRecord(raw_text="x")))
    assert found == {"themis.status": "ok", "themis.attempts": 1}
