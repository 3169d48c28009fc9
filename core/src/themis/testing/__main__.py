"""`python -m themis.testing`: a FaultServer in a process of its own, for measurements.

It prints its base URL, answers with the last user message, and serves until its standard input
ends or it is interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from themis.testing.openai_server import FaultServer

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m themis.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before a reply")
    options = parser.parse_args(arguments)
    with FaultServer(latency=options.latency, port=options.port) as server:
        print(server.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
