"""The tables of a run's report: leaderboard, breakdowns, comparison, failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from themis.reporting.provenance import provenance_rows
from themis.results.leaderboard import tiered
from themis.results.tables import format_value

if TYPE_CHECKING:
    from themis.results import BenchmarkResult, HumanLabel, RunCounts

__all__ = [
    "ReportSection",
    "breakdowns",
    "comparison",
    "failures",
    "labelled",
    "leaderboard",
    "provenance",
]

Row = Mapping[str, Any]

_FIGURES = ("mean", "interval", "n_items", "n_clusters", "count", "errors")
_PAIRS = ("pair_count", "n_clusters", "dropped")
_TESTED = ("delta_mean", "interval", "p_value", "adjusted_p_value", "mde", *_PAIRS)
_COMPARED = ("metric_id", "score_name", "models", "verdict", *_TESTED, "method", "reason")
_LABELLED = (
    "metric_id",
    "model_id",
    "mean",
    "interval",
    "n_labelled",
    "n_judged",
    "weight",
    "reason",
)
_FAILED = ("kind", "stage", "code", "metric_id", "model_id", "count", "message", "trial")
_CONTRADICTED = (
    "contradicted_by: models ranked below that are better on the items both have; the means are "
    "over different items, as some failed."
)
_UNPAIRED = ("welch", "welch_clusters", "newcombe")
_SHORT_HASH = 16
_EXAMINED = 2_000
"""Failures that are read to be grouped; how many there are is counted in any case."""


@attrs.frozen(slots=True, kw_only=True)
class ReportSection:
    """One table of a report. `rows` are complete; `columns` are those that a person is shown."""

    key: str
    title: str
    rows: Sequence[Row]
    columns: Sequence[str]
    note: str = ""

    def readable(self) -> list[dict[str, Any]]:
        """The rows for a person: related figures in one cell, and no column that is empty."""
        rows = [{**row, **_joined_cells(row)} for row in self.rows]
        names = [name for name in self.columns if any(row.get(name) is not None for row in rows)]
        return [{name: row.get(name) for name in names} for row in rows]


def leaderboard(
    result: BenchmarkResult, compared: ReportSection, *, cluster_by: str | None = None
) -> ReportSection:
    """Models by their mean, for each metric; in tiers, by the comparison of every two models."""
    units = "items: samples and prompts of one item count once."
    if cluster_by is not None:
        units = f"what items share by {cluster_by!r}: items with one value count once."
    rows = tiered(result.leaderboard(tiers=False, cluster_by=cluster_by), compared.rows)
    if any(row["contradicted_by"] for row in rows):
        units += f" {_CONTRADICTED}"
    named = ("metric_id", "score_name", "rank", "tier", "model_id")
    return ReportSection(
        key="leaderboard",
        title="Leaderboard",
        rows=rows,
        columns=(*named, *_FIGURES, "contradicted_by", "reason"),
        note=f"Intervals are at 95 %, over {units}",
    )


def breakdowns(result: BenchmarkResult, *, cluster_by: str | None = None) -> list[ReportSection]:
    """One section per thing of which the run has several: slices, prompts, parameters, labels."""
    keys = ("slice_id", "prompt_variant_id", "params_hash", *result.dimensions)
    sections = (_breakdown(result, key, cluster_by) for key in keys)
    return [
        section
        for section, key in zip(sections, keys, strict=True)
        if len({row[key] for row in section.rows}) > 1
    ]


def _breakdown(result: BenchmarkResult, key: str, cluster_by: str | None) -> ReportSection:
    names = ["score_name"] if result.scores_one_metric_twice else []
    keys = ["metric_id", *names, key, "model_id"]
    rows = result.aggregate(group_by=keys, cluster_by=cluster_by)
    title, column = _TITLES.get(key, f"By {key}"), key
    if key == "params_hash":
        labels = _parameter_labels(result)
        rows = [{**row, "params": labels[row["params_hash"]]} for row in rows]
        rows.sort(key=lambda row: (row["metric_id"], [*labels].index(row["params_hash"])))
        column = "params"
    return ReportSection(
        key=f"by_{key}",
        title=title,
        rows=rows,
        columns=("metric_id", *names, column, "model_id", *_FIGURES),
    )


def _parameter_labels(result: BenchmarkResult) -> dict[str, str]:
    """Each parameter set told by what differs from set to set."""
    sets = result.parameter_sets
    names = sorted({name for params in sets.values() for name in params})
    swept = [
        name for name in names if len({repr(params.get(name)) for params in sets.values()}) > 1
    ]
    return {
        params_hash: format_value({name: params.get(name) for name in swept})
        for params_hash, params in sets.items()
    }


_TITLES = {
    "slice_id": "By slice",
    "prompt_variant_id": "By prompt variant",
    "params_hash": "By parameters",
}


def comparison(result: BenchmarkResult, *, cluster_by: str | None = None) -> ReportSection:
    """Every pair of models on the items that both have, for each metric."""
    rows = result.paired_compare(
        metric_id=None,
        group_by="benchmark_id",
        p_value_correction="holm",
        cluster_by=cluster_by,
    )
    return ReportSection(
        key="comparison",
        title="Paired comparison",
        rows=rows,
        columns=_COMPARED,
        note=" ".join(_comparison_note(rows)),
    )


def _comparison_note(rows: Sequence[Row]) -> Iterator[str]:
    tests = rows[0]["family_size"] if rows else 0
    yield "delta_mean is the first model's mean less the second's, on the same items;"
    if any(row["method"] in _UNPAIRED for row in rows):
        yield f"by {' or '.join(_UNPAIRED)} no item has a score of both, and they are of all items;"
    yield "dropped are items without a score of one side."
    if tests:
        yield "Interval and p-value are of one test."
    if tests > 1:
        yield f"Adjusted by Holm over {tests} comparisons."


def labelled(result: BenchmarkResult, labels: Iterable[HumanLabel]) -> ReportSection:
    """Means as people would have scored, out of few labels and the metric's scores of the rest."""
    return ReportSection(
        key="labelled",
        title="With human labels",
        rows=result.labelled_means(labels),
        columns=_LABELLED,
        note="Prediction-powered: it holds if the labelled items were drawn at random. n_judged "
        "are items without a label; weight says how far the metric was believed, 0 to 1.",
    )


def failures(result: BenchmarkResult, counts: RunCounts) -> ReportSection:
    """The failures by what went wrong where, with the first message of each kind."""
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in islice(result.iter_failures(), _EXAMINED):
        key = tuple(row[name] for name in ("kind", "stage", "code", "metric_id", "model_id"))
        groups.setdefault(key, {**row, "count": 0})["count"] += 1
    total = counts.failed + counts.metric_errors
    note = "Message and trial are those of the first of each kind."
    if total > _EXAMINED:
        note = f"Of the first {_EXAMINED} of {total} failures. {note}"
    return ReportSection(
        key="failures",
        title="Failures",
        rows=sorted(groups.values(), key=lambda row: -row["count"]),
        columns=_FAILED,
        note=note,
    )


def provenance(result: BenchmarkResult) -> ReportSection:
    """Where the run came from: versions, commit, seed, components, datasets."""
    return ReportSection(
        key="provenance",
        title="Provenance",
        rows=provenance_rows(result.manifest),
        columns=("name", "value"),
    )


def _joined_cells(row: Row) -> dict[str, Any]:
    """Cells that stand for several figures of a row; None where there is nothing to say."""
    cells: dict[str, Any] = {"interval": None}
    if row.get("ci_lower") is not None:
        cells["interval"] = f"{format_value(row['ci_lower'])} to {format_value(row['ci_upper'])}"
    if "treatment_model_id" in row:
        cells["models"] = f"{row['treatment_model_id']} vs {row['baseline_model_id']}"
        dropped = (row["dropped_treatment"], row["dropped_baseline"])
        cells["dropped"] = f"{dropped[0]} vs {dropped[1]}" if any(dropped) else None
    if "trial_hash" in row:
        cells["trial"] = row["trial_hash"][:_SHORT_HASH]
    return cells
