"""Deprecated hooks and methods go on working; whoever uses them is named, once."""

from __future__ import annotations

import warnings

import pytest

from themis.plugin import Metric, PluginRegistry, hookspecs
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


def test_nothing_of_the_core_is_deprecated_today():
    kinds = ("engine", "extractor", "metric", "judge", "selector", "reducer", "dataset_provider")
    assert not any(has_deprecated_methods(kind) for kind in kinds)
