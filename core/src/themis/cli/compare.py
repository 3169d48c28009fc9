"""`themis compare`: two results side by side, on the items that both have."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import attrs
import click

from themis.cli.gate import REGRESSED, artifacts_option, check_judged, config_option, show_gate
from themis.cli.operands import check_config, result_file, stored_result
from themis.cli.output import json_option, terminal_width
from themis.cli.run_store import open_run_store, store_option

if TYPE_CHECKING:
    from themis.results import BenchmarkResult
    from themis.statistics import Adjustment
    from themis.statistics.regression import RegressionConfig

__all__ = ["compare"]

_FIGURES = ("baseline_mean", "candidate_mean", "delta_mean", "interval", "adjusted_p_value")
_COUNTS = ("pair_count", "n_items", "n_clusters")
_SHOWN = ("metric_id", "score_name", "verdict", *_FIGURES, "mde", *_COUNTS, "method", "reason")
_CORRECTIONS = ("none", "holm", "bh")
_CORRECTION: Adjustment = "holm"


@attrs.frozen(slots=True, kw_only=True)
class _Choices:
    """How the two are compared item by item."""

    group_by: tuple[str, ...]
    correction: Adjustment | None
    level: float | None
    margin: float | None
    cluster_by: str | None

    def checks(self, given: Mapping[str, Any] | None) -> RegressionConfig:
        """The checks of --config, or by pairs; with the level and correction asked for."""
        from themis.statistics.regression import RegressionCheck, RegressionConfig

        by_pairs = RegressionCheck(method="paired", threshold=self.margin or 0.0)
        found = RegressionConfig(checks=(by_pairs,), correction=_CORRECTION)
        if given is not None:
            found = RegressionConfig.from_mapping(given)
        return attrs.evolve(
            found,
            ci_level=found.ci_level if self.level is None else self.level,
            correction=self.correction or found.correction,
        )

    def check_unused(self) -> None:
        """Raise UsageError for a choice that result files, which hold no items, cannot follow."""
        given = {
            "--by": self.group_by or None,
            "--correction": self.correction,
            "--level": self.level,
            "--margin": self.margin,
            "--cluster-by": self.cluster_by,
        }
        for name, value in given.items():
            if value is not None:
                msg = f"{name} is of the items of two runs, and a result file holds none"
                raise click.UsageError(msg)


@click.command()
@click.argument("baseline", metavar="A")
@click.argument("candidate", metavar="B")
@store_option
@click.option("--by", "group_by", multiple=True, help="Compare by slice_id, model_id, a dimension.")
@click.option(
    "--correction",
    type=click.Choice(_CORRECTIONS),
    help=f"Over all that is compared, and for checks by `paired` (else --config's, {_CORRECTION}).",
)
@click.option(
    "--level",
    type=float,
    help="Of the intervals and of checks by `paired` (else --config's, 0.95).",
)
@click.option("--margin", type=float, help="The largest difference that does not matter.")
@click.option("--cluster-by", help="An item field: items that share it are one unit of evidence.")
@config_option
@click.option(
    "--fail-on",
    type=click.Choice(["regressed"]),
    help="Exit with 3 if a check of severity `gate` says so, or a metric is missing.",
)
@artifacts_option
@json_option
def compare(
    baseline: str,
    candidate: str,
    store: Path | None,
    group_by: tuple[str, ...],
    correction: Adjustment | None,
    level: float | None,
    margin: float | None,
    cluster_by: str | None,
    config: Path | None,
    fail_on: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Compare result B with result A: is B better, worse, equal, or can it not be told?

    Each is a run, a benchmark (its latest run) or a result.json. Runs are compared on the items
    that both have. Without --config a check goes by the verdict of the paired difference, its p
    corrected over all metrics, past --margin; of result files by percentage.
    """
    choices = _Choices(
        group_by=group_by,
        correction=correction,
        level=level,
        margin=margin,
        cluster_by=cluster_by,
    )
    with ExitStack() as stack:
        before, after = (_side(name, store, stack) for name in (baseline, candidate))
        try:
            document = _document(before, after, config=check_config(config), choices=choices)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    if not as_json:
        _show_pairs(document.get("comparisons", ()), group_by)
    failed = show_gate(document, output, as_json=as_json)
    if fail_on:
        check_judged(document)
    sys.exit(REGRESSED if failed and fail_on else 0)


def _side(name: str, store: Path | None, stack: ExitStack) -> BenchmarkResult | Mapping[str, Any]:
    """A result file, or a result of the store, which stays open as long as the stack."""
    document = result_file(name)
    if document is not None:
        return document
    return stored_result(stack.enter_context(open_run_store(store)), name)


def _document(
    before: BenchmarkResult | Mapping[str, Any],
    after: BenchmarkResult | Mapping[str, Any],
    *,
    config: Mapping[str, Any] | None,
    choices: _Choices,
) -> dict[str, Any]:
    """The contract's document, with the comparisons item by item where both are of the store."""
    from themis.reporting.contract_comparison import compare_results
    from themis.reporting.strict_json import strict

    if isinstance(before, Mapping) or isinstance(after, Mapping):
        choices.check_unused()
        return compare_results(before, after, run_cfg=config)
    checks = choices.checks(config)
    document = compare_results(
        before,
        after,
        run_cfg=checks,
        margin=choices.margin,
        cluster_by=choices.cluster_by,
    )
    rows = after.compare_with(
        before,
        group_by=choices.group_by,
        p_value_correction=checks.correction or _CORRECTION,
        ci_level=checks.ci_level,
        margin=choices.margin,
        cluster_by=choices.cluster_by,
    )
    return {**document, "comparisons": cast("list[Any]", strict(rows))}


def _show_pairs(rows: Any, group_by: tuple[str, ...]) -> None:
    from themis.results.tables import fitted_table, format_value

    shown = []
    for row in rows:
        limits = [row["ci_lower"], row["ci_upper"]]
        told = None if None in limits else " to ".join(map(format_value, limits))
        shown.append({**row, "interval": told})
    columns = [
        name for name in (*group_by, *_SHOWN) if any(row.get(name) is not None for row in shown)
    ]
    if shown:
        click.echo(fitted_table(shown, columns, width=terminal_width()) + "\n")
