"""The run's way to the store."""

from __future__ import annotations

import asyncio

import pytest

from themis.runtime.recording import Recorder


class Full:
    def append(self, events):
        raise OSError("no space left")


def test_a_status_that_cannot_be_written_is_the_stores_error_and_no_cancellation():
    async def run():
        work = asyncio.current_task()
        await Recorder(Full(), 1, on_failure=work.cancel).status("running")

    with pytest.raises(OSError, match="no space left"):
        asyncio.run(run())
