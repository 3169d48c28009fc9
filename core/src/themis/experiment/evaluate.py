"""The short way: a model, data and a metric in, a result out."""

from __future__ import annotations

import asyncio
import platform as platforms
from collections.abc import Mapping, Sequence
from typing import Any

from themis.errors import SpecIssue
from themis.experiment.experiment import Experiment
from themis.experiment.rows import as_datasets
from themis.experiment.runtime_config import RuntimeConfig
from themis.experiment.stores import as_storage, is_store
from themis.experiment.wording import Say, read_as, renamed
from themis.plugin import TracingProvider
from themis.results import RunResult
from themis.specs.positions import KeyPath
from themis.specs.spec import is_several

__all__ = ["evaluate", "evaluate_async"]

_PYTHON = platforms.python_version()
_PLATFORM = platforms.platform()
_ARGUMENTS: Mapping[KeyPath, str] = {
    ("generation", "generator"): "model",
    ("generation", "candidate_policy", "num_samples"): "samples",
    ("generation", "reducer"): "reducer",
    ("evaluation", "metrics"): "metric",
    ("evaluation", "parsers"): "parser",
    ("evaluation", "judge_models"): "judge",
    ("evaluation", "judge_config"): "judge_config",
    ("evaluation", "workflow_overrides"): "workflow_overrides",
    ("datasets",): "data",
}
"""The experiment's fields that are arguments of another name here."""


def evaluate(
    *,
    model: Any,
    data: Any,
    metric: Any,
    parser: Any = None,
    judge: Any = None,
    samples: int = 1,
    reducer: Any = None,
    storage: Any = None,
    runtime: RuntimeConfig | Mapping[str, Any] | None = None,
    seeds: int | Sequence[int] | None = None,
    workflow_overrides: Mapping[str, Mapping[str, Any]] | None = None,
    judge_config: Mapping[str, Any] | None = None,
    environment_metadata: Mapping[str, Any] | None = None,
    themis_version: str | None = None,
    python_version: str = _PYTHON,
    platform: str = _PLATFORM,
    store: Any = None,
    subscribers: object = None,
    tracing_provider: TracingProvider | None = None,
) -> RunResult:
    """Ask a model, score its answers, and give the result.

    Components are references (`"exact_match"`, `"openai:gpt-4o-mini"`), component objects, or plain
    functions, sync or async.

    Args:
        model: Who is asked: a reference with a model id, an engine, or `f(input)`.
        data: A Dataset or several, mappings with `input` and `expected_output`, a pandas or polars
            data frame, or the path of a JSONL, JSON, CSV, TSV or Parquet file.
        metric: How answers are scored; one or several: references, metrics, or
            `f(parsed, expected)`.
        parser: How answers are read out of outputs; several are tried in order. None: the raw
            output is scored.
        judge: Who judges, for metrics that ask; one or several.
        samples: Candidates per case.
        reducer: What makes one candidate of several: a reference, a reducer, or `f(outputs)`.
            None: each candidate is scored.
        storage: Where the run is kept: a path, a storage spec; None: in memory.
        runtime: Concurrency, limits and patience.
        seeds: What every seed is derived from.
        workflow_overrides: Settings by metric id.
        judge_config: Settings of every metric that asks judges.
        environment_metadata: Labels that are recorded with the run.
        themis_version: Recorded in the place of the running version.
        python_version: Recorded with the run.
        platform: Recorded with the run.
        store: An open RunStore, or the path of one; it comes before `storage`.
        subscribers: Who is told what happens; one or several.
        tracing_provider: Who traces the run.

    Raises:
        RuntimeError: an event loop is running here; `await evaluate_async(...)` there.
        SpecValidationError: what is given does not fit together, or names what is not there.
    """
    _refuse_inside_a_loop()
    given = dict(locals())
    return _experiment(given).run(**_run_options(given))


async def evaluate_async(
    *,
    model: Any,
    data: Any,
    metric: Any,
    parser: Any = None,
    judge: Any = None,
    samples: int = 1,
    reducer: Any = None,
    storage: Any = None,
    runtime: RuntimeConfig | Mapping[str, Any] | None = None,
    seeds: int | Sequence[int] | None = None,
    workflow_overrides: Mapping[str, Mapping[str, Any]] | None = None,
    judge_config: Mapping[str, Any] | None = None,
    environment_metadata: Mapping[str, Any] | None = None,
    themis_version: str | None = None,
    python_version: str = _PYTHON,
    platform: str = _PLATFORM,
    store: Any = None,
    subscribers: object = None,
    tracing_provider: TracingProvider | None = None,
) -> RunResult:
    """What `evaluate` does, for a running event loop, as a notebook has one.

    It executes on a thread, in an event loop of its own, so that this one goes on; async functions
    that are handed over run in that loop.
    """
    given = dict(locals())
    experiment = await asyncio.to_thread(_experiment, given)
    return await experiment.run_async(**_run_options(given))


def _refuse_inside_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    msg = (
        "evaluate() blocks, and an event loop is running here (a notebook has one): write "
        "`await evaluate_async(...)` with the same arguments"
    )
    raise RuntimeError(msg)


def _experiment(given: Mapping[str, Any]) -> Experiment:
    """The experiment that the arguments of `evaluate` describe."""
    values = {
        "generation": {
            "generator": given["model"],
            "candidate_policy": {"num_samples": given["samples"]},
            "reducer": given["reducer"],
        },
        "evaluation": {
            "metrics": _several(given["metric"]),
            "parsers": _several(given["parser"]),
            "judge_models": _several(given["judge"]),
            "judge_config": given["judge_config"] or {},
            "workflow_overrides": given["workflow_overrides"] or {},
        },
        "datasets": as_datasets(given["data"]),
        "storage": None if is_store(given["storage"]) else as_storage(given["storage"]),
        "runtime": given["runtime"] or {},
        "seeds": _several(given["seeds"]),
        "environment_metadata": given["environment_metadata"] or {},
    }
    say = _saying(given)
    experiment = read_as(Experiment, values, say=say)
    return experiment.recording(_recorded(given)).written(say)


def _saying(given: Mapping[str, Any]) -> Say:
    """Makes findings of arguments; what was given as one thing has no index."""
    lists = {name for name in _ARGUMENTS.values() if is_several(given[name])}
    single = frozenset(_ARGUMENTS.values()) - lists

    def say(path: KeyPath, message: str) -> SpecIssue:
        return SpecIssue(message, key=renamed(path, _ARGUMENTS, single=single))

    return say


def _several(given: Any) -> list[Any]:
    """What was given, one or several, as a list; None is none."""
    if given is None:
        return []
    return list(given) if is_several(given) else [given]


def _recorded(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the caller says of where the run is made."""
    said = {"python": given["python_version"], "platform": given["platform"]}
    return said if given["themis_version"] is None else {**said, "themis": given["themis_version"]}


def _run_options(given: Mapping[str, Any]) -> dict[str, Any]:
    storage = given["storage"]
    opened = storage if is_store(storage) else None
    return {
        "store": opened if given["store"] is None else given["store"],
        "subscribers": given["subscribers"],
        "tracing_provider": given["tracing_provider"],
    }
