"""Runs a benchmark of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from themis.catalog.entries import entry_of
from themis.errors import SpecValidationError
from themis.experiment.compiling import CompiledExperiment
from themis.experiment.components import GivenGenerator
from themis.experiment.local_components import LocalComponents
from themis.experiment.running import ExperimentRun
from themis.experiment.runtime_config import RuntimeConfig
from themis.experiment.stores import StorePlace
from themis.plugin.registry import PluginRegistry
from themis.results import RunResult

if TYPE_CHECKING:
    from themis.specs import BenchmarkSpec
    from themis.specs.files import BenchmarkFile

__all__ = ["benchmark_run", "catalog_run", "run"]

_GIVEN: TypeAdapter[Any] = TypeAdapter(GivenGenerator)


def run(name: str, *, model: Any = None, store: Any = None) -> RunResult:
    """Run a benchmark of the catalogue, or what of it is missing, and give the result.

    Args:
        name: Its id, as `list_benchmark_ids` gives it.
        model: Who is asked, in the place of the manifest's models: a reference with a model id
            (`openai:gpt-4o-mini`), an engine, or `f(prompt_text)`.
        store: An open RunStore, or the path of one; None: in memory, with the result.

    Raises:
        PluginError: there is no such benchmark, and the message names near ones; or a component
            that it needs is not installed.
        SpecValidationError: its manifest is wrong, or the model is nothing that can be asked.
    """
    return catalog_run(name, registry=PluginRegistry(), model=model, store=store).run()


def catalog_run(
    name: str, *, registry: PluginRegistry, model: Any = None, store: Any = None
) -> ExperimentRun:
    """One execution of a benchmark of the catalogue, not started; `run` says of what."""
    _, loaded = entry_of(registry.resolve("benchmark", name))
    return benchmark_run(loaded, registry=registry, model=model, store=store)


def benchmark_run(
    loaded: BenchmarkFile, *, registry: PluginRegistry, model: Any = None, store: Any = None
) -> ExperimentRun:
    """One execution of the benchmark in a file, not started."""
    runtime = RuntimeConfig()
    return ExperimentRun(
        compiled=CompiledExperiment(
            spec=_asked(loaded.benchmark, model, registry).compile(), registry=registry
        ),
        runtime=runtime,
        seed=loaded.project.global_seed,
        provenance={},
        place=StorePlace.of(store, None, base_dir=Path.cwd(), runtime=runtime),
        base_dir=loaded.base_dir,
    )


def _asked(spec: BenchmarkSpec, model: Any, registry: PluginRegistry) -> BenchmarkSpec:
    """The benchmark, asking one model in the place of its own."""
    if model is None:
        return spec
    try:
        given = _GIVEN.validate_python(model)
    except ValidationError as error:
        [detail, *_] = error.errors(include_url=False)
        msg = f"model: {detail['msg'].removeprefix('Value error, ')}"
        raise SpecValidationError(msg) from error
    return spec.model_copy(update={"models": [LocalComponents(registry).model(given)]})
