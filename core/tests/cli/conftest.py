"""Runs the program in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result

from themis.cli import main


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
