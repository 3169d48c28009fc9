"""The catalogue: components by name, and benchmarks that come along or with plugins."""

from __future__ import annotations

import textwrap

import pytest

import themis
from themis import catalog
from themis.errors import PluginError, SpecValidationError

PLUGIN = """
    from themis.plugin import BenchmarkDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Benchmarks.")

    @hookimpl
    def themis_benchmarks():
        return [
            BenchmarkDeclaration(
                name="capitals", implementation="{module}:capitals.toml", version="2.0"
            )
        ]
"""
MANIFEST = """
benchmark_id = "capitals"
models = [{ model_id = "echo", provider = "echo" }]
prompt_variants = [{ id = "q", messages = [{ role = "user", content = "{{ item.question }}" }] }]
inference_grid = { params = [{}] }

[catalog]
title = "Capitals"
tags = ["geography"]
item_count = 2

[[slices]]
slice_id = "all"
dataset = { source = "local", dataset_id = "capitals.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""
ITEMS = '{"question": "Rome", "answer": "Rome"}\n{"question": "Paris?", "answer": "Paris"}\n'


@pytest.fixture
def install(site):
    """Installs a plugin with the benchmark `capitals`; its manifest and data may be given."""

    def write(manifest: str = MANIFEST, items: str | None = ITEMS) -> None:
        site.install("themis-capitals", PLUGIN)
        (site.path / "capitals.toml").write_text(textwrap.dedent(manifest))
        if items is not None:
            (site.path / "capitals.jsonl").write_text(items)

    return write


@pytest.fixture(autouse=True)
def _package(site, monkeypatch):
    """The fake distributions are single modules; their files are looked for beside them."""
    monkeypatch.chdir(site.path)


def test_every_built_in_component_has_its_full_reference():
    refs = catalog.builtin_component_refs()
    assert refs["metric"]["exact_match"].startswith("builtin/exact_match@")
    assert refs["benchmark"] == {"word-problems": "builtin/word-problems@1.0.0"}


def test_components_are_listed_by_kind_or_all():
    assert "majority_vote" in catalog.list_component_ids(kind="reducer")
    everything = catalog.list_component_ids()
    assert {"exact_match", "echo", "word-problems"} <= set(everything)
    assert everything == sorted(everything)


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(PluginError, match=r"no kind 'metrics'.*did you mean 'metric'"):
        catalog.list_component_ids(kind="metrics")


@pytest.mark.parametrize("name", ["exact_match", "metric:exact_match", "builtin/exact_match"])
def test_a_component_is_loaded_by_name(name):
    assert type(catalog.load(name)).__name__ == "ExactMatch"


def test_loading_a_benchmark_gives_its_spec():
    assert isinstance(catalog.load("word-problems"), themis.BenchmarkSpec)


def test_a_name_of_several_kinds_has_to_say_which(monkeypatch):
    class Both:
        def score(self, trial, candidate, context):
            return 1.0

    registry = themis.PluginRegistry()
    registry.register_metric("echo", Both, version="1.0")
    monkeypatch.setattr("themis.catalog.components.PluginRegistry", lambda: registry)
    with pytest.raises(PluginError, match=r"write one of engine:echo, metric:echo"):
        catalog.load("echo")


@pytest.mark.parametrize("find", [catalog.load, catalog.get_benchmark, catalog.run])
def test_an_unknown_name_suggests_a_near_one(find):
    with pytest.raises(PluginError, match="did you mean 'word-problems'"):
        find("word-problem")


def test_a_plugin_adds_its_benchmarks(install):
    install()
    assert catalog.list_benchmark_ids() == ["capitals", "word-problems"]
    entry = catalog.get_benchmark("capitals")
    assert (entry.title, entry.tags, entry.provider) == (
        "Capitals", ("geography",), "themis-capitals",
    )  # fmt: skip
    assert (entry.version, entry.item_count, entry.metrics) == ("2.0", 2, ("exact_match",))


def test_a_name_of_two_plugins_is_listed_with_its_provider(install, site):
    install()
    site.install("themis-atlas", PLUGIN)
    assert catalog.list_benchmark_ids() == [
        "themis-atlas/capitals", "themis-capitals/capitals", "word-problems",
    ]  # fmt: skip
    assert catalog.get_benchmark("themis-atlas/capitals").provider == "themis-atlas"
    with pytest.raises(PluginError, match="themis-atlas"):
        catalog.get_benchmark("capitals")


def test_a_manifest_that_cannot_be_read_is_listed_with_the_reason(install):
    install(MANIFEST.replace("title", "titel"))
    [entry, _] = catalog.list_benchmarks()
    assert entry.benchmark_id == "capitals"
    assert "catalog.titel: is no field; did you mean 'title'?" in entry.problem
    with pytest.raises(SpecValidationError, match=r"capitals\.toml:8"):
        catalog.get_benchmark("capitals")


def test_a_benchmark_of_a_plugin_runs_where_its_data_is(install, tmp_path, monkeypatch):
    install()
    monkeypatch.chdir(tmp_path)
    with catalog.run("capitals", store=".themis") as result:
        assert result.metric_means == {"exact_match": 0.5}
    assert (tmp_path / ".themis").is_dir()


def test_another_model_answers_in_the_place_of_the_manifests(install):
    install()
    result = catalog.run("capitals", model=lambda prompt: prompt.strip("?"))
    assert result.metric_means == {"exact_match": 1.0}
    assert catalog.run("capitals", model="demo:tiny").model_ids == ["tiny"]


def test_what_is_no_model_is_refused(install):
    install()
    with pytest.raises(SpecValidationError, match="model: is a int; give a reference"):
        catalog.run("capitals", model=3)


def test_means_over_several_models_say_so(install):
    install()
    assert "over 2 models" not in str(catalog.run("capitals"))
    one = '{ model_id = "echo", provider = "echo" }'
    two = MANIFEST.replace(one, f'{one}, {{ model_id = "b", provider = "echo" }}')
    catalog.get_benchmark("capitals").path.write_text(two)
    said = "Means are over 2 models; leaderboard() tells them apart."
    assert said in str(catalog.run("capitals"))


def test_the_demonstration_is_valid():
    found = catalog.validate_benchmark("word-problems")
    assert (found.ok, [step.ok for step in found.steps]) == (True, [True] * 3)
    assert "400 items" in found.steps[1].finding


@pytest.mark.parametrize(
    ("manifest", "items", "expected", "finding"),
    [
        (MANIFEST.replace("exact_match", "exact_mtch"), ITEMS, [False, None, None], "exact_match"),
        (MANIFEST, None, [True, False, None], "no such file"),
        (MANIFEST, ITEMS + ITEMS.lower(), [True, False, None], "item_count = 2"),
        (MANIFEST.replace("item.question", "item.text"), ITEMS, [True, False, None], "rendered"),
        (MANIFEST, ITEMS.replace("answer", "solution"), [True, True, False], "exact_match"),
    ],
    ids=["component", "data", "count", "prompt", "reference"],
)
def test_validation_says_at_which_step_it_fails(install, manifest, items, expected, finding):
    install(manifest, items)
    found = catalog.validate_benchmark("capitals")
    assert [step.ok for step in found.steps] == expected
    assert finding in next(step.finding for step in found.steps if step.ok is False)
    assert not found.ok
