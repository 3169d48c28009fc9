"""Which checks every metric gets, and which metrics have their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from themis.statistics.estimate import check_level
from themis.statistics.multiplicity import Adjustment, adjust
from themis.statistics.regression.checks import RegressionCheck, check_keys

__all__ = ["RegressionConfig"]

_KEYS = ("checks", "metrics", "ci_level", "correction")


@attrs.frozen(slots=True, kw_only=True)
class RegressionConfig:
    """The checks of every metric, and those of metrics that have their own.

    `ci_level` is the level of the intervals that the method `paired` judges by. With `correction`
    (`none`, `holm`, `bh`) it goes by the p-value instead, corrected over all metrics.

    Raises:
        ValueError: `ci_level` is not between 0 and 1, or the correction is unknown.
    """

    checks: tuple[RegressionCheck, ...] = (RegressionCheck(),)
    overrides: Mapping[str, tuple[RegressionCheck, ...]] = attrs.field(factory=dict)
    ci_level: float = 0.95
    correction: Adjustment | None = None

    def __attrs_post_init__(self) -> None:
        check_level(self.ci_level)
        if self.correction is not None:
            adjust([], self.correction)

    def checks_of(self, variable: str) -> tuple[RegressionCheck, ...]:
        """The checks of one metric."""
        return self.overrides.get(variable, self.checks)

    def check_variables(self, known: Sequence[str]) -> None:
        """Raise ValueError if an override names a metric that there is not."""
        check_keys(self.overrides, known, also=())

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Self:
        """A configuration as a file holds it: `checks` and `metrics` of lists of checks.

        A single check may stand for a list, and the keys of a check at the top for `checks`.

        Raises:
            ValueError: an unknown key, no checks, or a value that is not allowed.
        """
        rest = {k: v for k, v in given.items() if k not in _KEYS}
        if rest and "checks" in given:
            check_keys(rest, _KEYS, also=())
        checks = given.get("checks", [rest] if rest else [{}])
        metrics, level = given.get("metrics", {}), given.get("ci_level", 0.95)
        if not isinstance(metrics, Mapping):
            msg = f"metrics is a table of a metric's checks each; got {metrics!r}"
            raise ValueError(msg)  # noqa: TRY004 (a bad file is one kind of error)
        if isinstance(level, bool) or not isinstance(level, (int, float)):
            msg = f"ci_level is a number between 0 and 1; got {level!r}"
            raise ValueError(msg)  # noqa: TRY004 (a bad file is one kind of error)
        return cls(
            checks=_checks(checks),
            overrides={name: _checks(value) for name, value in metrics.items()},
            ci_level=level,
            correction=given.get("correction"),
        )


def _checks(given: Any) -> tuple[RegressionCheck, ...]:
    listed = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        msg = f"checks are a list of one or more; got {given!r}"
        raise ValueError(msg)
    if not all(isinstance(one, Mapping) for one in listed):
        msg = f"a check is a table of its method and threshold; got {given!r}"
        raise ValueError(msg)
    return tuple(map(RegressionCheck.from_mapping, listed))
