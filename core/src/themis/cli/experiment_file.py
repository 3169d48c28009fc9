"""Experiment files: told from benchmark files, read with overrides, kept where they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from themis.cli.project_file import plugin_config
from themis.cli.run_store import store_place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from themis.experiment.experiment import Experiment
    from themis.experiment.parts import RunPart
    from themis.experiment.running import ExperimentRun

__all__ = ["experiment_run", "is_experiment", "kept_in", "only_for", "set_option"]

_OWN_KEYS = frozenset({"datasets", "evaluation", "generation"})
"""What only experiment files have at their top."""


def set_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--set KEY=VALUE`, any number of times."""
    return click.option(
        "--set",
        "overrides",
        metavar="KEY=VALUE",
        multiple=True,
        help="Replace a key of an experiment file, dotted: generation.candidate_policy."
        "num_samples=4. May be repeated.",
    )(command)


def is_experiment(file: Path) -> bool:
    """Whether a file describes an experiment, and not a benchmark.

    Raises:
        SpecValidationError: it cannot be read.
    """
    from themis.specs.documents import read_document

    return not _OWN_KEYS.isdisjoint(read_document(file).values)


def only_for(kind: str, **given: Any) -> None:
    """Raise a UsageError that names the options that were given and are only for a `kind`."""
    names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if names:
        other = "an experiment" if kind == "benchmark" else "no experiment file"
        msg = f"{', '.join(names)} is for {kind} files, and this is {other}"
        raise click.UsageError(msg)


def experiment_run(
    given: Path | Experiment,
    *,
    overrides: Sequence[str] = (),
    part: Callable[[Experiment], RunPart] | None = None,
) -> ExperimentRun:
    """One execution of an experiment, or of the one in a file, with the project's plugins."""
    from themis.experiment.experiment import Experiment
    from themis.plugin.registry import PluginRegistry

    experiment = given
    if not isinstance(experiment, Experiment):
        experiment = Experiment.from_config(experiment, overrides=overrides)
    registry = PluginRegistry(config=plugin_config(None))
    return experiment.execution(part and part(experiment), registry=registry)


def kept_in(execution: ExperimentRun, store: Path | None) -> ExperimentRun:
    """The execution in the store that `--store` names.

    Without that: in the experiment's own, or in the project's where it has none.
    """
    from themis.experiment.stores import as_storage
    from themis.specs import SqliteBlobStorageSpec

    if store is None and execution.place.storage is not None:
        return execution
    found = store_place(store)
    spec = found.project.storage
    if isinstance(spec, SqliteBlobStorageSpec):
        storage = as_storage((found.folder / Path(spec.root_dir).expanduser()).absolute())
    else:
        storage = as_storage(spec)
    place = attrs.evolve(execution.place, storage=storage, base_dir=found.folder)
    return attrs.evolve(execution, place=place)
