"""How many points are tried: a few in the test command, all of them with `make faults`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

FULL = os.environ.get("THEMIS_FAULTS") == "full"
FIGURES = Path(__file__).parents[2] / "build" / "faults"


@pytest.fixture
def tries() -> Callable[..., int]:
    """How many of something to try: `tries(few, full=many)`."""

    def choose(few: int, *, full: int) -> int:
        return full if FULL else few

    return choose


@pytest.fixture
def state() -> Callable[..., None]:
    """Keeps the figures of a full run, one file for each statement."""

    def write(name: str, **figures: object) -> None:
        print(name, figures)
        if FULL:
            FIGURES.mkdir(parents=True, exist_ok=True)
            (FIGURES / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")

    return write


@pytest.fixture(scope="session")
def postgres_dsn():
    """The URL of a PostgreSQL server."""
    from themis_postgres.testing import PostgresServer

    with PostgresServer() as server:
        yield server.url
