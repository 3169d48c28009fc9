"""The demonstration over a real socket: faults end as retries or as recorded failures."""

from __future__ import annotations

import tomllib
from collections import Counter

import attrs
import pytest

from themis.errors import ErrorCode
from themis.runtime.orchestrator import Orchestrator
from themis.specs.files import load_benchmark_file
from themis.testing import (
    DroppedConnection,
    FaultServer,
    NeverAnswers,
    NotJson,
    RateLimited,
    StatusError,
    TruncatedBody,
    at_rates,
)

from .conftest import simulated_answer

CODES = {
    RateLimited(0.1): ErrorCode.PROVIDER_RATE_LIMIT,
    StatusError(500): ErrorCode.PROVIDER_UNAVAILABLE,
    NeverAnswers(): ErrorCode.PROVIDER_TIMEOUT,
    TruncatedBody(): ErrorCode.PROVIDER_UNAVAILABLE,
    NotJson(): ErrorCode.PARSE_ERROR,
    DroppedConnection(): ErrorCode.PROVIDER_UNAVAILABLE,
    DroppedConnection(after_headers=True): ErrorCode.PROVIDER_UNAVAILABLE,
}
PATIENT = """
[project.execution_policy]
max_retries = 6
circuit_breaker_threshold = 20
[runtime]
retry_base_seconds = 0.05
"""
HASTY = """
[project.execution_policy]
max_retries = 1
circuit_breaker_threshold = 200
[runtime]
retry_base_seconds = 0.01
"""


@attrs.define(eq=False)
class Unlucky:
    """A third of all bodies fail, each always in its own way, until the server is healthy."""

    healthy: bool = False
    seen: dict = attrs.field(factory=dict)

    def __call__(self, call):
        if self.healthy:
            return None
        draw = self.seen.setdefault(call.raw, len(self.seen)) % (3 * len(CODES))
        return list(CODES)[draw] if draw < len(CODES) else None


@pytest.fixture
def unlucky(desk):
    """A desk of 60 candidates at an unlucky server, and that server."""
    faults = Unlucky()
    with FaultServer(answer=simulated_answer, faults=faults) as server:
        desk.point_at(server.base_url, models=["model-large"], timeout=1.0)
        desk.draw(10)
        desk.add(HASTY)
        yield desk, server, faults


def doomed(server, faults):
    """How many bodies have each code as their fate."""
    first = {call.raw: call for call in server.calls}
    fates = [faults(call) for call in first.values()]
    return Counter(CODES[fate].value for fate in fates if fate is not None)


def test_only_the_models_table_changes_for_a_real_server(desk):
    before = tomllib.loads(desk.benchmark.read_text())
    desk.point_at("http://127.0.0.1:1/v1")
    after = tomllib.loads(desk.benchmark.read_text())
    assert before.pop("models") != after.pop("models")
    assert before == after


@pytest.mark.slow
def test_the_demonstration_runs_against_a_server_by_its_models_table_alone(desk):
    with FaultServer(answer=simulated_answer) as server:
        desk.point_at(server.base_url)
        ended = desk.run()
    assert ended.code == 0, ended.err
    assert ended.json["counts"]["made"] == server.count() == 3200


@pytest.mark.slow
def test_passing_faults_of_every_kind_are_retried_until_nothing_is_missing(desk):
    unsteady = at_rates(dict.fromkeys(CODES, 0.04), seed=4)

    def passing(call):
        return unsteady(call) if call.attempt <= 4 else None

    with FaultServer(answer=simulated_answer, faults=passing) as server:
        desk.point_at(server.base_url, timeout=0.5)
        desk.draw(20)
        desk.add(PATIENT)
        ended = desk.run()
    assert ended.code == 0, ended.err
    assert ended.json["counts"]["made"] == server.count(ok_only=True) == 240
    assert {call.fault for call in server.calls} == {None, *CODES}


@pytest.mark.slow
def test_lasting_faults_are_recorded_with_their_codes_and_nothing_vanishes(unlucky):
    desk, server, faults = unlucky
    ended = desk.run()
    counts = ended.json["counts"]
    assert ended.code == 1
    assert counts["failures_by_code"] == doomed(server, faults)
    assert set(counts["failures_by_code"]) == {code.value for code in CODES.values()}
    assert (counts["made"] + counts["failed"], counts["pending"]) == (60, 0)
    assert [row["errors"] for row in ended.json["sections"]["leaderboard"]] == [
        counts["failed"]
    ] * 2
    tries = Counter(call.raw for call in server.calls)
    assert set(tries.values()) == {1, 2}
    assert sum(tries.values()) == 60 + counts["failed"]


@pytest.mark.slow
def test_resuming_at_a_healthy_server_completes_only_what_failed(unlucky):
    desk, server, faults = unlucky
    failed = desk.run().json["counts"]["failed"]
    before, faults.healthy = server.count(), True
    ended = desk.resume()
    assert ended.code == 0, ended.err
    assert ended.json["counts"]["made"] == 60
    assert server.count() - before == failed


@pytest.mark.slow
def test_the_orchestrator_in_this_process_records_the_same_failures(unlucky):
    desk, server, faults = unlucky
    loaded = load_benchmark_file(desk.benchmark)
    with Orchestrator.from_project_spec(loaded.project, base_dir=desk.path) as orchestrator:
        result = orchestrator.run_benchmark(loaded.benchmark)
        codes = Counter(failure["code"] for failure in result.iter_failures())
        assert codes == doomed(server, faults)
        faults.healthy = True
        assert orchestrator.resume(result.run_id).status == "completed"


def test_a_server_that_is_not_there_costs_a_few_calls_and_every_candidate_is_counted(desk):
    desk.point_at("http://127.0.0.1:9/v1", models=["model-large"])
    desk.draw(10)
    desk.add("[runtime]\nbreaker_cooldown_seconds = 0.05\nretry_base_seconds = 0.01")
    ended = desk.run()
    counts = ended.json["counts"]
    assert ended.code == 1
    assert (ended.json["run"]["status"], counts["failed"], counts["pending"]) == ("failed", 60, 0)
    assert set(counts["failures_by_code"]) == {"circuit_breaker", "provider_unavailable"}
    assert counts["failures_by_code"]["circuit_breaker"] >= 50
