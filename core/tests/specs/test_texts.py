"""Laws that hold for the three ways to write a document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tomlkit
import yaml
from hypothesis import given
from hypothesis import strategies as st

from themis.specs.json_text import parse_json
from themis.specs.positions import KeyPath
from themis.specs.toml_text import parse_toml
from themis.specs.yaml_text import parse_yaml

keys = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=5
)
scalars = st.booleans() | st.integers(-(2**62), 2**62) | st.text(st.characters(codec="utf-8"))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(keys, values, min_size=1, max_size=4)


def paths(value: Any, above: KeyPath = ()) -> Iterator[KeyPath]:
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, entry in entries:
        yield (*above, key)
        yield from paths(entry, (*above, key))


def as_toml(value: Any) -> str:
    return tomlkit.dumps(value)


class Quoting(yaml.SafeDumper):
    """Quotes every string: PyYAML's own idea of what needs quotes is YAML 1.1's."""


Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def as_yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=Quoting, allow_unicode=True)


def as_yaml_flow(value: Any) -> str:
    return yaml.dump(value, Dumper=Quoting, default_flow_style=True)


@pytest.mark.parametrize(
    ("write", "parse"),
    [
        (json.dumps, parse_json),
        (lambda value: json.dumps(value, indent=1, ensure_ascii=False), parse_json),
        (as_toml, parse_toml),
        (as_yaml, parse_yaml),
        (as_yaml_flow, parse_yaml),
    ],
    ids=["json", "indented-json", "toml", "yaml", "flow-yaml"],
)
@given(written=documents)
def test_what_is_written_is_read_and_every_key_has_a_place(
    write: Callable[[Any], str], parse: Callable[[str], tuple[Any, Any]], written: dict[str, Any]
) -> None:
    value, positions = parse(write(written))
    assert value == written
    assert set(paths(value)) == set(positions)


PLACES = {
    "toml": (
        parse_toml,
        (
            'a = 1\n[project]\n"b c" = """\nx = 2\n"""\n'
            '[[slices]]\nid = "x"\n[[slices]]\nid = "y"\ntags = [\n  "q",\n  { r = 1 },\n]\n'
            "[slices.generation]\nd.e = 5 # f = 6\n"
        ),
        {
            ("a",): (1, 1),
            ("project", "b c"): (3, 1),
            ("slices", 0, "id"): (7, 1),
            ("slices", 1): (8, 1),
            ("slices", 1, "id"): (9, 1),
            ("slices", 1, "tags", 1, "r"): (12, 5),
            ("slices", 1, "generation"): (14, 1),
            ("slices", 1, "generation", "d", "e"): (15, 1),
        },
    ),
    "yaml": (
        parse_yaml,
        "a: 1\nslices:\n  - id: x\n  - {id: y, tags: [q, r]}\n",
        {("a",): (1, 1), ("slices", 1, "id"): (4, 6), ("slices", 1, "tags", 1): (4, 23)},
    ),
    "json": (
        parse_json,
        '{"a": 1,\n "slices": [\n  {"id": "x\\"y"},\n  {"id": "}", "n": [1, 2]}]}',
        {("a",): (1, 2), ("slices", 1, "id"): (4, 4), ("slices", 1, "n", 1): (4, 24)},
    ),
}


@pytest.mark.parametrize("kind", PLACES)
def test_places_are_lines_and_columns_from_one(kind: str) -> None:
    parse, text, expected = PLACES[kind]
    positions = parse(text)[1]
    assert {path: positions[path] for path in expected} == expected
