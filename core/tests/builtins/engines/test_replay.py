from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import ValidationError

from themis.builtins.engines.replay import ReplayEngine, ReplaySettings
from themis.errors import InferenceError
from themis.plugin import InferenceRuntime
from themis.testing.fakes import make_trial


@pytest.fixture
def file(tmp_path):
    def write(*rows):
        path = tmp_path / "outputs.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return str(path)

    return write


def replay(path, *, item_id="q1", model_id="m", sample=0):
    trial = make_trial("?", item_id=item_id, model_id=model_id, prompt_variant_id="direct")
    runtime = InferenceRuntime(sample_index=sample)
    return asyncio.run(ReplayEngine({"path": path}).infer(trial, {}, runtime)).inference


def test_an_items_recorded_output_is_given_again(file):
    usage = {"prompt": 3, "completion": 2}
    path = file({"item_id": "q1", "text": "4", "latency_ms": 5, "token_usage": usage})
    record = replay(path)
    assert (record.raw_text, record.latency_ms, record.token_usage.prompt) == ("4", 5.0, 3)


def test_the_line_that_fits_most_precisely_is_taken(file):
    path = file(
        {"item_id": "q1", "text": "any"},
        {"item_id": "q1", "text": "second", "sample_index": 1},
        {"item_id": "q1", "text": "other's second", "model": "other", "sample_index": 1},
        {"item_id": "q1", "text": "another prompt", "prompt_variant_id": "steps"},
    )
    assert replay(path).raw_text == "any"
    assert replay(path, sample=1).raw_text == "second"
    assert replay(path, sample=1, model_id="other").raw_text == "other's second"


def test_a_missing_output_names_what_was_asked_and_is_not_retried(file):
    path = file({"item_id": "q2", "text": "4"})
    with pytest.raises(InferenceError) as caught:
        replay(path)
    assert not caught.value.retryable
    assert str(caught.value) == (
        f"replay: {path} has no output for item 'q1', model 'm', prompt variant 'direct', sample 0"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "x"}', r"outputs\.jsonl:2: item_id: Field required"),
        ('{"item_id": "q", "text": 5}', r"outputs\.jsonl:2: text: Input should be a valid string"),
        ('{"item_id": "q", "txt": ""}', r"outputs\.jsonl:2: text: Field required"),
        ("{", r"outputs\.jsonl:2: the line: Invalid JSON"),
        ('{"item_id": "q1", "text": "again"}', r"outputs\.jsonl:2: a second output for item 'q1'"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, line, message):
    path = tmp_path / "outputs.jsonl"
    path.write_text(f'{{"item_id": "q1", "text": "x"}}\n{line}\n')
    with pytest.raises(ValidationError, match=message):
        ReplaySettings(path=str(path))


def test_an_absent_file_is_named_with_its_full_path(tmp_path):
    with pytest.raises(ValidationError, match=r"absent\.jsonl cannot be read: No such file"):
        ReplaySettings(path=str(tmp_path / "absent.jsonl"))


def test_a_file_without_outputs_is_refused(file):
    with pytest.raises(ValidationError, match="holds no outputs"):
        ReplaySettings(path=file())


def test_another_content_is_another_engine(file):
    first = ReplaySettings(path=file({"item_id": "q1", "text": "a"})).model_dump()
    other = ReplaySettings(path=file({"item_id": "q1", "text": "b"})).model_dump()
    assert first["sha256"] != other["sha256"]
