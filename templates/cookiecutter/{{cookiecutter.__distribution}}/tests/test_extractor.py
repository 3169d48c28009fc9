from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError
from themis.testing import ExtractorKit, make_candidate, make_trial

from {{ cookiecutter.__package }}.extractor import TaggedText, TaggedTextConfig


class TestTaggedText(ExtractorKit):
    ref: ClassVar[str] = "{{ cookiecutter.__distribution }}/{{ cookiecutter.__component }}"
    examples: ClassVar[Mapping[str, Any]] = {
        "<answer>42</answer>": "42",
        "First <answer>41</answer>, no: <answer> 42 </answer>.": "42",
    }


def test_the_tag_is_a_setting() -> None:
    candidate = make_candidate("<final>42</final> <answer>41</answer>")
    record = TaggedText().extract(make_trial(), candidate, TaggedTextConfig(tag="final"))
    assert record.parsed_answer == "42"


def test_an_output_without_the_tags_says_so() -> None:
    record = TaggedText().extract(make_trial(), make_candidate("</answer> 42 <answer>"))
    assert not record.success
    assert record.failure_reason == "the output has no <answer>...</answer>"


def test_a_tag_with_brackets_is_refused() -> None:
    with pytest.raises(ValidationError, match="tag"):
        TaggedTextConfig(tag="<answer>")
