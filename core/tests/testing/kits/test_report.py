"""Every check of a distribution, without configuration."""

from __future__ import annotations

import socket

import pytest

from themis.errors import PluginError
from themis.testing import run_checks

PLUGIN = """
    from themis.plugin import (
        ExtractorDeclaration, InferenceEngineDeclaration, InferenceError, PluginInfo, hookimpl
    )

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Whole words.")

    @hookimpl
    def themis_extractors():
        return [ExtractorDeclaration(
            name="words", implementation="{module}:Words", version="1.0", summary="Words."
        )]

    @hookimpl
    def themis_inference_engines():
        return [InferenceEngineDeclaration(
            name="remote", implementation="{module}:Remote", version="1.0", summary="Elsewhere."
        )]

    class Words:
        def extract(self, trial, candidate, config=None):
            return candidate.inference.raw_text.split()

    class Remote:
        def infer(self, trial, context, runtime):
            import socket
            try:
                socket.create_connection(("api.example.com", 443))
            except OSError as error:
                raise InferenceError(str(error))
"""


@pytest.fixture
def report(site):
    site.install("word-tools", PLUGIN)
    return run_checks("word_tools")


def test_every_failure_names_component_and_check(report):
    assert not report.ok
    [failed] = report.failed
    assert (failed.subject, failed.check) == (
        "extractor word-tools/words@1.0",
        "extractor.no_output",
    )
    assert "'NoneType' object has no attribute" in failed.message


def test_an_engine_that_needs_the_network_is_not_asked(report):
    asked = [one for one in report.outcomes if one.check == "engine.result"]
    assert [one.state for one in asked] == ["skipped"]
    assert "connect to nothing outside: api.example.com" in asked[0].message


def test_the_report_is_plain_data(report):
    data = report.to_dict()
    assert data["counts"]["failed"] == 1
    assert data["outcomes"][0]["check"] == "plugin.loads"
    assert "live" not in {one["check"].partition(".")[2] for one in data["outcomes"]}


def test_the_network_is_given_back(report):
    assert socket.getaddrinfo.__module__ == "socket"
    assert socket.socket.connect is super(socket.socket, socket.socket).connect


def test_a_distribution_that_is_not_installed_is_an_error():
    with pytest.raises(PluginError, match="no plugin of a distribution 'nothing' is installed"):
        run_checks("nothing")
