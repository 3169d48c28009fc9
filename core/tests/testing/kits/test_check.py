"""Checks under pytest: what passes, fails, is known, and is skipped, in a session of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from themis.testing import ExtractorKit

MODULE = """
    from themis.plugin.registry import PluginRegistry
    from themis.testing import ExtractorKit

    class Shouting:
        version = "1.0"
        def extract(self, trial, candidate, config=None):
            return (candidate.inference.raw_text or "").upper() or None

    class Kit(ExtractorKit):
        ref = "local/shouting"
        examples = {"yes": "YES"}

        @classmethod
        def registry(cls):
            registry = PluginRegistry(plugins=())
            registry.register_extractor("shouting", Shouting)
            return registry

    class TestShouting(Kit):
        examples = {"yes": "No"}

    class TestKnown(Kit):
        known_failures = {"extractor.no_output": "it needs an output", "extractor.total": "?"}
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """The lines that pytest reports of the module."""
    folder = tmp_path_factory.mktemp("author")
    (folder / "test_author.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", "-rs", "--tb=short"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout


def test_a_check_that_holds_passes(session):
    assert "TestShouting::test_any_text_is_read_or_refused PASSED" in session


def test_a_check_that_fails_shows_the_values(session):
    assert "TestShouting::test_the_examples_are_read FAILED" in session
    assert "AssertionError: 'yes' was read as 'YES', not 'No'" in session
    assert "assert 'YES' == 'No'" in session


def test_a_known_failure_is_expected(session):
    assert "TestKnown::test_a_candidate_without_text_is_no_crash XFAIL" in session


def test_a_known_failure_that_passes_fails(session):
    assert "TestKnown::test_any_text_is_read_or_refused FAILED" in session
    assert "extractor.total is in known_failures (?) and passes; take it off the list" in session


def test_a_check_that_does_not_apply_is_skipped_with_the_reason(session):
    assert "TestShouting::test_an_unknown_setting_is_refused SKIPPED" in session
    assert "it declares no config model" in session


def test_a_known_failure_of_no_check_is_an_error():
    with pytest.raises(TypeError, match=r"names extractor\.fast, which are no checks of it"):
        type("Kit", (ExtractorKit,), {"known_failures": {"extractor.fast": "?"}})
