"""Generous bounds on what a run costs; `make bench` measures properly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WORKLOAD = Path(__file__).parents[1] / "benchmarks" / "workload.py"


@pytest.fixture
def measured(tmp_path):
    def run(trials, *options):
        command = [sys.executable, str(WORKLOAD), str(trials), "--store", str(tmp_path), *options]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    return run


def test_a_thousand_trials_cost_less_than_three_seconds_of_cpu(measured):
    figures = measured(1000)
    assert figures["cpu"] < 3
    assert figures["bytes_per_trial"] < 4000


def test_waiting_calls_wait_together_and_not_for_the_store(measured):
    assert measured(1000, "--latency", "0.05", "--in-flight", "100")["wall"] < 2.5


def test_finding_everything_done_costs_a_fraction_of_the_run(measured):
    first = measured(2000)["cpu"]
    assert measured(2000)["cpu"] < first / 3


def measured_by(program, *arguments):
    command = [sys.executable, str(WORKLOAD.with_name(program)), *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_a_finished_run_is_come_back_to_in_a_moment(measured, tmp_path):
    measured(1000)
    figures = measured_by("read_back.py", tmp_path, 1000)
    assert figures["resume"] < 1
    assert figures["aggregate"] < 1


def test_groups_are_committed_at_a_multiple_of_the_rate_of_single_events():
    figures = measured_by("store_costs.py", "groups", 2000)
    assert figures["group"] > 3 * figures["single"]


def test_a_store_that_takes_many_events_does_not_grow_with_them():
    assert measured_by("store_costs.py", "soak", 20_000)["grown_mb"] < 100
