"""How a run is executed: limits, deadlines and patience. Nothing here is part of any key."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import attrs

from themis.errors import SpecIssue, SpecValidationError
from themis.records.timeline import StageName

__all__ = ["DEFAULT_DEADLINES", "RuntimeOptions"]

DEFAULT_DEADLINES: Mapping[StageName, float] = {
    "render": 60.0,
    "generate": 600.0,
    "reduce": 60.0,
    "parse": 60.0,
    "score": 60.0,
    "judge": 600.0,
    "load": 600.0,
}
"""Seconds one call of a component may take; a long agent may need more than `generate` gives."""


def _above_zero(options: RuntimeOptions, field: attrs.Attribute[Any], value: Any) -> None:  # noqa: ARG001 (attrs' signature)
    if not _is_number(value) or not value > 0:
        _refuse(field.name, value, "give a number above 0")


def _each_above_zero(options: RuntimeOptions, field: attrs.Attribute[Any], value: Any) -> None:  # noqa: ARG001
    for key, number in value.items():
        if not _is_number(number) or not number > 0:
            _refuse(f"{field.name}[{key!r}]", number, "give a number above 0, or leave it out")


def _each_count(options: RuntimeOptions, field: attrs.Attribute[Any], value: Any) -> None:  # noqa: ARG001
    for key, number in value.items():
        if type(number) is not int or number < 1:
            _refuse(f"{field.name}[{key!r}]", number, "give a whole number of at least 1")


def _none_or_count(options: RuntimeOptions, field: attrs.Attribute[Any], value: Any) -> None:  # noqa: ARG001
    if value is not None and (type(value) is not int or value < 0):
        _refuse(field.name, value, "give a whole number of at least 0")


def _each_a_stage(options: RuntimeOptions, field: attrs.Attribute[Any], value: Any) -> None:  # noqa: ARG001
    for key in value:
        if key not in DEFAULT_DEADLINES:
            known = ", ".join(get_args(StageName))
            _refuse(f"{field.name}[{key!r}]", key, f"no such stage; the stages are {known}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(key: str, value: Any, fix: str) -> None:
    issue = SpecIssue(f"got {value!r}; {fix}", key=f"runtime.{key}")
    raise SpecValidationError(str(issue), issues=[issue])


@attrs.frozen(slots=True, kw_only=True)
class RuntimeOptions:
    """Limits and patience of one run. Every limit is off unless it is set.

    Attributes:
        stage_concurrency: Calls of one stage in flight; a stage left out has no limit of its own.
        provider_concurrency: Calls to one provider in flight; by default the policy's
            `max_in_flight_work_items`, which also bounds all providers together.
        provider_rate_limits: Requests a minute, by provider; no window of 60 s holds more.
        provider_token_limits: Tokens a minute, by provider: a call's estimate is reserved when it
            starts and replaced by its true usage when it ends.
        deadline_seconds: Longest duration of one call, by stage, over `DEFAULT_DEADLINES`.
        retry_base_seconds: Bound of the first backoff; later ones grow by `retry_backoff_factor`.
        retry_cap_seconds: Bound that no backoff exceeds.
        judge_max_retries: How often a failed call of a judge is repeated; None: as the policy says.
        judge_retry_base_seconds: `retry_base_seconds` of judges; None: the same.
        judge_retry_backoff_factor: By how much a judge's waits grow; None: as the policy says.
        max_retry_after_seconds: A provider that asks to wait longer than this is given up.
        adaptive: Find each provider's own limit below the configured one, from its refusals.
        breaker_cooldown_seconds: Wait before the first probe of an open breaker; it doubles with
            every failed probe, up to `breaker_cooldown_cap_seconds`.
        breaker_cooldown_cap_seconds: Bound of that wait.
        breaker_probes: Failed probes in a row after which a provider is given up; half of them for
            a provider that has not answered once in this run.
        first_answer_seconds: Until a provider has answered once, or for this long, no more calls
            are in flight than its breaker's threshold: a wrong address costs five calls, not 32.
    """

    stage_concurrency: Mapping[StageName, int] = attrs.field(
        factory=dict, validator=[_each_a_stage, _each_count]
    )
    provider_concurrency: Mapping[str, int] = attrs.field(factory=dict, validator=_each_count)
    provider_rate_limits: Mapping[str, float] = attrs.field(
        factory=dict, validator=_each_above_zero
    )
    provider_token_limits: Mapping[str, float] = attrs.field(
        factory=dict, validator=_each_above_zero
    )
    deadline_seconds: Mapping[StageName, float] = attrs.field(
        factory=dict, validator=[_each_a_stage, _each_above_zero]
    )
    retry_base_seconds: float = attrs.field(default=0.5, validator=_above_zero)
    retry_cap_seconds: float = attrs.field(default=30.0, validator=_above_zero)
    judge_max_retries: int | None = attrs.field(default=None, validator=_none_or_count)
    judge_retry_base_seconds: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(_above_zero)
    )
    judge_retry_backoff_factor: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(_above_zero)
    )
    max_retry_after_seconds: float = attrs.field(default=600.0, validator=_above_zero)
    adaptive: bool = True
    breaker_cooldown_seconds: float = attrs.field(default=2.0, validator=_above_zero)
    breaker_cooldown_cap_seconds: float = attrs.field(default=60.0, validator=_above_zero)
    breaker_probes: int = attrs.field(default=6, validator=_above_zero)
    first_answer_seconds: float = 1.0

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> RuntimeOptions:
        """The options in a file's `[runtime]` table.

        Raises:
            SpecValidationError: a key is unknown (the nearest is named) or a value is refused.
        """
        known = [field.name for field in attrs.fields(cls)]
        issues = [
            SpecIssue(_no_such_option(name, known), key=f"runtime.{name}")
            for name in table
            if name not in known
        ]
        if issues:
            raise SpecValidationError("\n".join(map(str, issues)), issues=issues)
        return cls(**table)

    def deadline(self, stage: StageName) -> float:
        """Seconds one call of `stage` may take."""
        return self.deadline_seconds.get(stage, DEFAULT_DEADLINES[stage])

    def check_providers(self, providers: Iterable[str]) -> None:
        """Refuse limits for providers the run does not use: a misspelt one would do nothing.

        Raises:
            SpecValidationError: with one issue per unknown name.
        """
        known = sorted(set(providers))
        issues = [
            SpecIssue(_unknown(name, known), key=f"runtime.{field}[{name!r}]")
            for field in ("provider_concurrency", "provider_rate_limits", "provider_token_limits")
            for name in getattr(self, field)
            if name not in known
        ]
        if issues:
            raise SpecValidationError("\n".join(map(str, issues)), issues=issues)


def _no_such_option(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the options are {', '.join(known)}"
    return f"no such option; {hint}"


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"the run's providers are {', '.join(known)}"
    return f"no model or judge of this run uses that provider; {fix}"
