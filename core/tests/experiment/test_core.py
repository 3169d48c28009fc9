"""themis.core: names, and no class beside those that there are."""

from __future__ import annotations

import subprocess
import sys

import pytest

import themis
from themis import core, plugin, records, results


@pytest.mark.parametrize("name", core.__all__)
def test_every_name_is_there(name):
    assert getattr(core, name) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (core.Generator, plugin.InferenceEngine),
        (core.Parser, plugin.Extractor),
        (core.PureMetric, plugin.Metric),
        (core.ScoreContext, plugin.MetricContext),
        (core.ParsedOutput, records.ExtractionRecord),
        (core.Score, records.MetricScore),
        (core.GenerationResult, records.InferenceResult),
        (core.GenerationWorkItem, records.TrialSpec),
        (core.TimelineView, results.RecordTimelineView),
        (core.TraceView, results.EvaluationExecution),
        (core.ReducedCandidate, plugin.ReducedCandidate),
        (core.SelectContext, plugin.SelectContext),
        (core.ReduceContext, plugin.ReduceContext),
        (core.FrozenModel, core.HashableModel),
        (core.RunResult, themis.RunResult),
    ],
)
def test_two_names_of_one_concept_are_one_class(one, other):
    assert one is other


def test_the_two_storage_configurations_are_apart():
    assert core.StorageConfig is not themis.StorageConfig
    assert core.StorageConfig(store="memory").parameters == {}


def test_importing_themis_imports_none_of_it():
    code = "import sys, themis; sys.exit('themis.experiment' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["core", "catalog", "adapters", "report_export", "statistics"])
def test_a_namespace_is_there_once_themis_is_imported(name):
    code = f"import themis; print(themis.{name}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"themis.{name}"
