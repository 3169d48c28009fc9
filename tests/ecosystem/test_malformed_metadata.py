"""One distribution with malformed entry points: every command works, and names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = """
benchmark_id = "b"
models = [{ model_id = "m", provider = "echo" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "hi" }] }]
inference_grid = { params = [{}] }
[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
parses = [{ name = "text", extractors = ["normalized_text"] }]
scores = [{ name = "same", parse = "text", metrics = ["exact_match"] }]
"""
WORDS = """
from themis.plugin import ExtractorDeclaration, PluginInfo, hookimpl

@hookimpl
def themis_plugin():
    return PluginInfo(core_api=">=1.0,<2", summary="Words.")

@hookimpl
def themis_extractors():
    return [ExtractorDeclaration(
        name="words", implementation="words_plugin:Words", version="1.0", summary="Words."
    )]

class Words:
    def extract(self, trial, candidate, config=None):
        return candidate.inference and candidate.inference.raw_text
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A benchmark; a plugin that works, and a distribution whose entry points cannot be read."""
    folder = tmp_path_factory.mktemp("malformed")
    (folder / "b.toml").write_text(BENCHMARK)
    (folder / "project.toml").write_text('project_name = "p"\n')
    (folder / "items.jsonl").write_text('{"item_id": "a", "answer": "hi"}\n')
    (folder / "words_plugin.py").write_text(WORDS)
    distribution(folder, "words", "[themis.plugins]\nwords = words_plugin\n")
    distribution(folder, "malformed", "[themis.plugins]\nxx\n")
    return folder


def distribution(folder: Path, name: str, entry_points: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)


def themis(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "themis", *words],
        capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **environ},
    )  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        "plugins list",
        "plugins disable words --project project.toml",
        "plugins enable words --project project.toml",
        "plugins check words",
        "lock b.toml",
        "run b.toml --store s --progress none",
        "catalog list",
    ],
)
def test_every_command_works(folder, command):
    done = themis(folder, *command.split())
    assert done.returncode == 0, done.stderr


def test_doctor_names_the_distribution_and_what_to_do(folder):
    done = themis(folder, "plugins", "doctor")
    assert done.returncode == 1
    assert "problem: malformed: its metadata in " in done.stdout
    assert "    to do: reinstall the distribution in " in done.stdout


def test_what_the_user_has_said_of_pydantics_plugins_stays(folder):
    done = themis(folder, "catalog", "list", PYDANTIC_DISABLE_PLUGINS="none")
    assert "pydantic/plugin/_loader.py" in done.stderr
