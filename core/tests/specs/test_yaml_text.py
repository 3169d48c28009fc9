from __future__ import annotations

import math
from typing import Any

import pytest

from themis.specs.positions import DocumentError
from themis.specs.yaml_text import MAX_NODES, parse_yaml
from themis.testing.kits.timing import cpu_seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("010", 10),
        ("0x1f", 31),
        ("0o17", 15),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("~", None),
        ("", None),
        ("True", True),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("1_000", "1_000"),
    ],
)
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert parse_yaml(f"a: {text}\n")[0] == {"a": value}


def test_not_a_number_is_read_as_such() -> None:
    assert math.isnan(parse_yaml("a: .nan")[0]["a"])


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a: 1\nb: [\n", "is no YAML: ", (3, 1)),
        ("a: 1\nb: 2\na: 3\n", "the key 'a' is written twice; remove one", (3, 1)),
        ("x:\n  1: 2\n", "keys are strings; put quotes around this one", (2, 3)),
        ("x:\n  [a]: 2\n", "keys are strings; put quotes around this one", (2, 3)),
        (
            "a: !!python/name:os.system\n",
            "the tag tag:yaml.org,2002:python/name:os.system is",
            (1, 4),
        ),
        ("a: !thing {b: 1}\n", "the tag !thing is not supported; write a plain value", (1, 4)),
        ("a: 1\n---\nb: 2\n", "is no YAML: but found another document", (2, 1)),
        ("a: \x07\n", "is no YAML: ", None),
        ("a: !!int x\n", "'x' is no int", (1, 4)),
        ("<<: 5\n", "`<<` merges mappings; this is none", (1, 5)),
    ],
)
def test_what_is_not_read_is_named_with_its_place(
    text: str, message: str, place: tuple[int, int] | None
) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_yaml(text)
    assert caught.value.message.startswith(message)
    assert (caught.value.line, caught.value.column) == (place or (None, None))


def test_merged_keys_give_way_to_written_ones() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nown: {y: 5, <<: [*b, *m]}\n"
    assert parse_yaml(text)[0]["own"] == {"x": 1, "y": 5, "z": 4}


def test_a_small_file_cannot_grow_into_a_huge_one() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    def parse() -> None:
        problem = f"has more than {MAX_NODES} values once its aliases"
        with pytest.raises(DocumentError, match=problem):
            parse_yaml("\n".join(lines))

    assert cpu_seconds(parse, allowed=10) < 10


def test_an_alias_inside_itself_is_refused() -> None:
    with pytest.raises(DocumentError, match="is nested more than 100 levels deep"):
        parse_yaml("a: &a [*a]\n")
