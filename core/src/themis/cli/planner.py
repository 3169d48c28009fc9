"""Opens what is looked at before it runs: a benchmark or experiment file, and its planner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from themis.cli.experiment_file import experiment_run, is_experiment, kept_in, only_for
from themis.cli.session import open_benchmark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from themis.runtime.orchestrator import Orchestrator
    from themis.specs import BenchmarkSpec, ExperimentSpec

__all__ = ["Planner", "open_planner"]


@attrs.frozen(slots=True, kw_only=True)
class Planner:
    """What a file describes, the orchestrator that plans it, and the file's table of prices."""

    spec: BenchmarkSpec | ExperimentSpec
    orchestrator: Orchestrator
    prices: Mapping[str, Any]


@contextmanager
def open_planner(
    file: Path,
    project: Path | None,
    store: Path | None,
    *,
    lock: Path | None = None,
    overrides: Sequence[str] = (),
    writes: bool = False,
) -> Iterator[Planner]:
    """The planner of a file; without `writes` an experiment's store is only read."""
    if not is_experiment(file):
        only_for("experiment", set=overrides)
        with open_benchmark(file, project, store, lock=lock) as session:
            yield Planner(
                spec=session.benchmark,
                orchestrator=session.orchestrator,
                prices=session.loaded.prices,
            )
        return
    only_for("benchmark", project=project, locked=lock)
    execution = kept_in(experiment_run(file, overrides=overrides), store)
    place = execution.place
    with place.open() if writes else place.glance() as opened, execution.in_its_words():
        orchestrator = execution.orchestrator(opened)
        yield Planner(spec=execution.compiled.spec, orchestrator=orchestrator, prices={})
