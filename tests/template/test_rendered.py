"""For every kind: what the template gives is formatted, typed, tested, conforming and of use."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from themis.testing import FaultServer

TEMPLATE = Path(__file__).parents[2] / "templates" / "cookiecutter"
KINDS = json.loads((TEMPLATE / "cookiecutter.json").read_text())["kind"]
MEANS = {
    "metric": {"themis-my-metric/my_metric@1": 0.75},
    "extractor": {"exact_match": 0.5},
    "judge": {"reference_grading": 0.5},
    "engine": {"token_count": 6.5},
    "dataset": {"token_count": 7.0},
    "reducer": {"exact_match": 1.0},
    "store": {"token_count": 7.0},
    "backend": {"token_count": 7.0},
}
HOSTILE = {
    "kind": "metric",
    "plugin_name": "My--Plugin \"quoted\" 'class' \\ 漢字 🎉 ../..",
    "summary": "Says \"no\" \\ to 'everything' 🎉\n\x07 ${HOME} %s {x} </script> #",
    "author_name": "Dr. \"Bobby\" O'Tables 🎉 <b@example.com>",
}  # fmt: skip


def conforms(plugin):
    """Everything that is asked of a published plugin."""
    plugin.install()
    plugin.lint()
    plugin.types()
    assert " passed" in plugin.test()
    plugin.themis("plugins", "check", plugin.name)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_rendered_for_a_kind_conforms(kind, render):
    conforms(render(kind=kind))


@pytest.mark.slow
@pytest.mark.parametrize("kind", MEANS)
def test_a_run_uses_what_is_rendered_for_a_kind(kind, render):
    plugin = render(kind=kind)
    plugin.install()
    benchmark = plugin.path / "examples" / f"{kind}.toml"
    with FaultServer() as server:
        text = benchmark.read_text().replace("http://localhost:8000/v1", server.base_url)
        benchmark.write_text(text)
        assert plugin.run_example(benchmark) == MEANS[kind]
    assert bool(server.calls) == (kind == "engine")


@pytest.mark.slow
def test_hostile_answers_give_a_plugin_that_conforms(render):
    plugin = render(**HOSTILE)
    assert plugin.name == "themis-my-plugin-quoted-class-han-zi"
    conforms(plugin)
    project = tomllib.loads((plugin.path / "pyproject.toml").read_text())["project"]
    assert project["description"] == (
        "Says \"no\" \\ to 'everything' 🎉 ${HOME} %s {x} </script> #"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_files_of_the_chosen_kind_are_left(kind, render):
    plugin = render(kind=kind)
    found = {path.stem for path in plugin.path.rglob("*.*") if path.stem in KINDS}
    assert found == {kind}
    tests = {path.name for path in plugin.path.glob("tests/*")}
    assert tests == {"test_plugin.py", f"test_{kind}.py"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left(kind, render):
    plugin = render(kind=kind)
    for path in plugin.path.rglob("*.[mpt][dyo]*"):
        assert not re.search(r"cookiecutter|\{%", path.read_text()), path


def test_the_workflows_are_copied_as_they_are(render):
    workflow = render(kind="metric").path / ".github/workflows/ci.yml"
    assert "${{ matrix.python }}" in workflow.read_text()
