"""Deprecated hooks and methods go on working; whoever uses them is named, once."""

from __future__ import annotations

import warnings

import pytest

from themis.plugin import (
    AfterParse,
    ExecutionBackend,
    Exporter,
    LifecycleSubscriber,
    Metric,
    PipelineHook,
    PluginRegistry,
    StorageBackend,
    TracingProvider,
    hookspecs,
)
from themis.plugin.declarations import KINDS
from themis.plugin.deprecations import (
    Deprecation,
    PluginDeprecationWarning,
    deprecated,
    deprecated_methods,
    has_deprecated_methods,
)

USE = Deprecation("themis_metrics", "1.2", "themis_scorers")


class Polite:
    def score(self, trial, candidate, context):
        return 1.0


@pytest.fixture
def old_hook(monkeypatch):
    """The hook of metrics, deprecated."""

    def themis_metrics():
        return []

    themis_metrics.__qualname__ = "themis_metrics"
    spec = hookspecs.hookspec(deprecated(since="1.2", instead="themis_scorers")(themis_metrics))
    monkeypatch.setattr(hookspecs, "themis_metrics", spec)


@pytest.fixture
def old_method(monkeypatch):
    """The method of metrics, deprecated."""

    def score(self, trial, candidate, context):
        return 0.0

    score.__qualname__ = "Metric.score"
    monkeypatch.setattr(Metric, "score", deprecated(since="1.2", instead="Metric.rate")(score))


def test_a_plugin_that_implements_a_deprecated_hook_is_warned_of_and_works(site, old_hook):
    site.install("good-one")
    registry = PluginRegistry()
    with pytest.warns(PluginDeprecationWarning) as caught:
        plugins = {plugin.provider: plugin for plugin in registry.plugins()}
    assert plugins["good-one"].deprecated == (
        Deprecation("themis_metrics", "1.2", "themis_scorers"),
    )
    assert (
        "plugin good-one: themis_metrics is deprecated since core API 1.2; use themis_scorers"
        in ([str(each.message) for each in caught])
    )
    assert registry.get_metric("good").score(None, None, None) == 1.0


def test_the_warning_is_shown_once(site, old_hook):
    site.install("good-one")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            PluginRegistry().plugins()
    assert [str(each.message).split(":")[0] for each in caught].count("plugin good-one") == 1


def test_a_plugin_without_the_deprecated_hook_is_not_warned_of(site, old_hook):
    site.install(
        "other-one",
        "from themis.plugin import PluginInfo, hookimpl\n@hookimpl\n"
        "def themis_plugin():\n    return PluginInfo()\n",
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        PluginRegistry().plugins()
    assert not [each for each in caught if "other-one" in str(each.message)]


def test_a_component_with_a_deprecated_method_is_named_when_it_is_made(old_method):
    registry = PluginRegistry(plugins=())
    registry.register_metric("polite", Polite, version="1.0")
    with pytest.warns(
        PluginDeprecationWarning,
        match=(
            r"^metric local/polite@1\.0: Metric\.score is deprecated since core API 1\.2; "
            r"use Metric\.rate$"
        ),
    ):
        assert registry.get_metric("polite").score(None, None, None) == 1.0


def test_what_a_component_inherits_from_the_protocol_is_not_its_own(old_method):
    class Silent(Metric):
        pass

    assert deprecated_methods("metric", Silent) == ()
    assert len(deprecated_methods("metric", Polite())) == 1


@pytest.mark.parametrize(
    ("kind", "protocol", "method"),
    [
        ("storage_backend", StorageBackend, "__call__"),
        ("execution_backend", ExecutionBackend, "execute"),
        ("exporter", Exporter, "export"),
        ("observer", AfterParse, "after_parse"),
        ("observer", TracingProvider, "end_span"),
        ("pipeline_hook", PipelineHook, "pre_eval"),
    ],
)
def test_every_protocol_of_a_component_may_have_deprecated_methods(
    monkeypatch, kind, protocol, method
):
    old = deprecated(since="1.2", instead="another")(lambda *_, **__: None)
    monkeypatch.setattr(protocol, method, old)
    component = type("Component", (), {method: lambda *_, **__: None})
    assert [use.since for use in deprecated_methods(kind, component)] == ["1.2"]
    assert has_deprecated_methods(kind)


def test_a_function_that_opens_a_store_has_the_method_that_it_is_called_by(monkeypatch):
    old = deprecated(since="1.2", instead="another")(lambda *_, **__: None)
    monkeypatch.setattr(StorageBackend, "__call__", old)
    assert len(deprecated_methods("storage_backend", lambda config, *, read_only=False: None)) == 1


def test_a_subscriber_has_only_the_deprecated_hooks_that_it_writes(monkeypatch):
    old = deprecated(since="1.2", instead="another")(lambda *_, **__: None)
    monkeypatch.setattr(AfterParse, "after_parse", old)

    class Idle(LifecycleSubscriber):
        pass

    class Reading(LifecycleSubscriber):
        def after_parse(self, trial, extractions, context):
            return None

    assert deprecated_methods("observer", Idle) == ()
    assert len(deprecated_methods("observer", Reading())) == 1


def test_a_pipeline_hook_with_a_deprecated_method_is_named_when_it_is_registered(monkeypatch):
    old = deprecated(since="1.2", instead="another")(lambda self, trial, candidate: candidate)
    monkeypatch.setattr(PipelineHook, "pre_eval", old)
    steps = ("pre_inference", "post_inference", "pre_extraction")
    steps = (*steps, "post_extraction", "pre_eval", "post_eval")
    hook = type("Hook", (), {step: lambda _, __, given: given for step in steps})
    with pytest.warns(PluginDeprecationWarning, match="^hook lower: .* is deprecated since"):
        PluginRegistry(plugins=()).register_hook("lower", hook)


def test_nothing_of_the_core_is_deprecated_today():
    kinds = (*KINDS, "pipeline_hook")
    assert not any(has_deprecated_methods(kind) for kind in kinds)
