"""`themis lock`, and runs that are held to a lock."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from themis.cli import main

BENCHMARK = """
benchmark_id = "polite"
models = [{ model_id = "m", provider = "quill" }]
inference_grid = { params = [{ max_tokens = 5 }] }

[[slices]]
slice_id = "s"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
parses = [{ name = "text", extractors = ["normalized_text"] }]
scores = [{ name = "exact", parse = "text", metrics = ["exact_match"] }]

[[prompt_variants]]
id = "v"
messages = [{ role = "user", content = "{item.q}" }]
"""
ENGINE = """
    from themis.plugin import InferenceEngineDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2")

    @hookimpl
    def themis_inference_engines():
        return [InferenceEngineDeclaration(
            name="quill", implementation="{module}:Quill", version="1.4"
        )]

    class Quill:
        def infer(self, trial, context, runtime):
            return "hi"
"""

BACKENDS = """
    import asyncio
    from pathlib import Path

    from pydantic import BaseModel, ConfigDict, Field
    from themis.plugin import (
        ExecutionBackendDeclaration, PluginInfo, StorageBackendDeclaration, hookimpl
    )

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2")

    @hookimpl
    def themis_storage_backends():
        return [StorageBackendDeclaration(
            name="shelf", implementation="{module}:open_shelf", config="{module}:Shelf",
            version="1.0",
        )]

    @hookimpl
    def themis_execution_backends():
        return [ExecutionBackendDeclaration(
            name="rounds", implementation="{module}:Rounds", version="2.1"
        )]

    class Shelf(BaseModel):
        model_config = ConfigDict(extra="forbid")
        shelf: str = Field(description="Its folder.")

    def open_shelf(config, *, read_only=False):
        from themis.storage import SqliteRunStore
        return SqliteRunStore(Path(config.shelf), read_only=read_only)

    class Rounds:
        async def execute(self, run):
            for partition in run.partitions(100):
                await run.execute(partition)
"""
WITH_BACKENDS = """
[project]
storage = { backend = "shelf", shelf = "top" }
execution_backend = { kind = "rounds" }
"""


def themis(*arguments, code=0):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def project(site, tmp_path, monkeypatch):
    """A benchmark that needs the engine of a plugin."""
    site.install("acme", ENGINE)
    site.record("acme")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.toml").write_text(BENCHMARK)
    (tmp_path / "items.jsonl").write_text('{"item_id": "1", "q": "hello", "answer": "hi"}\n')
    return tmp_path


def test_a_lock_names_distributions_and_components(project):
    assert "in themis.lock" in themis("lock", "b.toml").stdout
    text = (project / "themis.lock").read_text()
    assert '[[distribution]]\nname = "acme"\nversion = "0.3.1"\ndigest = "sha256:' in text
    assert 'kind = "engine"\nname = "quill"\nversion = "1.4"\nprovider = "acme"' in text
    assert 'kind = "dataset_provider"\nname = "local"' in text
    assert not (project / ".themis").exists()


def test_locking_twice_gives_the_same_text(project):
    themis("lock", "b.toml")
    themis("lock", "b.toml", "-o", "again/other.lock")
    assert (project / "themis.lock").read_text() == (project / "again/other.lock").read_text()


def test_a_locked_run_runs(project):
    themis("lock", "b.toml")
    assert "completed" in themis("run", "b.toml", "--locked", "--progress", "none").stdout
    assert "holds: what is installed is what is locked" in themis("lock", "--check").stdout


def test_a_distribution_that_poses_as_built_in_keeps_no_plan_from_being_locked(project, site):
    site.install("builtin")
    themis("lock", "b.toml")
    assert '"builtin"\nversion = "0.3.1"' not in (project / "themis.lock").read_text()


@pytest.fixture
def backed(project, site):
    """A benchmark whose project has a plugin keep and execute its runs."""
    site.install("woodwork", BACKENDS)
    site.record("woodwork")
    with (project / "b.toml").open("a") as file:
        file.write(WITH_BACKENDS)
    return project


def test_a_lock_names_the_backends_of_the_project(backed):
    themis("lock", "b.toml")
    text = (backed / "themis.lock").read_text()
    assert '[[distribution]]\nname = "woodwork"' in text
    assert (
        'kind = "storage_backend"\nname = "shelf"\nversion = "1.0"\nprovider = "woodwork"' in text
    )
    assert (
        'kind = "execution_backend"\nname = "rounds"\nversion = "2.1"\nprovider = "woodwork"'
        in text
    )
    assert "completed" in themis("run", "b.toml", "--locked", "--progress", "none").stdout


def test_a_second_provider_of_a_backend_changes_nothing_of_what_is_locked(backed, site):
    themis("lock", "b.toml")
    site.install("joinery", BACKENDS)
    assert "woodwork" in themis("run", "b.toml", "--progress", "none", code=2).stderr
    assert "completed" in themis("run", "b.toml", "--locked", "--progress", "none").stdout


def test_a_backend_that_the_lock_does_not_hold_is_an_error(project, site):
    themis("lock", "b.toml")
    site.install("woodwork", BACKENDS)
    with (project / "b.toml").open("a") as file:
        file.write(WITH_BACKENDS)
    refused = themis("run", "b.toml", "--locked", "--progress", "none", code=2).stderr
    assert "shelf" in refused
    assert "the lock" in refused
    assert "shelf" in themis("lock", "b.toml", "--check", code=1).stdout
    assert not (project / "top").exists()


def test_changed_files_of_a_backends_plugin_are_drift(backed, site):
    themis("lock", "b.toml")
    module = next(file for file in site.path.glob("*.py") if "Rounds" in file.read_text())
    module.write_text(module.read_text() + "\n# changed\n")
    site.record("woodwork")
    assert "woodwork 0.3.1: digest" in themis("lock", "b.toml", "--check", code=1).stdout


def test_a_run_records_who_keeps_and_executes_it(backed):
    provenance = json.loads(themis("plan", "b.toml", "--json").stdout)["provenance"]
    assert provenance["backends"] == {
        "storage_backend": "woodwork/shelf@1.0",
        "execution_backend": "woodwork/rounds@2.1",
    }
    assert "woodwork" in provenance["used"]


def test_a_second_provider_changes_nothing_of_what_is_locked(project, site):
    themis("lock", "b.toml")
    site.install("apex", ENGINE.replace("1.4", "9.0"))
    ambiguous = themis("run", "b.toml", "--progress", "none", code=2).stderr
    assert "engine 'quill' is ambiguous: acme and apex provide it" in ambiguous
    manifest = json.loads(themis("plan", "b.toml", "--locked", "--json").stdout)
    engines = [each for each in manifest["components"] if each["kind"] == "engine"]
    assert [(each["provider"], each["version"]) for each in engines] == [("acme", "1.4")]


def test_a_second_provider_changes_nothing_of_a_run_that_is_planned(project, site):
    run_id = json.loads(themis("plan", "b.toml", "--json").stdout)["run_id"]
    site.install("apex", ENGINE.replace("1.4", "9.0"))
    assert "completed" in themis("resume", run_id, "--progress", "none").stdout


def test_drift_lists_every_difference_and_nothing_runs(project, site):
    themis("lock", "b.toml")
    lock = project / "themis.lock"
    text = lock.read_text().replace('version = "0.3.1"', 'version = "0.3.0"')
    lock.write_text(
        text.replace('name = "exact_match"', 'name = "bleu"').replace("exact_match", "x")
    )
    result = themis("run", "b.toml", "--locked", "--progress", "none", code=2)
    assert "acme: version 0.3.0 is locked, 0.3.1 is here" in result.stderr
    assert "metric 'exact_match' is not in the lock and would be builtin/exact_match@" in (
        result.stderr
    )
    assert themis("lock", "b.toml", "--check", code=1).stdout.splitlines()[0] == (
        "acme: version 0.3.0 is locked, 0.3.1 is here"
    )


def test_changed_files_of_a_plugin_are_drift(project, site):
    themis("lock", "b.toml")
    record = site.path / "acme-0.3.1.dist-info" / "RECORD"
    record.write_text(record.read_text() + "\nmore.py,sha256=zz,1\n")
    [difference] = json.loads(themis("lock", "--check", "--json", code=1).stdout)["differences"]
    assert difference.startswith("acme 0.3.1: digest ")


def test_requirements_are_printed_from_the_lock(project):
    themis("lock", "b.toml")
    assert "acme==0.3.1" in themis("lock", "--requirements").stdout.splitlines()


def test_what_nobody_else_can_install_is_a_warning(project, site):
    (site.path / "acme-0.3.1.dist-info" / "RECORD").unlink()
    assert "warning: acme 0.3.1: how it was installed cannot be told\n" in (
        themis("lock", "b.toml").stderr
    )


def test_a_run_says_that_nobody_can_repeat_it(project, site):
    (site.path / "acme-0.3.1.dist-info" / "RECORD").unlink()
    shown = " ".join(themis("run", "b.toml", "--progress", "none").stdout.split())
    assert "acme 0.3.1: how it was installed cannot be told" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lock"], "name the benchmark FILE to lock"),
        (["lock", "--check", "--requirements"], "are two commands; give one of them"),
        (["lock", "--check"], "themis.lock: does not exist; check the path"),
        (["run", "b.toml", "--locked"], "themis.lock: does not exist; check the path"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(project, arguments, message):
    assert message in themis(*arguments, code=2).stderr
