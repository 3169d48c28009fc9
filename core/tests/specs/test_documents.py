from __future__ import annotations

from pathlib import Path

import pytest

from themis.errors import ErrorCode, SpecValidationError
from themis.specs.documents import read_document


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.toml", b"", "is empty; write at least one key"),
        ("x.json", b" \n", "is empty; write at least one key"),
        ("x.yaml", b"# nothing\n", "is empty; write at least one key"),
        ("x.json", b"{}", "is empty; write at least one key"),
        ("x.yaml", b"- a\n", ":1: holds a list; write keys and values"),
        ("x.json", b"5", ":1: holds a single value; write keys and values"),
        ("x.toml", b"a = 1\nb = '\xff'\n", ":2: is not UTF-8 text; save it as UTF-8"),
        ("x.toml", b"a = 1\nb\n", ":2:2: is no TOML: "),
        ("x.ini", b"a=1", ".ini is not read here; use one of .toml, .yaml, .yml, .json"),
        ("x", b"a=1", "no suffix is not read here"),
        ("x.json", b'{"a":' * 200_000, "is nested too deeply to be read; flatten it"),
    ],
)
def test_a_file_that_is_no_document_says_why(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SpecValidationError) as caught:
        read_document(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert caught.value.code is ErrorCode.SCHEMA_MISMATCH
    assert caught.value.issues[0].file == str(path)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecValidationError, match=r"gone\.toml: does not exist; check the path"):
        read_document(tmp_path / "gone.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(SpecValidationError, match="is a folder; name a file in it"):
        read_document(tmp_path / "x.toml")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecValidationError, match="cannot be read: File name too long"):
        read_document(tmp_path / ("x" * 300 + ".toml"))


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert read_document(tmp_path / "x.toml").values == {"a": 1}


def test_the_suffix_may_be_written_large(tmp_path: Path) -> None:
    (tmp_path / "X.TOML").write_text("a = 1\n")
    assert read_document(tmp_path / "X.TOML").values == {"a": 1}


def test_an_issue_of_an_absent_key_points_to_the_table_it_belongs_to(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("a = 1\n[t]\nb = 2\n")
    issue = read_document(tmp_path / "x.toml").issue(("t", "c"), "is missing")
    assert (issue.line, issue.column, issue.key) == (2, 1, "t.c")
