"""How far the judges of a run agree, from the recorded judge calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import attrs

from themis.results.case_results import iter_cases
from themis.results.item_means import ItemName
from themis.statistics import (
    Agreement,
    Scale,
    fleiss_kappa,
    krippendorff_alpha,
    rated_kappa,
)

if TYPE_CHECKING:
    from themis.records import JudgeAuditEntry, JudgeAuditTrail
    from themis.results.overlay import Overlay
    from themis.results.source import RunSource

__all__ = ["judge_agreement"]

Ratings = dict[str, float | None]
"""What each judge made of one question about one answer."""
Unit = tuple[ItemName, Ratings]
"""Those of an item: the questions about an item, whoever answered it, are not independent."""

_NUMBERED = re.compile(r"(.*)-(\d+)")


def judge_agreement(
    source: RunSource, overlay: Overlay, *, metric_id: str | None, scale: Scale
) -> list[dict[str, Any]]:
    """One row per metric, judges and statistic; see `BenchmarkResult.judge_agreement`."""
    overlay.metrics(source.layout, metric_id)
    units: dict[str, list[Unit]] = {}
    for case in iter_cases(source, overlay):
        item = case.dataset_id, case.case_id
        for trail in case.judge_audits:
            found = ((item, ratings) for ratings in _units(trail))
            units.setdefault(trail.metric_id, []).extend(found)
    rated = [name for name, found in units.items() if found and metric_id in (None, name)]
    if not rated:
        wanted = "" if metric_id is None else f" for {metric_id!r}"
        msg = f"no verdict of a judge was recorded{wanted}; judged: {', '.join(units) or 'nothing'}"
        raise ValueError(msg)
    return [row for name in rated for row in _rows(name, units[name], scale)]


def _units(trail: JudgeAuditTrail) -> list[Ratings]:
    """The questions of a trail, each with its ratings; what was not judged is left out."""
    questions: dict[str, Ratings] = {}
    for entry in trail.entries:
        if entry.call_id is not None:
            question, judge = _place(entry, questions)
            questions.setdefault(question, {})[judge] = entry.score
    return list(questions.values())


def _place(entry: JudgeAuditEntry, before: Mapping[str, Ratings]) -> tuple[str, str]:
    """The question and the judge: `grade-1` and `grade-2` are one question to two judges."""
    judge = entry.judge_spec["judge"]
    name = judge if isinstance(judge, str) else str(judge["model"]["model_id"])
    numbered = _NUMBERED.fullmatch(entry.call_id or "")
    if numbered is not None:
        return numbered[1], f"{name} ({numbered[2]})"
    asked = sum(name in ratings for ratings in before.values())
    return str(asked), name


def _rows(metric_id: str, units: Sequence[Unit], scale: Scale) -> Iterator[dict[str, Any]]:
    judges = sorted({judge for _, ratings in units for judge in ratings})
    columns = [[ratings.get(judge) for _, ratings in units] for judge in judges]
    items = [item for item, _ in units]
    yield _row(metric_id, judges, krippendorff_alpha(columns, scale=scale, clusters=items))
    if len(judges) > 2:
        yield _row(metric_id, judges, _fleiss(columns, items))
    for (one, first), (other, second) in combinations(zip(judges, columns, strict=True), 2):
        found = rated_kappa(first, second, scale=scale, clusters=items)
        yield _row(metric_id, [one, other], found)


def _row(metric_id: str, judges: Sequence[str], found: Agreement) -> dict[str, Any]:
    return {"metric_id": metric_id, "judges": list(judges), **attrs.asdict(found)}


def _fleiss(columns: Sequence[Sequence[float | None]], items: Sequence[ItemName]) -> Agreement:
    """Of the units that every judge rated; grades are categories to it."""
    rated = zip(zip(*columns, strict=True), items, strict=True)
    whole = [(unit, item) for unit, item in rated if None not in unit]
    known = sorted({value for unit, _ in whole for value in unit if value is not None})
    return fleiss_kappa(
        [[unit.count(value) for value in known] for unit, _ in whole],
        clusters=[item for _, item in whole],
    )
