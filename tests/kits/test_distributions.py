"""Every distribution in this repository passes the kits, and has tests that give them settings."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from themis.testing import run_checks

ROOT = Path(__file__).parents[2]
FOLDERS = [path.parent for path in sorted(ROOT.glob("[pc]*/themis-*/pyproject.toml"))]


def project(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_there_are_distributions():
    assert {folder.parent.name for folder in FOLDERS} == {"plugins", "contrib"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_distribution_is_a_plugin_that_passes_what_can_be_checked_without_settings(folder):
    assert "themis.plugins" in project(folder)["entry-points"]
    report = run_checks(folder.name)
    assert report.failed == ()
    assert report.counts()["passed"] >= 8


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_distribution_has_tests_on_the_kit_of_plugins(folder):
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.glob("tests/*.py"))
    assert "(PluginKit)" in tests
    assert f'"{folder.name}"' in tests
