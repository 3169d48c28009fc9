"""Plain aligned columns, for terminals and pipes alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["columns"]


def columns(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """One line for the header and one for each row; the last column is not padded."""
    table = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
