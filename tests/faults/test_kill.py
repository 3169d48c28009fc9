"""kill -9 at random times and at commits, on both databases; then the run goes on to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LAB = Path(__file__).parent / "crash_lab.py"


def lab(*words):
    command = [sys.executable, str(LAB), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    points = [json.loads(line) for line in done.stdout.splitlines()]
    assert points, done.stderr
    return points, done


def held(points, done):
    """Nothing lost, repeated, broken or different at any point."""
    assert [point for point in points if point["broken"]] == []
    assert [point for point in points if point["repeated"]] == []
    assert [point for point in points if not point["equal"]] == []
    assert {point["status"] for point in points} == {"completed"}
    assert done.returncode == 0, done.stderr
    return {
        "points": len(points),
        "killed": sum(point["killed"] for point in points),
        "under_way": sum(0 < point["durable"] < 48 for point in points),
        "acknowledged": sum(point["acknowledged"] for point in points),
        "lost": 0,
        "repeated": 0,
    }


def test_a_run_killed_at_any_time_ends_as_if_it_had_not_been(tries, state):
    points, done = lab("--random", tries(6, full=200), "--commits", 0)
    state("kill_random_sqlite", **held(points, done))


def test_a_run_killed_at_any_commit_ends_as_if_it_had_not_been(tries, state):
    points, done = lab("--commits", tries(2, full=1000))
    assert all(point["killed"] for point in points[:2])
    state("kill_commits_sqlite", **held(points, done))


def test_a_run_on_postgresql_killed_at_any_time_ends_as_if_it_had_not_been(
    tries, state, postgres_dsn
):
    points, done = lab("--random", tries(4, full=200), "--commits", 0, "--dsn", postgres_dsn)
    state("kill_random_postgres", **held(points, done))


def test_a_run_on_postgresql_killed_at_any_commit_ends_as_if_it_had_not_been(
    tries, state, postgres_dsn
):
    points, done = lab("--commits", tries(1, full=1000), "--dsn", postgres_dsn)
    state("kill_commits_postgres", **held(points, done))
