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
from themis.records import WHOLE_TRIAL
from themis.results.paging import pages
from themis.results.score_sums import of_metrics
from themis.results.trial_status import trial_status
from themis.storage import schema
from themis.storage.schema import CandidateStatus, ScoreStatus

if TYPE_CHECKING:
    from themis.results.layout import RunLayout
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["FRAME_KINDS", "data_frame", "iter_rows", "write_parquet"]

_BATCH = 50_000
_CANDIDATES = schema.candidates
_SCORES = schema.scores
_TRIALS = schema.trials

Columns = dict[str, list[Any]]


@attrs.frozen(slots=True)
class _Field:
    """A column of a frame: made from one column of the query, value by value if need be."""

    name: str
    kind: type
    source: str
    change: Callable[[Any], Any] | None = None

    def values(self, column: Sequence[Any]) -> list[Any]:
        """The frame's values for the query's."""
        return list(column if self.change is None else map(self.change, column))


@attrs.frozen(slots=True)
class _Table:
    """One kind of frame: a statement paged by `order`, and what is shown of its rows."""

    statement: Select[Any]
    order: Sequence[ColumnElement[Any]]
    fields: Sequence[_Field]


def _scores(source: RunSource, overlay: Overlay) -> _Table:
    layout = source.layout
    trial = and_(_TRIALS.c.run == _SCORES.c.run, _TRIALS.c.trial == _SCORES.c.trial)
    statement = select(_SCORES, _TRIALS.c.item_id, _TRIALS.c.trial_hash)
    shown = of_metrics(overlay.metrics(layout))
    return _Table(
        statement.select_from(_SCORES.join(_TRIALS, trial)).where(
            _SCORES.c.run == layout.run, shown
        ),
        (_SCORES.c.metric, _SCORES.c.arm, _SCORES.c.trial, _SCORES.c.sample),
        (
            *_shared_fields(layout),
            _Field("sample_index", int, "sample"),
            _numbered("metric_id", "metric", [m.metric_id for m in layout.metrics]),
            _numbered("score_name", "metric", [m.score_name for m in layout.metrics]),
            _numbered("evaluation_hash", "metric", [m.evaluation_hash for m in layout.metrics]),
            _Field("value", float, "value"),
            _numbered("status", "status", [status.name.lower() for status in ScoreStatus]),
        ),
    )


def _candidates(source: RunSource, _: Overlay) -> _Table:
    trial = and_(_TRIALS.c.run == _CANDIDATES.c.run, _TRIALS.c.trial == _CANDIDATES.c.trial)
    statement = select(_CANDIDATES, _TRIALS.c.item_id, _TRIALS.c.trial_hash, _TRIALS.c.arm)
    return _Table(
        statement.select_from(_CANDIDATES.join(_TRIALS, trial)).where(
            _CANDIDATES.c.run == source.layout.run, _CANDIDATES.c.sample != WHOLE_TRIAL
        ),
        (_CANDIDATES.c.trial, _CANDIDATES.c.sample),
        (
            *_shared_fields(source.layout),
            _Field("sample_index", int, "sample"),
            _Field("candidate_id", str, "candidate_hash", bytes.hex),
            _numbered("status", "status", [status.name.lower() for status in CandidateStatus]),
            _Field("error_code", str, "error_code"),
            _Field("prompt_tokens", int, "prompt_tokens"),
            _Field("completion_tokens", int, "completion_tokens"),
            _Field("latency_ms", float, "latency_ms"),
        ),
    )


def _trials(source: RunSource, _: Overlay) -> _Table:
    statement = select(_TRIALS, trial_status().label("status"))
    return _Table(
        statement.where(_TRIALS.c.run == source.layout.run),
        (_TRIALS.c.trial,),
        (*_shared_fields(source.layout), _Field("status", str, "status")),
    )


def _shared_fields(layout: RunLayout) -> list[_Field]:
    """The columns of every kind; a dimension's is called `dimension.<name>`."""
    arms = layout.arms
    return [
        _Field("trial_hash", str, "trial_hash", bytes.hex),
        _Field("item_id", str, "item_id"),
        _numbered("benchmark_id", "arm", [layout.benchmark_id] * len(arms)),
        _numbered("slice_id", "arm", [arm.slice_id for arm in arms]),
        _numbered("prompt_variant_id", "arm", [arm.prompt_variant_id for arm in arms]),
        _numbered("model_id", "arm", [arm.model_id for arm in arms]),
        _numbered("provider", "arm", [arm.provider for arm in arms]),
        _numbered("params_hash", "arm", [arm.params_hash for arm in arms]),
        *(
            _numbered(f"dimension.{name}", "arm", [arm.dimensions.get(name) for arm in arms])
            for name in layout.dimensions
        ),
    ]


def _numbered(name: str, source: str, values: Sequence[str | None]) -> _Field:
    """A column of texts that the query has the numbers of."""
    return _Field(name, str, source, values.__getitem__)


FRAME_KINDS = {"scores": _scores, "candidates": _candidates, "trials": _trials}


def data_frame(source: RunSource, overlay: Overlay, *, kind: str, backend: str | None) -> Any:
    """A pandas or polars data frame; the first of the two that is installed, unless one is named.

    Raises:
        ValueError: an unknown kind or backend; the message lists the known ones.
        OptionalDependencyError: the backend is not installed; the message names the extra.
    """
    table = _table(source, overlay, kind)
    make = _FRAMES[_backend(backend)]
    columns: Columns = {field.name: [] for field in table.fields}
    for batch in _batches(source, table):
        for name, values in batch.items():
            columns[name].extend(values)
    return make(columns, {field.name: field.kind for field in table.fields})


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
    schema_ = arrow.schema(
        [(field.name, kinds[field.kind]) for field in table.fields],
        metadata={"themis.run_id": source.layout.run_id},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with parquet.ParquetWriter(path, schema_) as writer:
        for batch in _batches(source, table):
            writer.write_table(arrow.Table.from_pydict(batch, schema=schema_))
    return path


def iter_rows(source: RunSource, overlay: Overlay, *, kind: str) -> Iterator[dict[str, Any]]:
    """The rows of a frame, one by one.

    Raises:
        ValueError: an unknown kind.
    """
    for batch in _batches(source, _table(source, overlay, kind)):
        for values in zip(*batch.values(), strict=True):
            yield dict(zip(batch, values, strict=True))


def _table(source: RunSource, overlay: Overlay, kind: str) -> _Table:
    if kind not in FRAME_KINDS:
        msg = f"there is no table of {kind!r}; the kinds are: {', '.join(FRAME_KINDS)}"
        raise ValueError(msg)
    return FRAME_KINDS[kind](source, overlay)


def _batches(source: RunSource, table: _Table) -> Iterator[Columns]:
    """The table's columns in batches."""
    for rows in pages(source, table.statement, table.order, size=_BATCH):
        read = dict(zip(rows[0]._fields, zip(*rows, strict=True), strict=True))
        yield {field.name: field.values(read[field.source]) for field in table.fields}


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
