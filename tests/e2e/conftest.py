"""The shipped demonstration, pointed at a server over a real socket, and `themis` as a process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from themis.storage import CandidateRow, sqlite_store

MODELS = ("model-large", "model-small")
_MODEL_TABLES = re.compile(r"^\[\[models\]\]\n(?:[^\[\n].*\n)*\n*", re.MULTILINE)
_PATIENCE = 60.0
_NOT_HANDED_ON = {
    "PYTHONDONTWRITEBYTECODE",  # each process would compile every module again, for seconds
    "THEMIS_PLUGINS",
    "THEMIS_DISABLE_PLUGIN_AUTOLOAD",
}


@cache
def _answers() -> dict[str, int]:
    """The right answer of each question of the demonstration."""
    text = (files("themis.catalog.demo") / "word_problems.jsonl").read_text(encoding="utf-8")
    rows = map(json.loads, text.splitlines())
    return {row["question"]: row["answer"] for row in rows}


def simulated_answer(messages: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> str:
    """Right about three times in four; the same body always gets the same answer."""
    right = _answers()[messages[-1]["content"].strip().splitlines()[0]]
    draw = Random(json.dumps(body, sort_keys=True)).random()
    return f"Answer: {right if draw < 0.75 else right + 1}"


@attrs.frozen(slots=True, kw_only=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@attrs.frozen(slots=True, kw_only=True, eq=False)
class ThemisProcess:
    """One `themis` process; what it says goes to files, so that it never waits for a reader."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def said(self) -> str:
        """What it has written to stderr so far."""
        return self.err.read_text(encoding="utf-8")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut would: no handler runs."""
        self.process.kill()
        self.process.wait()

    def ended(self) -> Ended:
        """Wait for the end."""
        code = self.process.wait(timeout=_PATIENCE)
        return Ended(code=code, out=self.out.read_text(encoding="utf-8"), err=self.said())


@attrs.frozen(slots=True)
class Desk:
    """A folder with a copy of the demonstration, and a store."""

    path: Path

    @property
    def benchmark(self) -> Path:
        return self.path / "benchmark.toml"

    @property
    def store(self) -> Path:
        return self.path / "store"

    def point_at(self, base_url: str, *, models: Sequence[str] = MODELS, **extras: Any) -> None:
        """Replace the `models` table, and nothing else."""
        text = self.benchmark.read_text(encoding="utf-8")
        settings = {"base_url": base_url, "api_key_env": "", **extras}
        inline = ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
        tables = "".join(
            f'[[models]]\nmodel_id = "{name}"\nprovider = "openai"\nextras = {{ {inline} }}\n\n'
            for name in models
        )
        start = text.index("[[models]]")
        self.benchmark.write_text(
            text[:start] + tables + _MODEL_TABLES.sub("", text[start:]), encoding="utf-8"
        )

    def draw(self, count: int, *, samples: int = 1) -> None:
        """Ask only `count` items of each slice, `samples` times."""
        text = self.benchmark.read_text(encoding="utf-8")
        query = f'dataset_query = {{ kind = "subset", count = {count}, '
        text = text.replace("dataset_query = { ", query)
        text = text.replace("num_samples = 2", f"num_samples = {samples}")
        self.benchmark.write_text(text, encoding="utf-8")

    def add(self, tables: str) -> None:
        """Add tables (project, runtime) at the end of the file."""
        with self.benchmark.open("a", encoding="utf-8") as file:
            file.write(f"\n{tables}\n")

    def start(self, *words: str) -> ThemisProcess:
        """`themis WORDS` in a process of its own."""
        number = len(list(self.path.glob("*.out")))
        out, err = self.path / f"{number}.out", self.path / f"{number}.err"
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "themis", *words],
                stdout=stdout,
                stderr=stderr,
                cwd=self.path,
                env={**kept, "THEMIS_STORE": str(self.store)},
            )
        return ThemisProcess(process=process, out=out, err=err)

    def themis(self, *words: str) -> Ended:
        """`themis WORDS` to its end."""
        return self.start(*words).ended()

    def run(self) -> Ended:
        """`themis run` to its end."""
        return self.themis("run", str(self.benchmark), "--json", "--progress", "none")

    def resume(self) -> Ended:
        """`themis resume` of the store's one run, to its end."""
        return self.start_resume().ended()

    def start_run(self) -> ThemisProcess:
        """`themis run`, under way."""
        return self.start("run", str(self.benchmark), "--json", "--progress", "none")

    def start_resume(self) -> ThemisProcess:
        """`themis resume` of the store's one run, under way."""
        return self.start("resume", self.run_id(), "--json", "--progress", "none")

    def run_id(self) -> str:
        with sqlite_store(self.store, read_only=True) as store:
            [row] = store.runs()
        return row.run_id

    def durable_seeds(self) -> set[int]:
        """The seeds, unlike for each candidate, of those that the store holds."""
        seqs = [candidate.generated_seq for candidate in self.candidates() if candidate.ok]
        with sqlite_store(self.store, read_only=True) as store:
            return {event.value["seed"] for event in store.events(seqs).values()}

    def candidates(self) -> list[CandidateRow]:
        """The candidates of the store's one run."""
        with sqlite_store(self.store, read_only=True) as store:
            [row] = store.runs()
            return list(store.iter_candidates(row.id))


@pytest.fixture
def make_desk(tmp_path) -> Callable[..., Desk]:
    """Copies of the shipped demonstration, each in its own folder."""

    def make(name: str = "desk") -> Desk:
        path = tmp_path / name
        path.mkdir()
        for file in ("benchmark.toml", "word_problems.jsonl"):
            shutil.copy(str(files("themis.catalog.demo") / file), path)
        return Desk(path)

    return make


@pytest.fixture
def desk(make_desk) -> Desk:
    return make_desk()


@pytest.fixture
def eventually() -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Wait until something is so."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it did not come about in a minute"
            time.sleep(0.005)

    return wait
