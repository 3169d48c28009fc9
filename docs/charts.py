"""Two kinds of picture, as SVG: intervals below each other, and lines over an axis."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import attrs

__all__ = ["Interval", "Line", "intervals", "lines"]

_WIDTH, _LEFT, _RIGHT = 640, 200, 30
_ROW, _TOP, _FOOT = 34, 44, 34
_PLOT, _CEILING = 240, 66
_INK, _SOFT, _BAND = "#1f3a5f", "#8a94a3", "#dfe8f3"
_COLOURS = ("#1f6fb4", "#d1661f", "#3a8a4d")


@attrs.frozen
class Interval:
    """A dot between two ends; `low` and `high` may be the dot's own value."""

    label: str
    low: float
    value: float
    high: float


@attrs.frozen
class Line:
    """A named line through points (x, y); with `dots` the points alone."""

    label: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


@attrs.frozen
class _Axis:
    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def intervals(
    title: str,
    rows: Sequence[Interval],
    *,
    span: tuple[float, float],
    at: float | None = None,
    band: tuple[float, float] | None = None,
) -> str:
    """Intervals below each other; a dashed line `at` a value, and a shaded `band` of values."""
    height = _TOP + _ROW * len(rows) + _FOOT
    axis = _Axis(*span, _LEFT, _WIDTH - _RIGHT)
    bottom = height - _FOOT
    parts = []
    if band is not None:
        left, right = map(axis.place, band)
        size = f'width="{round(right - left, 1)}" height="{bottom - _TOP + 8}"'
        parts.append(f'<rect x="{left}" y="{_TOP - 8}" {size} fill="{_BAND}"/>')
    if at is not None:
        x = axis.place(at)
        dashes = f'stroke="{_SOFT}" stroke-dasharray="4 3"'
        parts.append(f'<line x1="{x}" y1="{_TOP - 8}" x2="{x}" y2="{bottom}" {dashes}/>')
    for number, row in enumerate(rows):
        parts.append(_whisker(row, axis, _TOP + _ROW * number + _ROW // 2))
    parts += [_text(axis.place(end), height - 12, _number(end)) for end in span]
    return _svg(title, height, parts)


def lines(
    title: str,
    drawn: Sequence[Line],
    *,
    x: tuple[float, float, str],
    y: tuple[float, float, str],
    band: tuple[float, float] | None = None,
) -> str:
    """Lines over an axis; `x` and `y` are (low, high, name), `band` shades values of y."""
    height = _CEILING + _PLOT + _FOOT + 20
    across = _Axis(x[0], x[1], 70, _WIDTH - 150)
    up = _Axis(y[0], y[1], _CEILING + _PLOT, _CEILING)
    parts = []
    if band is not None:
        top, bottom = up.place(band[1]), up.place(band[0])
        size = f'width="{across.end - across.start}" height="{round(bottom - top, 1)}"'
        parts.append(f'<rect x="{across.start}" y="{top}" {size} fill="{_BAND}"/>')
    frame = f"M{across.start},{_CEILING} V{_CEILING + _PLOT} H{across.end}"
    parts.append(f'<path d="{frame}" fill="none" stroke="{_SOFT}"/>')
    for number, line in enumerate(drawn):
        parts += _drawn(line, across, up, colour=_COLOURS[number % 3], number=number)
    parts += [_text(across.place(end), _CEILING + _PLOT + 18, _number(end)) for end in x[:2]]
    parts += [_text(62, up.place(end) + 4, _number(end), anchor="end") for end in y[:2]]
    parts.append(_text((across.start + across.end) / 2, _CEILING + _PLOT + 36, x[2]))
    parts.append(_text(70, _CEILING - 10, y[2], anchor="start"))
    return _svg(title, height, parts)


def _whisker(row: Interval, axis: _Axis, y: int) -> str:
    low, value, high = map(axis.place, (row.low, row.value, row.high))
    label = _text(_LEFT - 16, y + 4, row.label, anchor="end")
    line = f'<line x1="{low}" y1="{y}" x2="{high}" y2="{y}" stroke="{_COLOURS[0]}" '
    return f'{label}{line}stroke-width="3"/><circle cx="{value}" cy="{y}" r="5" fill="{_INK}"/>'


def _drawn(line: Line, across: _Axis, up: _Axis, *, colour: str, number: int) -> list[str]:
    places = [(across.place(x), up.place(y)) for x, y in line.points]
    told = _text(_WIDTH - 140, _CEILING + 14 + 18 * number, line.label, anchor="start", fill=colour)
    if line.dots:
        return [*(f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>' for x, y in places), told]
    path = " L".join(f"{x},{y}" for x, y in places)
    return [f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>', told]


def _text(
    x: float, y: float, text: str, *, anchor: str = "middle", fill: str = _INK, size: int = 13
) -> str:
    place = f'x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"'
    return f"<text {place}>{escape(text)}</text>"


def _number(value: float) -> str:
    return f"{value:g}"


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" role="img" aria-label="{escape(title)}" font-family="sans-serif">'
    )
    paper = f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    named = _text(16, 22, title, anchor="start", size=15)
    return "\n".join([head, paper, named, *parts, "</svg>"]) + "\n"
