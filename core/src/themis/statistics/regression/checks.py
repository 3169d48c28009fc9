"""What a metric is checked for: the method, its threshold, and how much a finding matters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal, Self, get_args

import attrs

__all__ = ["CheckMethod", "RegressionCheck", "Severity", "check_keys"]

CheckMethod = Literal["percentage", "delta", "absolute", "adaptive", "paired"]
Severity = Literal["gate", "notify", "info"]

DEFAULT_PERCENTAGE = 10.0
DEFAULT_MADS = 3.5
_DEFAULTS: Mapping[str, float] = MappingProxyType(
    {"percentage": DEFAULT_PERCENTAGE, "adaptive": DEFAULT_MADS, "paired": 0.0}
)
_ABOUT = MappingProxyType(
    {
        "percentage": "a percentage, 0 or more",
        "delta": "max_delta, in the metric's units, 0 or more",
        "absolute": "the ceiling (minimize) or floor (maximize), in the metric's units",
        "adaptive": "a number of noise widths, 0 or more",
        "paired": "a margin in the metric's units, 0 or more",
    }
)


@attrs.frozen(slots=True, kw_only=True)
class RegressionCheck:
    """One check of a metric.

    `threshold` is of the method: a percentage of the baseline (default 10), the largest difference
    (`delta`, must be given), the ceiling or floor (`absolute`, must be given), noise widths
    (`adaptive`, default 3.5) or the margin of the paired difference (`paired`, default 0).
    `percent_gate` is what an adaptive finding must also be past; None for no such gate. Only a
    finding of severity `gate` fails a gate.

    Raises:
        ValueError: an unknown method or severity, or a threshold that is missing or out of range.
    """

    method: CheckMethod = "percentage"
    threshold: float = attrs.field(
        default=attrs.Factory(lambda self: _default_threshold(self.method), takes_self=True)
    )
    percent_gate: float | None = DEFAULT_PERCENTAGE
    severity: Severity = "gate"

    def __attrs_post_init__(self) -> None:
        _check_choice("method", self.method, get_args(CheckMethod))
        _check_choice("severity", self.severity, get_args(Severity))
        signed = self.method == "absolute"
        if not math.isfinite(self.threshold) or (self.threshold < 0 and not signed):
            msg = f"the threshold of {self.method!r} is {_ABOUT[self.method]}; got {self.threshold}"
            raise ValueError(msg)
        if self.percent_gate is not None and not 0 <= self.percent_gate < math.inf:
            msg = f"percent_gate is a percentage, 0 or more, or None; got {self.percent_gate}"
            raise ValueError(msg)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Self:
        """A check as a file holds it, e.g. {"method": "delta", "max_delta": 0.02}.

        `max_delta`, `limit`, `margin` and `percentage` are other names of the threshold.

        Raises:
            ValueError: an unknown key, or a value that is not allowed.
        """
        names = {"max_delta": "delta", "limit": "absolute", "margin": "paired"}
        aliases = {**names, "percentage": "percentage"}
        fields = {name: value for name, value in given.items() if name not in aliases}
        check_keys(fields, [field.name for field in attrs.fields(cls)], also=aliases)
        method = fields.get("method", "percentage")
        for name in set(given) & set(aliases):
            if aliases[name] != method or "threshold" in fields:
                msg = f"{name!r} is the threshold of {aliases[name]!r}, not of {method!r}"
                raise ValueError(msg)
            fields["threshold"] = given[name]
        _check_numbers(fields)
        check = cls(**fields)
        if "percent_gate" in fields and method != "adaptive":
            msg = f"'percent_gate' is of 'adaptive', not of {method!r}: give its threshold"
            raise ValueError(msg)
        return check


def _default_threshold(method: str) -> float:
    _check_choice("method", method, get_args(CheckMethod))
    if method not in _DEFAULTS:
        msg = f"a check by {method!r} needs a threshold: {_ABOUT[method]}"
        raise ValueError(msg)
    return _DEFAULTS[method]


def check_keys(given: Mapping[str, Any], known: Sequence[str], *, also: Any) -> None:
    """Raise ValueError for a key that is not known; it names the nearest."""
    every = [*known, *also]
    for name in given:
        if name not in every:
            near = get_close_matches(str(name), every, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            msg = f"unknown key {name!r}; known: {', '.join(every)}.{hint}"
            raise ValueError(msg)


def _check_numbers(fields: Mapping[str, Any]) -> None:
    for name in ("threshold", "percent_gate"):
        value = fields.get(name, 0.0)
        absent = value is None and name == "percent_gate"
        if not absent and (isinstance(value, bool) or not isinstance(value, (int, float))):
            msg = f"{name} is a number; got {value!r}"
            raise ValueError(msg)


def _check_choice(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        near = get_close_matches(str(value), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        msg = f"unknown {what} {value!r}; known: {', '.join(known)}.{hint}"
        raise ValueError(msg)
