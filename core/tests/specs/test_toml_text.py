from __future__ import annotations

import pytest

from themis.specs.positions import DocumentError
from themis.specs.toml_text import parse_toml


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a = 1\nb = \n", "is no TOML: Invalid value", 2),
        ("a = 1\na = 2\n", "is no TOML: Cannot overwrite a value", 2),
        ('a = 1\nb = """\nx', "is no TOML: ", 3),
        ("a = " + "1" * 5000, "holds a number that cannot be read", None),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(text: str, message: str, line: int | None) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        parse_toml(text)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "value",
    [
        '"a = 1 # [b]"',
        "'''\n[c]\n'''",
        '"""x\\""""""',
        "1979-05-27 07:32:00",
        '[[1, 2], ["]"]]',
        "{}",
    ],
)
def test_no_value_is_mistaken_for_a_key(value: str) -> None:
    positions = parse_toml(f"a = {value}\nz = 1\n")[1]
    assert {path[0] for path in positions} == {"a", "z"}


def test_windows_line_ends_count_once() -> None:
    assert parse_toml("a = 1\r\n[t]\r\nb = 2\r\n")[1]["t", "b"] == (3, 1)


def test_an_array_of_tables_within_another_starts_again() -> None:
    text = "[[a]]\n[[a.b]]\nx = 1\n[[a]]\n[[a.b]]\nx = 2\n[[a.b]]\nx = 3\n"
    positions = parse_toml(text)[1]
    assert (positions["a", 0, "b", 0, "x"], positions["a", 1, "b", 1, "x"]) == ((3, 1), (8, 1))
