"""Runs the program in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result

from themis.cli import main
from themis.storage import SqliteRunStore
from themis.testing.recorded_runs import RecordedRun

from .recorded_scores import ALIKE, ITEMS


@attrs.frozen
class Shell:
    """`shell("run", "x.toml")` runs `themis run x.toml`."""

    invoke: Callable[..., Result]

    def __call__(self, *words: str, code: int = 0) -> Result:
        done = self.invoke(words)
        assert done.exit_code == code, done.output
        return done

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self(*words, "--json", code=code).stdout)

    def mean(self, *words: str, code: int = 0) -> float:
        """The only mean of a run's report."""
        [row] = self.json(*words, "--progress", "none", code=code)["sections"]["leaderboard"]
        return row["mean"]


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("THEMIS_STORE", raising=False)
    return Shell(lambda words: CliRunner().invoke(main, words))


@pytest.fixture
def record(tmp_path):
    """Records a run in the store; gives its id."""

    def recorded(name, outcome=ALIKE, **fields):
        with SqliteRunStore(tmp_path / "store") as store:
            run = RecordedRun(
                name=name, outcome=outcome, **{"items": ITEMS, "models": ("m",), **fields}
            )
            return run.record(store)

    return recorded


@pytest.fixture
def themis(tmp_path):
    def invoke(*arguments):
        command = [*arguments]
        if arguments[0] != "power":
            command += ["--store", str(tmp_path / "store")]
        return CliRunner().invoke(main, command)

    return invoke
