"""A run that goes on with other plugins than it was planned with says so."""

from __future__ import annotations

import subprocess

import pytest
from sqlalchemy import func, select

from themis.builtins.datasets import MemoryDatasetProvider
from themis.plugin.registry import PluginRegistry
from themis.reporting.provenance import doubts_of
from themis.runtime.orchestrator import Orchestrator
from themis.specs import ProjectSpec
from themis.storage import InMemoryRunStore
from themis.storage.schema import events

from .conftest import rows, sums_benchmark

PLUGIN = """
    from themis.plugin import InferenceEngineDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Adds.")

    @hookimpl
    def themis_inference_engines():
        return [InferenceEngineDeclaration(
            name="counting", implementation="{module}:Adds", version="1.0", summary="Adds.",
        )]

    class Adds:
        def infer(self, trial, context, runtime):
            left, right = trial.prompt[-1].text.rstrip("?").split(" + ")
            return str(int(left) + int(right))
"""


@pytest.fixture
def checkout(tmp_path):
    """A clean checkout with one file."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    folder = tmp_path / "adder"
    folder.mkdir()
    (folder / "code.py").write_text("old = 1\n")
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *words], check=True, cwd=folder)
    return folder


@pytest.fixture
def editable(site, checkout):
    site.install("adder", PLUGIN)
    site.record("adder", direct_url={"url": checkout.as_uri(), "dir_info": {"editable": True}})
    return checkout


@pytest.fixture
def store():
    with InMemoryRunStore() as opened:
        yield opened


def opened(store):
    provider = MemoryDatasetProvider(rows())
    return Orchestrator.from_project_spec(
        ProjectSpec(), registry=PluginRegistry(), dataset_provider=provider, storage_bundle=store
    )


def doubts(result):
    return [doubt for doubt in doubts_of(result.manifest) if doubt.startswith("adder")]


def test_a_run_that_is_resumed_after_a_plugin_changed_is_not_reproducible(editable, store):
    run_id = opened(store).plan(sums_benchmark()).run_id
    (editable / "code.py").write_text("new = 1\n")
    result = opened(store).resume(run_id)
    planned, [went_on] = result.manifest["provenance"], result.manifest["continued"]
    assert not planned["distributions"]["adder"]["origin"].get("dirty")
    assert went_on["distributions"]["adder"]["origin"]["dirty"]
    assert "has uncommitted changes" in doubts(result)[0]
    assert "the run was planned with 0.3.1" in doubts(result)[1]


def test_a_run_whose_benchmark_is_run_again_after_a_plugin_changed_says_so_as_well(editable, store):
    opened(store).plan(sums_benchmark())
    (editable / "code.py").write_text("new = 1\n")
    assert len(doubts(opened(store).run_benchmark(sums_benchmark()))) == 2


def test_a_run_that_goes_on_as_it_was_planned_records_nothing_more(editable, store):
    run_id = opened(store).plan(sums_benchmark()).run_id
    result = opened(store).resume(run_id)
    assert "continued" not in result.manifest
    assert doubts(result) == []


def test_a_run_that_is_done_does_not_hear_of_later_changes(editable, store):
    run_id = opened(store).run_benchmark(sums_benchmark()).run_id
    (editable / "code.py").write_text("new = 1\n")
    assert "continued" not in opened(store).resume(run_id).manifest
    assert "continued" not in opened(store).run_benchmark(sums_benchmark()).manifest


def test_each_change_is_recorded_once(editable, store):
    run_id = opened(store).plan(sums_benchmark()).run_id
    (editable / "code.py").write_text("new = 1\n")
    for _ in range(3):
        opened(store).plan(sums_benchmark())
    with store.reader() as connection:
        kinds = select(func.count()).where(events.c.kind == "run_continued")
        assert connection.scalar(kinds) == 1
    assert len(opened(store).resume(run_id).manifest["continued"]) == 1
