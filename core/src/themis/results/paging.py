"""Reads a long result page by page: no connection stays open while a caller thinks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, tuple_

if TYPE_CHECKING:
    from sqlalchemy import Row

    from themis.results.source import RunSource

__all__ = ["PAGE", "pages"]

PAGE = 500
"""Rows in one page, where each row is read further."""


def pages(
    source: RunSource,
    statement: Select[Any],
    order: Sequence[ColumnElement[Any]],
    *,
    size: int = PAGE,
) -> Iterator[Sequence[Row[Any]]]:
    """The rows of `statement` in pages, each read on from the key at which the last one ended.

    `order` is a key of the rows, and its columns are among those selected.
    """
    page = statement.order_by(*order).limit(size)
    after: ColumnElement[bool] | None = None
    while True:
        with source.connection() as connection:
            rows = connection.execute(page if after is None else page.where(after)).all()
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = tuple_(*order) > tuple_(*(getattr(rows[-1], column.name) for column in order))
