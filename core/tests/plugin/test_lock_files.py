"""Locks as files: what is written is read back; anything else is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.errors import SpecValidationError
from themis.plugin.lock import Lock, LockedDistribution
from themis.plugin.lock_files import lock_text, read_lock
from themis.plugin.origins import Origin
from themis.plugin.resolution import LockedComponent

LOCK = Lock(
    core=LockedDistribution(
        name="themis-framework", version="0.1.0", origin=Origin(kind="index"), digest="a" * 64
    ),
    distributions=(
        LockedDistribution(
            name="acme",
            version="1.2",
            origin=Origin(kind="editable", url="/src", commit="c0ffee", dirty=True),
        ),
    ),
    components=(
        LockedComponent(
            kind="engine", name="quill", version="1.4", provider="acme", refs=("quill",)
        ),
    ),
)
TEXT = f"""\
# Made (and made again) by 'themis lock'; 'themis run --locked' holds a run to it.
format = 1
api = "1.0"

[core]
version = "0.1.0"
digest = "sha256:{"a" * 64}"
origin = {{ kind = "index" }}

[[distribution]]
name = "acme"
version = "1.2"
origin = {{ kind = "editable", url = "/src", commit = "c0ffee", dirty = true }}

[[component]]
kind = "engine"
name = "quill"
version = "1.4"
provider = "acme"
refs = ["quill"]
"""


def test_a_lock_is_written_as_sorted_toml():
    assert lock_text(LOCK) == TEXT


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "themis.lock"
    path.write_text(TEXT)
    assert read_lock(path) == LOCK


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_path_survives(tmp_path_factory, url):
    path = tmp_path_factory.mktemp("lock") / "themis.lock"
    origin = Origin(kind="local", url=url)
    core = LockedDistribution(name="themis-framework", version="1", origin=origin)
    path.write_text(lock_text(Lock(core=core)), encoding="utf-8", newline="")
    assert read_lock(path).core == core


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1\n", "", ": is no lock of Themis: it has no key 'format'; make the lock"),
        ("format = 1", "format = 2", ":2:1: format: is 2, and this Themis reads 1; make the"),
        ('api = "1.0"', 'api = "1', ":3:9: is no TOML"),
        ("[core]", "[corn]", ": core: Field required; make the lock again with: themis lock FILE"),
        ('"engine"', '"motor"', ":16:1: component[0].kind: Input should be 'engine', "),
        ('version = "1.4"', 'version = "one"', ":18:1: component[0].version: Value error, 'one'"),
        ("sha256:aa", "sha256:zz", ":7:1: core.digest: String should match pattern"),
        ('["quill"]', '["a@"]', ":20:9: component[0].refs[0]: Value error, "),
        ('url = "/src"', "extra = 1", ":13:31: distribution[0].origin.extra: Extra inputs"),
    ],
)
def test_a_corrupt_or_foreign_file_is_refused_with_its_line(tmp_path, old, new, message):
    path = tmp_path / "themis.lock"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(SpecValidationError) as caught:
        read_lock(path)
    assert f"{path}{message}" in str(caught.value)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(SpecValidationError, match="does not exist; check the path"):
        read_lock(tmp_path / "themis.lock")
