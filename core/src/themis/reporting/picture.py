"""The leaderboard as an SVG picture: per model a dot for the mean and a line for its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import attrs

from themis.results.tables import format_value, printable

__all__ = ["leaderboard_picture"]

Row = Mapping[str, Any]

_WIDTH = 760
_LABELS = 220
_VALUES = 90
_LINE = 26
_HEAD = 34
_LONGEST_LABEL = 30


@attrs.frozen(slots=True)
class _Scale:
    """Maps a metric's values to places from left to right."""

    low: float
    high: float

    def place(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(_LABELS + share * (_WIDTH - _LABELS - _VALUES), 1)


def leaderboard_picture(rows: Sequence[Row]) -> str:
    """One panel per metric, each on its own scale; empty text when no model has a mean."""
    panels: dict[str, list[Row]] = {}
    for row in rows:
        if row["mean"] is not None:
            names = (row["metric_id"], row.get("score_name"))
            panels.setdefault(" / ".join(name for name in names if name), []).append(row)
    if not panels:
        return ""
    parts, top = [], 0
    for name, drawn in panels.items():
        parts.append(_panel(name, drawn, top))
        top += _HEAD + _LINE * len(drawn) + _LINE
    label = "Mean and 95 % interval of every model, by metric"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}" role="img" '
        f'aria-label="{label}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{label}</title>{''.join(parts)}</svg>"
    )


def _panel(name: str, rows: Sequence[Row], top: int) -> str:
    scale = _scale(rows)
    bottom = top + _HEAD + _LINE * len(rows)
    heading = f'<text x="0" y="{top + 20}" font-weight="bold">{_label(name, 80)}</text>'
    models = (_model(row, scale, top + _HEAD + _LINE * place) for place, row in enumerate(rows))
    return heading + "".join(models) + _axis(scale, bottom)


def _scale(rows: Sequence[Row]) -> _Scale:
    """0 to 1 where every value fits, else from the lowest to the highest with some room."""
    ends = [
        value for row in rows for value in (row["mean"], row["ci_lower"], row["ci_upper"])
        if value is not None
    ]  # fmt: skip
    low, high = min(ends), max(ends)
    if low >= 0 and high <= 1:
        return _Scale(0.0, 1.0)
    room = (high - low) * 0.05 or abs(high) or 1.0
    return _Scale(low - room, high + room)


def _model(row: Row, scale: _Scale, top: int) -> str:
    middle = top + _LINE / 2
    mean = scale.place(row["mean"])
    value = format_value(row["mean"])
    return (
        f'<text x="0" y="{middle + 4}">{_label(row["model_id"], _LONGEST_LABEL)}</text>'
        f"{_whisker(row, scale, middle)}"
        f'<circle cx="{mean}" cy="{middle}" r="5" fill="var(--mark, #2563eb)"/>'
        f'<text x="{_WIDTH}" y="{middle + 4}" text-anchor="end">{value}</text>'
    )


def _whisker(row: Row, scale: _Scale, middle: float) -> str:
    if row["ci_lower"] is None:
        return ""
    left, right = scale.place(row["ci_lower"]), scale.place(row["ci_upper"])
    return (
        f'<line x1="{left}" x2="{right}" y1="{middle}" y2="{middle}" '
        'stroke="var(--mark, #2563eb)" stroke-width="2"/>'
    )


def _axis(scale: _Scale, top: int) -> str:
    left, right = scale.place(scale.low), scale.place(scale.high)
    ends = ((left, "start", scale.low), (right, "end", scale.high))
    labels = (
        f'<text x="{place}" y="{top + 16}" text-anchor="{anchor}" opacity="0.7">'
        f"{format_value(value)}</text>"
        for place, anchor, value in ends
    )
    rule = f'<line x1="{left}" x2="{right}" y1="{top}" y2="{top}" stroke="#8886"/>'
    return rule + "".join(labels)


def _label(text: str, longest: int) -> str:
    line = printable(text)
    return escape(line if len(line) <= longest else line[: longest - 1] + "…")
