from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from themis.specs import (
    BatchBackendSpec,
    ExecutionPolicySpec,
    LocalBackendSpec,
    PluginBackendSpec,
    ProjectSpec,
    WorkerPoolBackendSpec,
)


def test_the_policy_has_the_documented_defaults() -> None:
    assert ExecutionPolicySpec().model_dump() == {
        "max_retries": 3,
        "retry_backoff_factor": 1.5,
        "circuit_breaker_threshold": 5,
        "max_in_flight_work_items": 32,
        "retryable_error_codes": [],
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"max_retries": -1},
        {"retry_backoff_factor": 0},
        {"circuit_breaker_threshold": 0},
        {"max_in_flight_work_items": 0},
    ],
)
def test_a_policy_out_of_range_is_an_error(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        ExecutionPolicySpec(**fields)


def test_an_unknown_error_code_lists_the_known_ones() -> None:
    with pytest.raises(
        ValidationError, match="'timeout' is no error code; use one of provider_tim"
    ):
        ExecutionPolicySpec(retryable_error_codes=["timeout"])


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, LocalBackendSpec),
        ({"kind": "worker_pool", "worker_tags": ["gpu"]}, WorkerPoolBackendSpec),
        ({"kind": "batch", "provider": "openai"}, BatchBackendSpec),
        ({"kind": "ray", "address": "auto"}, PluginBackendSpec),
    ],
)
def test_backends_are_told_apart_by_kind(fields: dict[str, Any], kind: type) -> None:
    assert type(ProjectSpec(execution_backend=fields).execution_backend) is kind


def test_known_error_codes_are_taken() -> None:
    codes = ["provider_auth", "parse_error"]
    assert ExecutionPolicySpec(retryable_error_codes=codes).retryable_error_codes == codes


def test_a_plugins_backend_keeps_its_fields() -> None:
    assert PluginBackendSpec(kind="ray", address="auto").settings == {"address": "auto"}


def test_a_built_in_kind_has_its_own_class() -> None:
    with pytest.raises(ValidationError, match="kind: local is built in; use its own spec class"):
        PluginBackendSpec(kind="local")


@pytest.mark.parametrize("field", ["lease_ttl_seconds", "poll_interval_seconds"])
def test_a_worker_pools_times_are_positive(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        WorkerPoolBackendSpec(**{field: 0})
