"""Every kit against components that are broken in one way each: exactly the named check fails."""

from __future__ import annotations

from typing import ClassVar

import pytest

from themis.testing.kits import (
    BackendKit,
    DatasetKit,
    EngineKit,
    ExporterKit,
    ExtractorKit,
    JudgeKit,
    MetricKit,
    ReducerKit,
    StoreKit,
)
from themis.testing.kits.events import planned


class Engines(EngineKit):
    def failing_engine(self, failure):
        return self.make(fail=failure)


class Extractors(ExtractorKit):
    examples: ClassVar = {"answer: 42": "42"}


class Judges(JudgeKit):
    def failing_judge(self):
        return self.make(fail=True)


class Reducers(ReducerKit):
    order_independent = True


class Datasets(DatasetKit):
    broken: ClassVar = {"dataset_id": "broken"}
    filtered: ClassVar = {"topic": "a"}


class Backends(BackendKit):
    most_at_once = 8


class Stores(StoreKit):
    def previous(self, folder):
        from bad_stores import Good, Settings

        with Good(Settings(root_dir=str(folder))) as store:
            store.append([planned()])
        (folder / "old").touch()
        return {"root_dir": str(folder)}


KITS = {
    "engine": (Engines, "bad_engines"),
    "extractor": (Extractors, "bad_extractors"),
    "metric": (MetricKit, "bad_metrics"),
    "judge": (Judges, "bad_judges"),
    "reducer": (Reducers, "bad_reducers"),
    "dataset": (Datasets, "bad_datasets"),
    "store": (Stores, "bad_stores"),
    "exporter": (ExporterKit, "bad_exporters"),
    "backend": (Backends, "bad_backends"),
}
COSTLY = {"store.crash", "store.large", "store.two_writers"}
"""Checks that take seconds: made of the good store, and of the one that fails them."""
CASES = [
    pytest.param(kit, module, check.id, id=check.id)
    for kit, module in KITS.values()
    for check in kit.checks()
]


def states(outcomes, state):
    return {name: one.message for name, one in outcomes.items() if one.state == state}


@pytest.mark.parametrize(("kit", "module", "check_id"), CASES)
def test_a_component_with_one_fault_fails_exactly_that_check(tested, kit, module, check_id):
    outcomes = tested(kit, module, check_id.partition(".")[2], without=COSTLY - {check_id})
    failed = states(outcomes, "failed")
    assert set(failed) == {check_id}, failed
    assert failed[check_id], "a failure says what is wrong"


@pytest.mark.parametrize("kind", KITS)
def test_a_good_component_passes_every_check(tested, kind):
    kit, module = KITS[kind]
    outcomes = tested(kit, module, "good")
    assert states(outcomes, "failed") == {}
    skipped = set(states(outcomes, "skipped"))
    if kind == "metric":
        judged = states(tested(kit, module, "good_judged"), "passed")
        skipped -= set(judged)
    assert skipped == set()


@pytest.mark.parametrize("kind", KITS)
def test_a_kit_has_at_least_eight_checks_with_ids_of_its_kind(kind):
    checks = KITS[kind][0].checks()
    assert len(checks) >= 8
    assert all(check.id.startswith(f"{kind}.") and check.summary for check in checks)


def test_a_good_metric_that_builds_workflows_passes_every_check(tested):
    outcomes = tested(MetricKit, "bad_metrics", "good_workflow")
    assert states(outcomes, "failed") == {}
    assert {"metric.judge_failure", "metric.judge_garbage", "metric.judge_injection"} <= set(
        states(outcomes, "passed")
    )


@pytest.mark.parametrize(
    ("name", "check_id"),
    [("workflow_garbage", "metric.judge_garbage"), ("workflow_crash", "metric.total")],
)
def test_a_workflow_with_one_fault_fails_exactly_that_check(tested, name, check_id):
    failed = states(tested(MetricKit, "bad_metrics", name), "failed")
    assert set(failed) == {check_id}, failed
