"""`python -m themis.testing`: a FaultServer in a process of its own, for measurements.

It prints its base URL, answers with the last user message, and serves until its standard input
ends or it is interrupted; with --forever, which a shell's background needs, only the latter.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Sequence

from themis.testing.openai_server import FaultServer

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends, or until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m themis.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before a reply")
    parser.add_argument("--forever", action="store_true", help="leave standard input alone")
    options = parser.parse_args(arguments)
    with (
        FaultServer(latency=options.latency, port=options.port) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(server.base_url, flush=True)
        if options.forever:
            threading.Event().wait()
        sys.stdin.read()


if __name__ == "__main__":
    main()
