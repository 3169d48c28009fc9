from __future__ import annotations

import types

import pytest

from themis.plugin import (
    BenchmarkDeclaration,
    ExtractorDeclaration,
    InferenceEngineDeclaration,
    MetricDeclaration,
    PluginInfo,
    hookimpl,
)
from themis.plugin import hookspecs as specs
from themis.plugin.declarations import KINDS
from themis.plugin.reading import (
    HOOK_KINDS,
    BrokenPluginError,
    IncompatiblePluginError,
    InvalidPluginError,
    read_plugin,
)

METRIC = MetricDeclaration(name="m", implementation="pkg.mod:M", version="1.0")


def plugin(*, info=None, **hooks):
    """A module with `themis_plugin` and the hooks given, as values or functions."""
    module = types.ModuleType("fake_plugin")
    hooks = {"themis_plugin": info or PluginInfo(), **hooks}
    for name, value in hooks.items():
        setattr(module, name, hookimpl(returning(value)))
    return module


def returning(value):
    def hook():
        return value() if callable(value) else value

    return hook


def fault(module):
    with pytest.raises(InvalidPluginError) as caught:
        read_plugin(module)
    return str(caught.value)


def test_a_plugin_gives_its_info_and_its_declarations():
    extractor = ExtractorDeclaration(name="e", implementation="pkg:E", version="2.0")
    module = plugin(themis_metrics=[METRIC], themis_extractors=lambda: iter([extractor]))
    assert read_plugin(module) == (PluginInfo(), (extractor, METRIC))


def test_every_kind_has_a_hook():
    assert sorted(HOOK_KINDS.values()) == sorted(KINDS)
    hooks = {name for name in dir(specs) if name.startswith("themis_")}
    assert hooks == {"themis_plugin", *HOOK_KINDS}


def test_a_coroutine_hook_is_refused():
    module = plugin()

    @hookimpl
    async def themis_metrics():
        return []

    module.themis_metrics = themis_metrics
    assert fault(module) == (
        "themis_metrics is a coroutine function; hooks return data: write it with def"
    )


def test_misspelt_hooks_are_all_named_with_the_nearest():
    module = plugin(themis_metric=[], themis_xtractors=[], frobnicate=[])
    text = fault(module)
    assert "there is no hook themis_metric; did you mean themis_metrics?" in text
    assert "there is no hook themis_xtractors; did you mean themis_extractors?" in text
    assert "there is no hook frobnicate; the hooks are themis_plugin, " in text


def test_a_hook_without_its_mark_is_named():
    module = plugin()
    exec("def themis_metrics():\n    return []", module.__dict__)
    assert fault(module) == "themis_metrics is not marked: put @hookimpl on it"


def test_a_plugin_without_its_info_hook_is_invalid():
    module = plugin(themis_plugins=PluginInfo())
    del module.themis_plugin
    assert fault(module) == (
        "it has no hook themis_plugin, which returns PluginInfo; is themis_plugins meant to be it?"
    )


def test_a_hook_with_arguments_is_invalid():
    module = plugin()
    module.themis_metrics = hookimpl(lambda registry: [])
    assert "Argument(s) {'registry'} are declared in the hookimpl" in fault(module)


@pytest.mark.parametrize("api", ["one", None, 1])
def test_a_core_api_that_is_no_specifier_is_invalid(api):
    assert fault(plugin(info=PluginInfo(core_api=api))) == (
        f"themis_plugin: core_api {api!r} is no PEP 440 specifier, such as '>=1.0,<2'"
    )


def test_a_plugin_for_another_core_api_is_incompatible():
    with pytest.raises(IncompatiblePluginError, match=r"needs core API <1\.0, and this core has 1"):
        read_plugin(plugin(info=PluginInfo(core_api="<1.0"), themis_nonsense=[]))


@pytest.mark.parametrize("problem", [ValueError("odd"), SystemExit("odd")])
def test_a_hook_that_raises_breaks_the_plugin(problem):
    def fail():
        raise problem

    def fail_later():
        yield METRIC
        raise problem

    for hook in (fail, fail_later):
        with pytest.raises(BrokenPluginError, match=r"themis_metrics raised \w+: odd"):
            read_plugin(plugin(themis_metrics=hook))


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (lambda: None, "themis_metrics returned None; return a list of declarations, which may"),
        (METRIC, "themis_metrics returned MetricDeclaration "),
        ({"a": METRIC}, "themis_metrics returned dict "),
        ("abc", "themis_metrics returned str 'abc'; return a list of declarations"),
        ([3], "themis_metrics returned int 3, not MetricDeclaration"),
        (
            [ExtractorDeclaration(name="e", implementation="p:E", version="1")],
            "themis_metrics returned ExtractorDeclaration ",
        ),
    ],
)
def test_a_hook_that_returns_anything_but_its_declarations_is_invalid(returned, text):
    assert fault(plugin(themis_metrics=returned)).startswith(text)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "a b"}, "themis_metrics: 'a b' is no name; use letters, digits, '.', '_' and"),
        ({"name": 3}, "themis_metrics: 3 is no name"),
        ({"version": "first"}, "version 'first' is no PEP 440 version"),
        ({"version": 1.0}, "version 1.0 is no PEP 440 version"),
        ({"implementation": "pkg.mod.M"}, "implementation 'pkg.mod.M' is not 'package.module:attr"),
        ({"implementation": "pkg:M()"}, "implementation 'pkg:M()' is not"),
        ({"implementation": None}, "implementation None is not"),
        ({"config": "Settings"}, "config 'Settings' is not 'package.module:attribute'"),
        ({"summary": 3}, "summary 3 is no str"),
        ({"blocking": "no"}, "blocking 'no' is no bool"),
    ],
)
def test_a_declaration_with_a_wrong_field_is_invalid(fields, text):
    fields = {"name": "m", "implementation": "pkg.mod:M", "version": "1.0", **fields}
    assert text in fault(plugin(themis_metrics=[MetricDeclaration(**fields)]))


def test_an_engines_capabilities_must_be_capabilities():
    engine = InferenceEngineDeclaration(
        name="e", implementation="p:E", version="1", capabilities={"seed": True}
    )
    text = fault(plugin(themis_inference_engines=[engine]))
    assert text.endswith("capabilities {'seed': True} is no EngineCapabilities")


def test_a_benchmark_names_a_file_of_a_package():
    good = BenchmarkDeclaration(name="b", implementation="pkg.data:tasks/b.toml", version="1")
    bad = BenchmarkDeclaration(name="b", implementation="b.toml", version="1")
    assert read_plugin(plugin(themis_benchmarks=[good]))[1] == (good,)
    assert fault(plugin(themis_benchmarks=[bad])).endswith("is not 'package:path.toml'")


def test_a_component_declared_twice_is_invalid():
    again = MetricDeclaration(name="M", implementation="pkg.mod:N", version="1")
    assert fault(plugin(themis_metrics=[METRIC, again])) == "metric 'M' 1 is declared twice"
