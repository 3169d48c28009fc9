"""Few labels by people, many scores by a judge: means that are right however wrong the judge is."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from themis.results.item_means import ItemName, item_means
from themis.statistics import prediction_powered_mean

if TYPE_CHECKING:
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["HumanLabel", "labelled_means", "read_labels"]

_FIELDS = ("item_id", "label", "model_id", "slice_id")


@attrs.frozen(slots=True, kw_only=True)
class HumanLabel:
    """What a person would have scored an item's answer, in the units of the metric.

    `model_id` and `slice_id` may be None where the run has one.
    """

    item_id: str
    label: float
    model_id: str | None = None
    slice_id: str | None = None


def read_labels(path: Path) -> list[HumanLabel]:
    """The labels in a .jsonl or .csv file: item_id, label and, if need be, model_id and slice_id.

    Raises:
        ValueError: the file cannot be read, or a row is no label; the message has its line.
    """
    if path.suffix.lower() not in (".jsonl", ".csv"):
        msg = f"{path}: labels are read from .jsonl and .csv files"
        raise ValueError(msg)
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = _json_rows(text, path) if path.suffix.lower() == ".jsonl" else _csv_rows(text)
        return [_label(row, f"{path}:{line}") for line, row in rows]
    except (OSError, RecursionError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} cannot be read: {error}"
        raise ValueError(msg) from error


def labelled_means(
    source: RunSource, overlay: Overlay, *, labels: Iterable[HumanLabel], metric_id: str | None
) -> list[dict[str, Any]]:
    """One row per metric and model; see `BenchmarkResult.labelled_means`."""
    given = _by_model(source, list(labels))
    rows = []
    for (metric, model), means in item_means(source, overlay, metric_id=metric_id).items():
        mine = given.get(model, {})
        both = [name for name in mine if name in means]
        estimate = prediction_powered_mean(
            [mine[name] for name in both],
            [means[name] for name in both],
            unlabelled=[value for name, value in means.items() if name not in mine],
        )
        unused = len(mine) - len(both)
        shared = {"metric_id": metric, "model_id": model, "labels_without_score": unused}
        rows.append({**shared, **attrs.asdict(estimate)})
    if not any(row["n_labelled"] for row in rows):
        msg = "no label is of an item that has a score: item_id, model_id and slice_id must match"
        raise ValueError(msg)
    return rows


def _by_model(
    source: RunSource, labels: Iterable[HumanLabel]
) -> Mapping[str, dict[ItemName, float]]:
    models = list(source.layout.model_ids)
    slices = list(dict.fromkeys(arm.slice_id for arm in source.layout.arms))
    found: dict[str, dict[ItemName, float]] = {}
    for label in labels:
        model = _the_one(label.model_id, models, what="model_id", item=label.item_id)
        part = _the_one(label.slice_id, slices, what="slice_id", item=label.item_id)
        mine, name = found.setdefault(model, {}), (part, label.item_id)
        if name in mine:
            msg = f"item {label.item_id!r} of {model!r} in {part!r} is labelled twice"
            raise ValueError(msg)
        mine[name] = label.label
    return found


def _the_one(given: str | None, known: list[str], *, what: str, item: str) -> str:
    if given is None and len(known) == 1:
        return known[0]
    if given in known:
        return str(given)
    problem = "lacks its" if given is None else f"has an unknown {given!r} as"
    msg = f"the label of item {item!r} {problem} {what}; the run has: {', '.join(known)}"
    raise ValueError(msg)


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                msg = f"{path}:{number} is no JSON: {error}"
                raise ValueError(msg) from error


def _csv_rows(text: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(text))
    for row in reader:
        yield reader.line_num, {name: value for name, value in row.items() if value != ""}


def _label(row: Any, place: str) -> HumanLabel:
    missing = [n for n in _FIELDS[:2] if not isinstance(row, Mapping) or row.get(n) is None]
    if missing:
        msg = f"{place}: a label needs item_id and label; missing: {', '.join(missing)}"
        raise ValueError(msg)
    try:
        value = float(row["label"])
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        msg = f"{place}: label {row['label']!r} is no number"
        raise ValueError(msg)
    named = {name: str(row[name]) for name in _FIELDS[2:] if row.get(name) is not None}
    return HumanLabel(item_id=str(row["item_id"]), label=value, **named)
