"""The demonstration against a server that nobody here wrote, with faults at random.

Without Node these skip, except where CI is set.
"""

from __future__ import annotations

import os

import pytest

from themis.errors import ErrorCode
from themis.testing.aimock import AimockServer, AimockUnavailableError

pytestmark = pytest.mark.slow

CHAOS = {"drop": 0.05, "malformed": 0.05, "disconnect": 0.05, "ratelimit": 0.05, "latency": 5}
CODES = {
    ErrorCode.PROVIDER_UNAVAILABLE.value,
    ErrorCode.PROVIDER_RATE_LIMIT.value,
    ErrorCode.PARSE_ERROR.value,
}
FIXTURES = [{"match": {"userMessage": "?"}, "response": {"content": "Answer: 42"}}]
POLICY = """
[project.execution_policy]
max_retries = {retries}
circuit_breaker_threshold = 50
[runtime]
retry_base_seconds = 0.02
"""


@pytest.fixture
def chaotic():
    try:
        server = AimockServer(FIXTURES, chaos=CHAOS).start()
    except AimockUnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    yield server
    server.stop()


def prepare(desk, server, *, retries):
    desk.point_at(server.base_url)
    desk.draw(20)
    desk.add(POLICY.format(retries=retries))


def test_chaos_is_retried_until_nothing_is_missing(desk, chaotic):
    prepare(desk, chaotic, retries=8)
    ended = desk.run()
    assert ended.code == 0, ended.err
    assert ended.json["counts"]["made"] == 240
    assert chaotic.count() > 240


def test_without_retries_chaos_is_recorded_and_a_resume_asks_only_what_failed(desk, chaotic):
    prepare(desk, chaotic, retries=0)
    counts = desk.run().json["counts"]
    assert counts["made"] + counts["failed"] == chaotic.count() == 240
    assert set(counts["failures_by_code"]) <= CODES
    assert 10 < sum(counts["failures_by_code"].values()) == counts["failed"]
    failed, before = counts["failed"], chaotic.count()
    counts = desk.resume().json["counts"]
    assert chaotic.count() - before == failed
    assert counts["made"] + counts["failed"] == 240
    assert counts["failed"] < failed
