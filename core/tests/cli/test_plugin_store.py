"""The commands that read runs, on a store of a plugin: `--store` names the project's file."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from themis.cli import main

PLUGIN = """
    from pathlib import Path

    from pydantic import BaseModel, ConfigDict, Field
    from themis.plugin import PluginInfo, StorageBackendDeclaration, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2")

    @hookimpl
    def themis_storage_backends():
        return [StorageBackendDeclaration(
            name="shelf", implementation="{module}:open_shelf", config="{module}:Shelf",
            version="1.0",
        )]

    class Shelf(BaseModel):
        model_config = ConfigDict(extra="forbid")
        shelf: str = Field(description="Its folder.")
        base_dir: str = Field(default=".", description="Where it stands.")

    def open_shelf(config, *, read_only=False):
        from themis.storage import SqliteRunStore
        return SqliteRunStore(Path(config.base_dir) / config.shelf, read_only=read_only)
"""
BENCHMARK = """
benchmark_id = "shelved"
models = [{ model_id = "m", provider = "echo" }]
inference_grid = { params = [{}] }

[[slices]]
slice_id = "s"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "exact", metrics = ["exact_match"] }]

[[prompt_variants]]
id = "v"
messages = [{ role = "user", content = "{item.q}" }]
"""
STORAGE = 'storage = { backend = "shelf", shelf = "top" }\n'


def themis(*arguments, code=0):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def folder(site, tmp_path, monkeypatch):
    site.install("woodwork", PLUGIN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.toml").write_text(BENCHMARK)
    (tmp_path / "items.jsonl").write_text('{"item_id": "1", "q": "hi", "answer": "hi"}\n')
    return tmp_path


def commands(said):
    """The commands that a run names as the next ones, as they would be typed."""
    return [line.split("themis ", 1)[1] for line in said.splitlines() if " themis " in line]


@pytest.mark.parametrize("where", ["themis.toml", "other.toml"])
def test_what_a_run_says_to_do_next_can_be_done(folder, where):
    (folder / where).write_text(STORAGE)
    said = themis("run", "b.toml", "--project", where, "--progress", "none").stdout
    assert "Everything is recorded in top." in said
    [report, page, trial] = (re.split(r"\s+", command) for command in commands(said))
    assert ("--store" in report) == (where == "other.toml")
    assert "exact_match" in themis(*report).stdout
    themis(*page)
    assert "<html" in (folder / "report.html").read_text()
    assert "hi" in themis(*trial).stdout


def test_a_benchmark_file_with_a_project_is_a_project_file_as_well(folder):
    file = folder / "b.toml"
    file.write_text(f"{BENCHMARK}\n[project]\n{STORAGE}")
    run_id = json.loads(themis("plan", "b.toml", "--json").stdout)["run_id"]
    assert "completed" in themis("resume", run_id, "--store", "b.toml", "--progress", "none").stdout
    [row] = json.loads(themis("runs", "--store", "b.toml", "--json").stdout)
    assert (row["run_id"], row["status"]) == (run_id, "completed")
    assert json.loads(themis("progress", run_id, "--store", "b.toml", "--json").stdout)


def test_the_folder_that_the_project_file_names_is_read_by_default(folder):
    (folder / "themis.toml").write_text('storage = { root_dir = "elsewhere" }\n')
    themis("run", "b.toml", "--progress", "none")
    assert len(json.loads(themis("runs", "--json").stdout)) == 1
    assert '"ok": true' in themis("store", "verify", "--json").stdout
    assert (folder / "elsewhere").is_dir()


def test_reading_a_plugins_store_does_not_make_one(folder):
    (folder / "themis.toml").write_text(STORAGE)
    assert "there is no store" in themis("runs", code=2).stderr
    assert not (folder / "top").exists()


def test_a_database_of_a_plugin_is_looked_after_like_any_other(folder):
    (folder / "themis.toml").write_text(STORAGE)
    themis("run", "b.toml", "--progress", "none")
    assert '"ok": true' in themis("store", "verify", "--json").stdout
    assert json.loads(themis("store", "rebuild", "--json").stdout)["events"] > 3
    assert json.loads(themis("store", "stats", "--json").stdout)["events"]["run_planned"]["count"]
    assert themis("store", "vacuum").stdout.startswith("freed ")


def test_runs_are_copied_to_the_store_of_another_project_and_back(folder):
    (folder / "themis.toml").write_text(STORAGE)
    themis("run", "b.toml", "--progress", "none")
    said = json.loads(themis("store", "copy", "themis.toml", "plain", "--json").stdout)
    assert (said["runs"], said["items"], said["ok"]) == (1, 1, True)
    assert "completed" in themis("runs", "--store", "plain").stdout
    again = themis("store", "copy", "plain", "themis.toml").stdout
    assert again.startswith("copied 0 events of 0 new runs and 0 items; ")
    assert again.endswith("the copy is verified\n")


def test_a_database_without_a_folder_for_its_blobs_is_refused(folder):
    done = themis("store", "copy", "plain", "postgresql://me@host/runs", code=2)
    assert "has its blobs in a folder; give --blobs" in done.stderr
