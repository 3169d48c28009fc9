"""`themis plugins enable | disable`: comments stay, nothing of a plugin is imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from themis.cli import main

PROJECT = """\
# our project
project_name = "p"  # its name

[plugins]
# not the old ones
block = [
    "Old_One",  # too slow
]
allow = ["acme"]
"""


@pytest.fixture(autouse=True)
def folder(site, tmp_path, monkeypatch):
    """A folder without a project file; every plugin there is raises when it is imported."""
    for name in ("acme", "apex", "old-one"):
        site.install(name, "raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plugins(*arguments, code=0):
    result = CliRunner().invoke(main, ["plugins", *arguments])
    assert result.exit_code == code, result.output
    return result


def states():
    listed = json.loads(plugins("list", "--json").stdout)["plugins"]
    return {each["distribution"]: each["state"] for each in listed}


def test_disabling_blocks_in_themis_toml_which_counts_from_then_on():
    assert plugins("disable", "acme").stdout == "acme is blocked in themis.toml\n"
    assert Path("themis.toml").read_text() == '[plugins]\nblock = ["acme"]\n'
    assert states()["acme"] == "blocked"


def test_enabling_undoes_it():
    plugins("disable", "acme")
    assert plugins("enable", "ACME").stdout == "ACME is allowed in themis.toml\n"
    assert states()["acme"] == "broken"


def test_comments_and_layout_stay():
    Path("themis.toml").write_text(PROJECT)
    plugins("disable", "apex")
    plugins("enable", "apex")
    assert '    "Old_One",  # too slow\n' in Path("themis.toml").read_text()
    plugins("enable", "old-one")
    text = Path("themis.toml").read_text()
    assert text.startswith('# our project\nproject_name = "p"  # its name\n')
    assert "# not the old ones" in text
    assert "Old_One" not in text


def test_where_only_some_plugins_are_allowed_enabling_adds_one():
    Path("themis.toml").write_text(PROJECT)
    plugins("enable", "apex")
    assert 'allow = ["acme", "apex"]' in Path("themis.toml").read_text()


def test_what_is_so_already_changes_nothing():
    Path("themis.toml").write_text(PROJECT)
    assert plugins("disable", "old.one").stdout == "old.one is blocked in themis.toml already\n"
    assert Path("themis.toml").read_text() == PROJECT


def test_another_project_file_is_edited_where_it_is_named(folder):
    other = folder / "other.toml"
    other.write_text('project_name = "p"\n')
    shown = json.loads(plugins("disable", "acme", "--project", str(other), "--json").stdout)
    assert (shown["state"], shown["changed"]) == ("blocked", True)
    assert other.read_text() == 'project_name = "p"\n\n[plugins]\nblock = ["acme"]\n'
    assert not Path("themis.toml").exists()


def test_a_linked_project_file_is_edited_where_it_is_and_keeps_its_mode(folder):
    shared = folder / "shared" / "project.toml"
    shared.parent.mkdir()
    shared.write_text('project_name = "p"\n')
    shared.chmod(0o640)
    Path("themis.toml").symlink_to(shared)
    assert plugins("disable", "acme").stdout == "acme is blocked in themis.toml\n"
    assert Path("themis.toml").is_symlink()
    assert shared.read_text() == 'project_name = "p"\n\n[plugins]\nblock = ["acme"]\n'
    assert shared.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in shared.parent.iterdir()] == ["project.toml"]


def test_the_environment_wins_and_that_is_said(monkeypatch):
    monkeypatch.setenv("THEMIS_PLUGINS", "apex")
    plugins("disable", "acme")
    assert "allowed (but not by THEMIS_PLUGINS, which wins)" in plugins("enable", "acme").stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acne", "no plugin of a distribution 'acne' is installed; did you mean 'acme'?"),
        ("zzzzzz", "no plugin of a distribution 'zzzzzz' is installed; see: themis plugins list"),
        ("builtin", "'builtin' names the core's own components, which are always there"),
    ],
)
def test_a_name_that_is_no_plugins_is_refused(name, message):
    assert message in plugins("disable", name, code=2).stderr
    assert not Path("themis.toml").exists()


def test_a_listed_plugin_that_is_gone_can_be_enabled_and_so_unlisted():
    Path("themis.toml").write_text('[plugins]\nblock = ["gone"]\n')
    plugins("enable", "gone")
    assert Path("themis.toml").read_text() == "[plugins]\nblock = []\n"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("p.yaml", "project_name: p\n", "is not TOML; edit its plugins.block and plugins.allow"),
        ("p.toml", "[plugins\n", "p.toml:1:9: is no TOML"),
        ("p.toml", "[plugins]\nblock = 3\n", "plugins.block: must be a list"),
    ],
)
def test_a_file_that_cannot_be_edited_stays_as_it_is(folder, file, text, message):
    (folder / file).write_text(text)
    assert message in plugins("disable", "acme", "--project", file, code=2).stderr
    assert (folder / file).read_text() == text
