"""The shape of the workspace: what is where, and that every distribution is whole."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DISTRIBUTIONS = sorted(
    path.parent
    for pattern in ("core", "plugins/*", "contrib/*")
    for path in ROOT.glob(f"{pattern}/pyproject.toml")
)
TOP = {
    ".ci", ".git", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "contrib",
    "core", "docs", "plugins", "pyproject.toml", "requirements-dev.txt", "templates", "tests",
}  # fmt: skip

every_distribution = pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=lambda path: path.name)


def project(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


def package(folder: Path) -> Path:
    [found] = (folder / "src").glob("*/__init__.py")
    return found.parent


def ignored(name: str) -> bool:
    """Whether .gitignore names it, as a folder or a pattern."""
    patterns = (ROOT / ".gitignore").read_text().split()
    return any(Path(name).match(pattern.rstrip("/")) for pattern in patterns)


def test_the_top_level_holds_only_what_belongs_there():
    found = {path.name for path in ROOT.iterdir() if not ignored(path.name)}
    assert found | {".git"} == TOP


def test_the_requirements_install_every_distribution_and_no_other():
    lines = (ROOT / "requirements-dev.txt").read_text().splitlines()
    listed = [re.match(r"-e \./([\w/-]+)", line) for line in lines]
    installed = sorted(ROOT / found[1] for found in listed if found)
    assert installed == DISTRIBUTIONS


def test_no_lock_of_a_tool_is_kept():
    assert not [path for path in ROOT.rglob("uv.lock") if ".venv" not in path.parts]


@every_distribution
def test_a_distribution_has_a_readme_tests_and_types(folder):
    assert (folder / "README.md").stat().st_size > 0
    assert list((folder / "tests").rglob("test_*.py"))
    assert (package(folder) / "py.typed").exists()


@every_distribution
def test_a_distribution_says_its_version_once(folder):
    module = import_module(package(folder).name)
    assert module.__version__ == project(folder)["version"]


@every_distribution
def test_a_plugin_bounds_the_core_it_needs(folder):
    needs = [each for each in project(folder)["dependencies"] if each.startswith("themis-")]
    expected = [] if folder.name == "core" else ["themis-framework>=0.1,<1"]
    assert needs == expected


def test_the_readme_names_only_targets_of_the_makefile():
    named = set(
        re.findall(r"^    make (\w+)|`make (\w+)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    )
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {name for pair in named for name in pair if name} <= targets
