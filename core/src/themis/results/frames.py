"""Scores, candidates and trials as columns: for data frames and Parquet files."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import ColumnElement, Select, and_, select

from themis.errors import OptionalDependencyError
from themis.results.paging import pages
from themis.results.trial_status import trial_status
from themis.storage import schema
from themis.storage.schema import CandidateStatus, ScoreStatus

if TYPE_CHECKING:
    from sqlalchemy import Row

    from themis.results.layout import Arm, RunLayout
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["FRAME_KINDS", "data_frame", "write_parquet"]

_BATCH = 50_000
_CANDIDATES = schema.candidates
_SCORES = schema.scores
_TRIALS = schema.trials
_SCORE_STATUS = {status.value: status.name.lower() for status in ScoreStatus}
_CANDIDATE_STATUS = {status.value: status.name.lower() for status in CandidateStatus}

Columns = dict[str, list[Any]]
RowValues = Callable[["Row[Any]"], Sequence[Any]]


@attrs.frozen(slots=True, kw_only=True)
class _Table:
    """One kind of frame: a statement paged by `order`, and its own columns with their types."""

    statement: Select[Any]
    order: Sequence[ColumnElement[Any]]
    columns: Mapping[str, type]
    values: RowValues


def _scores(source: RunSource, overlay: Overlay) -> _Table:
    layout = source.layout
    shown = [metric.index for metric in overlay.metrics(layout)]
    trial = and_(_TRIALS.c.run == _SCORES.c.run, _TRIALS.c.trial == _SCORES.c.trial)
    statement = select(_SCORES, _TRIALS.c.item_id, _TRIALS.c.trial_hash)
    statement = statement.select_from(_SCORES.join(_TRIALS, trial))
    columns = {"sample_index": int, "metric_id": str, "score_name": str, "evaluation_hash": str}

    def values(row: Row[Any]) -> Sequence[Any]:
        metric = layout.metrics[row.metric]
        named = (metric.metric_id, metric.score_name, metric.evaluation_hash)
        return (row.sample, *named, row.value, _SCORE_STATUS[row.status])

    return _Table(
        statement=statement.where(_SCORES.c.run == layout.run, _SCORES.c.metric.in_(shown)),
        order=(_SCORES.c.metric, _SCORES.c.arm, _SCORES.c.trial, _SCORES.c.sample),
        columns={**columns, "value": float, "status": str},
        values=values,
    )


def _candidates(source: RunSource, _: Overlay) -> _Table:
    trial = and_(_TRIALS.c.run == _CANDIDATES.c.run, _TRIALS.c.trial == _CANDIDATES.c.trial)
    statement = select(_CANDIDATES, _TRIALS.c.item_id, _TRIALS.c.trial_hash, _TRIALS.c.arm)
    numbers = {"prompt_tokens": int, "completion_tokens": int, "latency_ms": float}

    def values(row: Row[Any]) -> Sequence[Any]:
        status = _CANDIDATE_STATUS[row.status]
        figures = (row.prompt_tokens, row.completion_tokens, row.latency_ms)
        return (row.sample, row.candidate_hash.hex(), status, row.error_code, *figures)

    return _Table(
        statement=statement.select_from(_CANDIDATES.join(_TRIALS, trial)).where(
            _CANDIDATES.c.run == source.layout.run
        ),
        order=(_CANDIDATES.c.trial, _CANDIDATES.c.sample),
        columns={
            "sample_index": int,
            "candidate_id": str,
            "status": str,
            "error_code": str,
            **numbers,
        },
        values=values,
    )


def _trials(source: RunSource, _: Overlay) -> _Table:
    return _Table(
        statement=select(_TRIALS, trial_status().label("status")).where(
            _TRIALS.c.run == source.layout.run
        ),
        order=(_TRIALS.c.trial,),
        columns={"status": str},
        values=lambda row: (row.status,),
    )


FRAME_KINDS = {"scores": _scores, "candidates": _candidates, "trials": _trials}


def data_frame(source: RunSource, overlay: Overlay, *, kind: str, backend: str | None) -> Any:
    """A pandas or polars data frame; the first of the two that is installed, unless one is named.

    Raises:
        ValueError: an unknown kind or backend; the message lists the known ones.
        OptionalDependencyError: the backend is not installed; the message names the extra.
    """
    table = _table(source, overlay, kind)
    make = _FRAMES[_backend(backend)]
    types = {**_shared_types(source.layout), **table.columns}
    columns: Columns = {name: [] for name in types}
    for batch in _batches(source, table):
        for name, values in batch.items():
            columns[name].extend(values)
    return make(columns, types)


def write_parquet(source: RunSource, overlay: Overlay, *, kind: str, path: Path) -> Path:
    """Write a Parquet file, batch by batch, so that its size is no matter; its folders are made.

    Raises:
        ValueError: an unknown kind.
        OptionalDependencyError: pyarrow is not installed.
    """
    table = _table(source, overlay, kind)
    arrow = _imported("pyarrow", extra="parquet", wanted="a Parquet file")
    parquet = importlib.import_module("pyarrow.parquet")
    kinds = {str: arrow.string(), int: arrow.int64(), float: arrow.float64()}
    types = {**_shared_types(source.layout), **table.columns}
    schema_ = arrow.schema(
        [(name, kinds[python_type]) for name, python_type in types.items()],
        metadata={"themis.run_id": source.layout.run_id},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with parquet.ParquetWriter(path, schema_) as writer:
        for batch in _batches(source, table):
            writer.write_table(arrow.Table.from_pydict(batch, schema=schema_))
    return path


def _table(source: RunSource, overlay: Overlay, kind: str) -> _Table:
    if kind not in FRAME_KINDS:
        msg = f"there is no table of {kind!r}; the kinds are: {', '.join(FRAME_KINDS)}"
        raise ValueError(msg)
    return FRAME_KINDS[kind](source, overlay)


def _batches(source: RunSource, table: _Table) -> Iterator[Columns]:
    """The table's columns in batches."""
    names = [*_shared_types(source.layout), *table.columns]
    for rows in pages(source, table.statement, table.order, size=_BATCH):
        yield _columns(source.layout, table, rows, names)


def _columns(
    layout: RunLayout, table: _Table, rows: Sequence[Row[Any]], names: Sequence[str]
) -> Columns:
    arms = [_arm_values(layout, arm) for arm in layout.arms]
    values = [
        (row.trial_hash.hex(), row.item_id, *arms[row.arm], *table.values(row)) for row in rows
    ]
    return {
        name: list(column) for name, column in zip(names, zip(*values, strict=True), strict=True)
    }


def _shared_types(layout: RunLayout) -> dict[str, type]:
    """The columns of every kind; a dimension's is called `dimension.<name>`."""
    arm = ("benchmark_id", "slice_id", "prompt_variant_id", "model_id", "provider", "params_hash")
    dimensions = (f"dimension.{name}" for name in layout.dimensions)
    return dict.fromkeys(("trial_hash", "item_id", *arm, *dimensions), str)


def _arm_values(layout: RunLayout, arm: Arm) -> Sequence[Any]:
    named = (arm.slice_id, arm.prompt_variant_id, arm.model_id, arm.provider, arm.params_hash)
    return (
        layout.benchmark_id,
        *named,
        *(arm.dimensions.get(name) for name in layout.dimensions),
    )


def _backend(named: str | None) -> str:
    if named is not None and named not in _FRAMES:
        msg = f"unknown data frame backend {named!r}; known: {', '.join(_FRAMES)}"
        raise ValueError(msg)
    if named is not None:
        return named
    installed = [name for name in _FRAMES if importlib.util.find_spec(name) is not None]
    if installed:
        return installed[0]
    msg = (
        "a data frame needs pandas or polars: pip install 'themis-framework[pandas]' "
        "or 'themis-framework[polars]'"
    )
    raise OptionalDependencyError(msg)


def _imported(name: str, *, extra: str, wanted: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        msg = f"{wanted} needs {name}: pip install 'themis-framework[{extra}]'"
        raise OptionalDependencyError(msg) from error


def _pandas_frame(columns: Columns, types: Mapping[str, type]) -> Any:
    pandas = _imported("pandas", extra="pandas", wanted="a pandas data frame")
    kinds = {str: "object", int: "Int64", float: "float64"}
    series = {name: pandas.Series(columns[name], dtype=kinds[types[name]]) for name in types}
    return pandas.DataFrame(series)


def _polars_frame(columns: Columns, types: Mapping[str, type]) -> Any:
    polars = _imported("polars", extra="polars", wanted="a polars data frame")
    kinds = {str: polars.String, int: polars.Int64, float: polars.Float64}
    return polars.DataFrame(columns, schema={name: kinds[kind] for name, kind in types.items()})


_FRAMES = {"pandas": _pandas_frame, "polars": _polars_frame}
