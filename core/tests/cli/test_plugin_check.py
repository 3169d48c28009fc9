"""`themis plugins check`: the kits, from a shell."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from themis.cli import main

PLUGIN = """
    from themis.plugin import ExtractorDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Whole words.")

    @hookimpl
    def themis_extractors():
        return [ExtractorDeclaration(
            name="words", implementation="{module}:Words", version="1.0", summary="Words."
        )]

    class Words:
        def extract(self, trial, candidate, config=None):
            return candidate.inference.raw_text.split()
"""

ENGINE = """
    from themis.plugin import (
        ErrorCode, InferenceEngineDeclaration, InferenceError, PluginInfo, hookimpl
    )

    ASKED, CLOSED = [], []

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Needs a server.")

    @hookimpl
    def themis_inference_engines():
        return [InferenceEngineDeclaration(
            name="needy", implementation="{module}:Needy", version="1.0",
            summary="Needs a server.",
        )]

    class Needy:
        async def infer(self, trial, context, runtime):
            ASKED.append(self)
            raise InferenceError("no server", code=ErrorCode.PROVIDER_UNAVAILABLE)

        async def close(self):
            CLOSED.append(self) if self in ASKED else None
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def check(*arguments, code=0):
    result = CliRunner().invoke(main, ["plugins", "check", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_failed_check_is_listed_under_its_component_and_the_exit_code_is_1(site):
    site.install("word-tools", PLUGIN)
    lines = check("word-tools", code=1).stdout.splitlines()
    at = lines.index("extractor word-tools/words@1.0")
    assert any(line.startswith("  failed  extractor.no_output: ") for line in lines[at:])
    assert " 1 failed" in lines[-1]


def test_only_the_levels_asked_for_are_run(site):
    site.install("word-tools", PLUGIN)
    shown = check("word-tools", "--level", "static").stdout
    assert "extractor.no_output" not in shown
    assert shown.splitlines()[-1].startswith("word-tools: ")


def test_the_json_is_the_whole_report(site):
    site.install("word-tools", PLUGIN)
    report = json.loads(check("Word_Tools", "--level", "static", "--json").stdout)
    assert (report["ok"], report["counts"]["failed"]) == (True, 0)


def test_a_broken_plugin_fails_its_check(site):
    site.install("word-tools", "raise RuntimeError('no licence')")
    assert "failed  plugin.loads: " in check("word-tools", "--level", "static", code=1).stdout


def test_an_engine_that_cannot_be_asked_without_configuration_is_closed_all_the_same(site):
    module = site.install("needy", ENGINE)
    assert "engine.close: it cannot be asked without configuration" in check("needy").stdout
    engines = sys.modules[module]
    assert engines.ASKED
    assert set(engines.ASKED) == set(engines.CLOSED)


def test_a_distribution_that_is_not_installed_is_an_error(site):
    assert "no plugin of a distribution 'gone' is installed" in check("gone", code=2).stderr
