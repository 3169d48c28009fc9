"""An experiment that votes costs in proportion to its cases, and holds none of them in memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

VOTING = """
import json, resource, sys, time
from themis import evaluate

cases, store = int(sys.argv[1]), sys.argv[2]
data = [{"case_id": str(n), "input": str(n), "expected_output": str(n)} for n in range(cases)]
begun = time.process_time()
result = evaluate(
    model=lambda question: question, data=data, metric="exact_match", samples=4,
    reducer="majority_vote", store=store,
)
spent = time.process_time() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": spent, "peak_mb": peak, "mean": result.metric_means["exact_match"]}))
"""

PAGE_CACHES_MB = 96
"""What the store's connections may keep of the database: they fill up once, however long a run."""


@pytest.fixture
def voting(tmp_path):
    def run(cases):
        command = [sys.executable, "-c", VOTING, str(cases), str(tmp_path / str(cases))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    return run


def test_ten_times_the_cases_cost_ten_times_the_cpu(voting):
    few, many = voting(500), voting(5_000)
    assert few["mean"] == many["mean"] == 1.0
    assert many["cpu"] <= 1.2 * 10 * few["cpu"]
    assert many["peak_mb"] < few["peak_mb"] + PAGE_CACHES_MB
