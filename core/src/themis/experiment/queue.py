"""Runs that wait in a folder, planned in their store, for whoever takes their manifest.

A manifest is `<when>-<run id>.json` in the folder. Taking one moves it to `running/`, so that only
one of several workers has it; what ended is in `done/` or `failed/`, with how it ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs
import orjson
from pydantic import Field, ValidationError

from themis.errors import SpecValidationError, ThemisError
from themis.experiment.parts import RunPart
from themis.experiment.runtime_config import RuntimeConfig, StorageConfig
from themis.experiment.stores import StorePlace
from themis.plugin.registry import PluginRegistry
from themis.results import BenchmarkResult
from themis.runtime.context import RuntimeContext
from themis.runtime.options import RuntimeOptions
from themis.runtime.orchestrator import Orchestrator
from themis.runtime.stages import RunStage
from themis.specs import ProjectSpec, Spec
from themis.specs.documents import read_document
from themis.specs.frozen import FrozenDict
from themis.specs.spec import Settings, Text

if TYPE_CHECKING:
    from themis.runtime.execution import ProgressListener

__all__ = ["QueueFolder", "RunOutcome", "RunRequest", "TakenRun"]


class RunRequest(Spec):
    """A planned run that somebody is to execute: the manifest that waits in a folder."""

    format_version: Literal[1] = Field(default=1, description="Of this form.")
    run_id: Text = Field(description="The run, as its store has it.")
    benchmark_id: Text = Field(description="What the run is of.")
    storage: StorageConfig = Field(description="The store that has its plan, and gets its results.")
    base_dir: Text = Field(description="Where relative paths start.")
    until_stage: RunStage = Field(default="judge", description="The last stage that is run.")
    runtime: RuntimeConfig = Field(
        default_factory=RuntimeConfig, description="What changes speed, and never a result."
    )
    options: Settings = Field(
        default_factory=FrozenDict, description="The [runtime] table of a benchmark file."
    )

    def execute(
        self, *, registry: PluginRegistry, progress: ProgressListener | None = None
    ) -> RunOutcome:
        """Do what the run lacks, here.

        Raises:
            StorageError: the store cannot be opened, or has no such run.
            SpecValidationError: the components here are not those it was planned with.
        """
        base = Path(self.base_dir)
        place = StorePlace.of(None, self.storage, base_dir=base, runtime=self.runtime)
        options = (
            RuntimeOptions.from_table(self.options) if self.options else self.runtime.options()
        )
        with place.open() as store:
            planned = store.manifest(store.run(self.run_id))["project"]
            project = ProjectSpec.model_validate(
                {name: value for name, value in planned.items() if name != "storage"}
            )
            orchestrator = Orchestrator.from_project_spec(
                project, registry=registry, storage_bundle=store, base_dir=base
            )
            result = orchestrator.run_part(
                self.run_id,
                stages=RunPart.through(self.until_stage).stages,
                runtime=RuntimeContext(options=options),
                progress=progress,
            )
            return RunOutcome.of(result)


@attrs.frozen(slots=True, kw_only=True)
class RunOutcome:
    """How a run ended: its status, and its counts in words, or why it could not be executed."""

    run_id: str
    benchmark_id: str
    status: str
    note: str
    failed: int = 0

    @classmethod
    def of(cls, result: BenchmarkResult) -> RunOutcome:
        """The outcome of what was executed."""
        counts = result.counts()
        return cls(
            run_id=result.run_id,
            benchmark_id=result.benchmark_id,
            status=result.status,
            note=counts.sentence(),
            failed=counts.failed + counts.metric_errors + counts.reduction_errors,
        )

    @property
    def ok(self) -> bool:
        """Whether nothing failed; a run up to a stage ends as pending."""
        return self.status in {"completed", "pending"} and not self.failed


@attrs.frozen(slots=True)
class TakenRun:
    """A manifest that was taken: nobody else has it until it is given back or put away."""

    path: Path
    request: RunRequest | None
    problem: str = ""

    def give_back(self) -> None:
        """Let it wait again."""
        self.path.replace(self.path.parent.parent / self.path.name)

    def put_away(self, outcome: RunOutcome) -> Path:
        """Keep it with how it ended, under `done` or `failed`."""
        folder = self.path.parent.parent / ("done" if outcome.ok else "failed")
        written = {} if self.request is None else self.request.model_dump(mode="json")
        place = folder / self.path.name
        _write(place, {"request": written, "outcome": attrs.asdict(outcome), "at": time.time()})
        self.path.unlink()
        return place

    def execute(
        self, *, registry: PluginRegistry, progress: ProgressListener | None = None
    ) -> RunOutcome:
        """Execute it; what keeps it from being run is an outcome too."""
        if self.request is None:
            return self._failed(self.problem)
        try:
            return self.request.execute(registry=registry, progress=progress)
        except ThemisError as error:
            return self._failed(error.message)

    def _failed(self, message: str) -> RunOutcome:
        run_id, name = ("", self.path.name)
        if self.request is not None:
            run_id, name = self.request.run_id, self.request.benchmark_id
        return RunOutcome(run_id=run_id, benchmark_id=name, status="failed", note=message)


@attrs.frozen(slots=True)
class QueueFolder:
    """A folder of waiting manifests."""

    root: Path

    def submit(self, request: RunRequest) -> Path:
        """Let a run wait; gives its manifest. A run that waits already is not there twice."""
        for waiting in self.waiting():
            if waiting.name.endswith(f"-{request.run_id[:12]}.json"):
                _write(waiting, request.model_dump(mode="json"))
                return waiting
        when = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        path = self.root / f"{when}-{request.run_id[:12]}.json"
        _write(path, request.model_dump(mode="json"))
        return path

    def waiting(self) -> list[Path]:
        """The manifests that wait, the oldest first."""
        return sorted(self.root.glob("*.json"))

    def left_behind(self) -> list[Path]:
        """The manifests that somebody has taken: at work, or gone."""
        return sorted((self.root / "running").glob("*.json"))

    def take_all(self) -> Iterator[TakenRun]:
        """Take what waits, one at a time, until nothing does."""
        while paths := self.waiting():
            taken = take(paths[0])
            if taken is not None:
                yield taken

    def retake(self) -> None:
        """Let what was left behind wait again."""
        for path in self.left_behind():
            path.replace(self.root / path.name)


def take(path: Path) -> TakenRun | None:
    """Take one manifest; None where somebody else was faster.

    Raises:
        SpecValidationError: it cannot be moved.
    """
    mine = path.parent / "running" / path.name
    try:
        mine.parent.mkdir(parents=True, exist_ok=True)
        path.rename(mine)
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path} cannot be taken: {error.strerror or error}"
        raise SpecValidationError(msg) from error
    try:
        return TakenRun(mine, RunRequest.model_validate(dict(read_document(mine).values)))
    except ValidationError as error:
        [first, *_] = error.errors(include_url=False)
        where = ".".join(map(str, first["loc"]))
        return TakenRun(mine, None, f"{path.name} is no manifest of a run: {where}: {first['msg']}")
    except SpecValidationError as error:
        return TakenRun(mine, None, error.message)


def _write(path: Path, values: Mapping[str, Any]) -> None:
    """Write a file whole or not at all.

    Raises:
        SpecValidationError: it cannot be written.
    """
    fresh = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(orjson.dumps(values, option=orjson.OPT_INDENT_2))
        fresh.replace(path)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}"
        raise SpecValidationError(msg) from error
