from __future__ import annotations

import json
import re

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
        return [
            InferenceEngineDeclaration(name="quill", implementation="m:E", version=version)
            for version in ("0.9", "1.4", "1.5rc1", "2.0")
        ]
"""
BROKEN = "raise RuntimeError('no licence')"
MISSPELT = ENGINE.replace("themis_inference_engines", "themis_inference_engine")


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["plugins", *arguments])
    assert result.exit_code == code, result.output
    return result


def squeezed(text):
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]


@pytest.fixture
def three(site):
    site.install("a-broken", BROKEN)
    site.install("b-misspelt", MISSPELT)
    site.install("c-good")
    return site


def test_list_shows_every_plugin_with_its_state_and_reason(three):
    lines = squeezed(run("list").stdout)
    assert lines[0] == "PLUGIN VERSION STATE PROVIDES"
    assert lines[1].startswith("builtin ")
    start = lines.index("a-broken 0.3.1 broken -")
    assert lines[start + 1].endswith("raised RuntimeError: no licence")
    assert lines[start + 2] == ("to do: reinstall or upgrade a-broken, or block it under [plugins]")
    assert lines[start + 3 : start + 5] == [
        "b-misspelt 0.3.1 invalid -",
        "there is no hook themis_inference_engine; did you mean themis_inference_engines?",
    ]
    assert "c-good 0.3.1 ok 1 metric" in lines


def test_list_as_json_has_the_same(three):
    found = {
        each["distribution"]: each for each in json.loads(run("list", "--json").stdout)["plugins"]
    }
    assert found["a-broken"]["state"] == "broken"
    assert found["c-good"]["components"][0]["name"] == "good"
    assert found["c-good"]["core_api"] == ">=1.0,<2"


def test_list_works_where_every_plugin_is_broken(site):
    for name in ("one", "two"):
        site.install(name, "raise SystemExit(7)")
    assert run("list").stdout.count("raised SystemExit: 7") == 2


def test_a_project_file_says_what_is_blocked(three, tmp_path):
    file = tmp_path / "project.toml"
    file.write_text('project_name = "p"\nresearcher_id = "r"\n[plugins]\nblock = ["c_good"]\n')
    assert "c-good 0.3.1 blocked -" in squeezed(run("list", "--project", str(file)).stdout)


def test_show_tells_where_a_plugin_comes_from_and_what_it_has(three):
    lines = squeezed(run("show", "C_Good").stdout)
    assert lines[0] == "c-good 0.3.1: ok"
    assert "summary: Good." in lines
    assert "core API: >=1.0,<2" in lines
    assert "metric good 1.0" in lines
    assert any(re.fullmatch(r"import: [\d.]+ ms", line) for line in lines)


def test_show_gives_the_reason_of_a_broken_plugin(three):
    assert squeezed(run("show", "a-broken").stdout)[1].endswith("RuntimeError: no licence")
    assert json.loads(run("show", "a-broken", "--json").stdout)["plugins"][0]["state"] == "broken"


def test_show_of_an_unknown_plugin_names_the_nearest(three):
    assert run("show", "c-god", code=2).stderr == (
        "error: no plugin of a distribution 'c-god' is installed; did you mean 'c-good'?\n"
    )


def test_why_prints_the_choice_the_rule_and_every_rejection(site):
    site.install("acme", ENGINE)
    lines = squeezed(run("why", "engine", "acme/quill@>=1,<2").stdout)
    assert lines[:4] == [
        "engine 'acme/quill@>=1,<2' is acme/quill@1.4",
        "rule: explicit provider",
        "implementation: m:E",
        "provider: acme 0.3.1",
    ]
    assert "acme/quill@0.9 its version does not satisfy @>=1,<2" in lines
    assert "acme/quill@1.5rc1 it is a pre-release" in lines


def test_why_explains_an_ambiguity_and_exits_with_2(site):
    site.install("acme", ENGINE)
    site.install("apex", ENGINE)
    result = run("why", "engine", "quill@>=1,<1.5", code=2)
    assert result.stderr.startswith("error: engine 'quill@>=1,<1.5' is ambiguous: acme")
    lines = squeezed(result.stdout)
    assert "acme/quill@0.9 its version does not satisfy @>=1,<1.5" in lines
    assert "apex/quill@1.4 no rule ranks its provider before the others" in lines


def test_why_as_json_has_the_choice_or_the_error(site):
    site.install("acme", ENGINE)
    chosen = json.loads(run("why", "engine", "acme/quill", "--json").stdout)
    assert (chosen["chosen"]["version"], chosen["rule"]) == ("2.0", "explicit provider")
    assert [each["version"] for each in chosen["rejected"]] == ["1.5rc1", "0.9", "1.4"]
    failed = json.loads(run("why", "engine", "nope", "--json", code=2).stdout)
    assert failed["chosen"] is None
    assert failed["error"].startswith("no engine is named 'nope'")


@pytest.mark.parametrize("arguments", [("why", "motor", "x"), ("why", "engine"), ("list", "--no")])
def test_bad_usage_exits_with_2(arguments):
    run(*arguments, code=2)
