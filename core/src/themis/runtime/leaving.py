"""Ending an execution that an exception has ended, or whoever cancelled it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn

from themis.runtime.limits.faults import text_of
from themis.runtime.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["in_time", "raise_first"]

_SECONDS = 5.0


async def in_time(recording: Coroutine[Any, Any, None]) -> None:
    """Let the end be recorded, without an exception of its own.

    Whoever cancels again does not wait for it, and nobody waits for a store that hangs.
    """
    recorded = asyncio.ensure_future(recording)
    try:
        await asyncio.wait_for(asyncio.shield(recorded), _SECONDS)
    except Exception as error:  # noqa: BLE001 (what ended the run is what is raised)
        get_logger("themis.runtime").warning(
            "the run has ended, and its status could not be recorded",
            error=f"{type(error).__name__}: {text_of(error)}",
        )


def raise_first(group: BaseExceptionGroup[BaseException]) -> NoReturn:
    """Raise what ended the work instead of the group that task groups make of it."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    raise first from first.__cause__
