from __future__ import annotations

import pytest

from themis.specs.json_text import parse_json
from themis.specs.positions import DocumentError


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ('{"a": 1,\n}', "is no JSON: ", None),
        ('{"a": NaN}', "holds NaN, which is no JSON; use a finite number", None),
        ('{"a": 1,\n "b": 2,\n "a": 3}', r"the key 'a' is written twice \(first in line 1\)", 3),
        ('{"x": [\n {"a": 1, "\\u0061": 2}]}', "the key 'a' is written twice", 2),
        ('{"a": ' + "1" * 5000 + "}", "holds a number that cannot be read", None),
    ],
)
def test_what_is_no_json_is_named_with_its_line(text: str, message: str, line: int | None) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        parse_json(text)
    assert line is None or caught.value.line == line


def test_a_single_value_has_no_keys() -> None:
    assert parse_json("5") == (5, {})
