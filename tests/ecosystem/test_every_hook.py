"""One plugin with every hook: what each of them declares can be looked up."""

from __future__ import annotations

import sys
import textwrap

import pytest

from themis.plugin import PluginRegistry
from themis.plugin.declarations import KINDS
from themis.plugin.reading import HOOK_KINDS

PLUGIN = """
from themis import plugin
from themis.plugin import PluginInfo, hookimpl

NAMED = {"name": "thing", "implementation": "one_of_each:Thing", "version": "1.0"}

class Thing:
    def infer(self, trial, context, runtime): ...
    def extract(self, trial, candidate, config): ...
    def score(self, trial, candidate, context): ...
    def judge(self, request): ...
    def select(self, candidates, ctx): ...
    def reduce(self, candidates, ctx): ...
    def scan(self, slice_spec, query): ...
    def export(self, result, path): ...
    async def execute(self, run): ...

@hookimpl
def themis_plugin():
    return PluginInfo(core_api=">=1.0,<2", summary="One of each kind.")

@hookimpl
def themis_inference_engines():
    return [plugin.InferenceEngineDeclaration(**NAMED)]

@hookimpl
def themis_extractors():
    return [plugin.ExtractorDeclaration(**NAMED)]

@hookimpl
def themis_metrics():
    return [plugin.MetricDeclaration(**NAMED)]

@hookimpl
def themis_judges():
    return [plugin.JudgeDeclaration(**NAMED)]

@hookimpl
def themis_selectors():
    return [plugin.SelectorDeclaration(**NAMED)]

@hookimpl
def themis_reducers():
    return [plugin.ReducerDeclaration(**NAMED)]

@hookimpl
def themis_storage_backends():
    return [plugin.StorageBackendDeclaration(**NAMED)]

@hookimpl
def themis_execution_backends():
    return [plugin.ExecutionBackendDeclaration(**NAMED)]

@hookimpl
def themis_dataset_providers():
    return [plugin.DatasetProviderDeclaration(**NAMED)]

@hookimpl
def themis_exporters():
    return [plugin.ExporterDeclaration(**NAMED)]

@hookimpl
def themis_benchmarks():
    manifest = {**NAMED, "implementation": "one_of_each:thing.toml"}
    return [plugin.BenchmarkDeclaration(**manifest)]

@hookimpl
def themis_observers():
    return [plugin.ObserverDeclaration(**NAMED)]

@hookimpl
def themis_commands():
    return [plugin.CommandDeclaration(**NAMED)]
"""


@pytest.fixture
def registry(tmp_path, monkeypatch):
    (tmp_path / "one_of_each.py").write_text(textwrap.dedent(PLUGIN))
    info = tmp_path / "one_of_each-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: one-of-each\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[themis.plugins]\nall = one_of_each\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield PluginRegistry()
    sys.modules.pop("one_of_each", None)


@pytest.mark.parametrize("hook", HOOK_KINDS)
def test_what_a_hook_declares_is_found_by_its_kind_and_name(registry, hook):
    kind = HOOK_KINDS[hook]
    found = registry.resolve(kind, "one-of-each/thing@1")
    assert (found.kind, found.name, found.version) == (kind, "thing", "1.0")
    assert isinstance(found.declaration, KINDS[kind])


def test_a_plugin_with_every_hook_is_in_order(registry):
    [plugin] = [each for each in registry.plugins() if each.distribution.name == "one-of-each"]
    assert (plugin.state, plugin.reason) == ("ok", "")
    assert {each.kind for each in plugin.declarations} == set(KINDS)
