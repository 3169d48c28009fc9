from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from themis.cli import main

BENCHMARK = """
benchmark_id = "b"
models = [{ model_id = "m", provider = "echo" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "hi" }] }]
inference_grid = { params = [{}] }
[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def doctor(*arguments, code=0):
    result = CliRunner().invoke(main, ["plugins", "doctor", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_good_plugin_leaves_the_exit_code_at_0(site):
    site.install("acme")
    assert "acme" in doctor().stdout


def test_everything_that_is_broken_is_listed_and_the_exit_code_is_1(site):
    site.install("acme", "raise SystemExit(3)")
    site.install("apex", "raise KeyboardError")
    lines = doctor(code=1).stdout.splitlines()
    assert next(line for line in lines if line.startswith("problem: ")).endswith(
        "raised SystemExit: 3"
    )
    assert "    to do: reinstall or upgrade apex, or block it under [plugins]" in lines


def test_the_json_has_findings_and_every_plugins_import_time(site):
    site.install("acme")
    site.install("apex", "raise SystemExit(3)")
    found = json.loads(doctor("--json", code=1).stdout)
    plugins = {each["distribution"]: each for each in found["plugins"]}
    assert found["ok"] is False
    assert plugins["acme"]["import_seconds"] > 0
    assert plugins["apex"]["state"] == "broken"
    assert plugins["acme"]["origin"] == {"kind": "unknown"}


def test_an_allowed_plugin_that_is_absent_is_found_and_keeps_a_plan_from_being_made(
    site, folder, monkeypatch
):
    monkeypatch.setenv("THEMIS_PLUGINS", "gone")
    (folder / "b.toml").write_text(BENCHMARK)
    assert "problem: gone: it is allowed by name and not installed" in doctor(code=1).stdout
    planned = CliRunner().invoke(main, ["plan", "b.toml"])
    assert planned.exit_code == 2
    assert "no plugin of a distribution gone is installed, and it is among the only ones" in (
        planned.stderr
    )
    assert CliRunner().invoke(main, ["plugins", "list"]).exit_code == 0
