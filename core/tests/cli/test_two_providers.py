"""Two distributions provide engine `openai`: an error that names both, and three ways out."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner

from themis.cli import main

ENGINE = """
    from themis.plugin import InferenceEngineDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2")

    @hookimpl
    def themis_inference_engines():
        return [InferenceEngineDeclaration(
            name="openai", implementation="{module}:Engine", version="1.4"
        )]

    class Engine:
        def infer(self, trial, context, runtime):
            return "hi"
"""
BENCHMARK = """
benchmark_id = "b"
models = [{ model_id = "m", provider = "openai" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "hi" }] }]
inference_grid = { params = [{}] }
[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""


@pytest.fixture
def file(site, tmp_path, monkeypatch):
    """A benchmark that asks for engine `openai`, which acme-openai and zeta-openai provide."""
    monkeypatch.setenv("THEMIS_PLUGINS", "acme-openai,zeta-openai")
    monkeypatch.chdir(tmp_path)
    site.install("acme-openai", ENGINE)
    site.install("zeta-openai", ENGINE)
    (tmp_path / "items.jsonl").write_text('{"text": "one", "answer": "hi"}\n')
    (tmp_path / "b.toml").write_text(BENCHMARK)
    return tmp_path / "b.toml"


def plan(code=0):
    result = CliRunner().invoke(main, ["plan", "b.toml"])
    assert result.exit_code == code, result.output
    return result


def test_the_error_names_both_and_the_ways_out(file):
    assert (
        "engine 'openai' is ambiguous: acme-openai and zeta-openai provide it. Choose one: write "
        "'acme-openai/openai' in the reference; or put prefer = "
        '{"engine:openai" = "acme-openai"} under [plugins] in the project file; or uninstall (or '
        "list under [plugins] block) all but one"
    ) in plan(code=2).stderr


def test_way_out_one_the_reference_names_the_provider(file):
    file.write_text(BENCHMARK.replace('provider = "openai"', 'provider = "zeta-openai/openai"'))
    assert "openai@1.4 from zeta-openai" in plan().stdout


@pytest.mark.parametrize(
    "table",
    ['prefer = { "engine:openai" = "zeta-openai" }', 'block = ["acme-openai"]'],
    ids=["prefer", "block"],
)
def test_ways_out_two_and_three_in_the_project_file(file, table):
    (file.parent / "themis.toml").write_text(f"[plugins]\n{table}\n")
    assert "openai@1.4 from zeta-openai" in plan().stdout


def test_way_out_three_uninstalling_one(file, site, monkeypatch):
    shutil.rmtree(site.path / "acme_openai-0.3.1.dist-info")
    monkeypatch.setenv("THEMIS_PLUGINS", "zeta-openai")
    assert "openai@1.4 from zeta-openai" in plan().stdout
