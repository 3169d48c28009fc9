"""Project and benchmark files: TOML, YAML or JSON, apart or in one file.

A file is one of these:

* the fields of a benchmark (or, read as a project file, of a project), and nothing else;
* the same beside tables named `project`, `runtime`, `plugins`, `prices` or `catalog`;
* such tables and a table named `benchmark`.

Everything that is wrong with a file is in one SpecValidationError, each finding with its line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs
from pydantic import ValidationError

from themis.errors import SpecIssue
from themis.specs.benchmark import BenchmarkSpec
from themis.specs.dataset_roots import data_roots, escapes
from themis.specs.documents import SUFFIXES, Document, read_document, refuse
from themis.specs.findings import SECTIONS, file_issues, nearest
from themis.specs.frozen import freeze
from themis.specs.positions import KeyPath
from themis.specs.project import ProjectSpec
from themis.specs.recordings import located_recordings, recording_escapes
from themis.specs.spec import Spec

__all__ = ["SUFFIXES", "BenchmarkFile", "LoadedFile", "load_benchmark_file", "load_project_file"]

S = TypeVar("S", bound=Spec)

OPEN_SECTIONS = ("catalog", "plugins", "prices", "runtime")


@attrs.frozen(slots=True, kw_only=True)
class LoadedFile:
    """What a file says of its project. Specs hold paths as written; `resolve` says where they are.

    `runtime`, `plugins`, `prices` and `catalog` are those tables as written, for whoever knows
    their fields; `issue` makes a finding about one of them that points to its line.
    """

    path: Path
    project: ProjectSpec
    runtime: Mapping[str, Any]
    plugins: Mapping[str, Any]
    prices: Mapping[str, Any]
    catalog: Mapping[str, Any]
    documents: tuple[Document, ...] = attrs.field(repr=False, eq=False)

    @property
    def base_dir(self) -> Path:
        """The folder that relative paths in the file start from."""
        return self.path.absolute().parent

    def resolve(self, path: str) -> Path:
        """A path as written in the file, made absolute."""
        return self.base_dir / Path(path).expanduser()

    def issue(self, path: KeyPath, message: str) -> SpecIssue:
        """A finding at a key, in the file that has it."""
        holders = [document for document in self.documents if path in document.positions]
        return (holders or self.documents)[0].issue(path, message)


@attrs.frozen(slots=True, kw_only=True)
class BenchmarkFile(LoadedFile):
    """A benchmark with its project.

    `project_dir` is where the project's relative paths (its storage) start: the folder of the file
    that describes it, or the current one for the default project.
    """

    benchmark: BenchmarkSpec
    project_dir: Path


def load_project_file(path: Path | str, *, suffixes: Collection[str] = SUFFIXES) -> LoadedFile:
    """The project in a file; a benchmark beside it is not read.

    Raises:
        SpecValidationError: Naming the file, line and key of everything that is wrong.
    """
    reading = _Reading(read_document(Path(path), suffixes=suffixes))
    project, tables = reading.project(), reading.tables()
    reading.refuse_issues()
    return LoadedFile(
        path=Path(path),
        project=project or ProjectSpec(),
        documents=(reading.document,),
        **tables,
    )


def load_benchmark_file(
    path: Path | str,
    *,
    project_file: Path | str | None = None,
    default_project_file: Path | str | None = None,
) -> BenchmarkFile:
    """The benchmark in a file, with a project.

    The project is that of `project_file`, else the one in the file, else that of
    `default_project_file`, else the default. The tables of both files count; where both have a
    key, the benchmark's file has the last word. Datasets and recordings are files in the
    folder of the benchmark's file or the project's (`themis.specs.dataset_roots`).

    Raises:
        SpecValidationError: Naming the file, line and key of everything that is wrong.
    """
    reading = _Reading(read_document(Path(path)))
    benchmark, project, tables = reading.benchmark(), reading.own_project(), reading.tables()
    reading.refuse_issues()
    assert benchmark is not None  # or there was an issue
    beside = project_file or default_project_file
    base = None if beside is None else load_project_file(beside)
    reading.refuse_escapes(benchmark, () if base is None else (base.base_dir,))
    if project is None or project_file is not None:
        project, home = (base.project, base.base_dir) if base else (ProjectSpec(), Path.cwd())
    else:
        home = Path(path).absolute().parent
    return BenchmarkFile(
        path=Path(path),
        benchmark=benchmark,
        project=project,
        project_dir=home,
        documents=(reading.document, *(base.documents if base is not None else ())),
        **{name: {**getattr(base, name, {}), **tables[name]} for name in tables},
    )


class _Reading:
    """One file being read: findings gather until all of it has been looked at."""

    def __init__(self, document: Document) -> None:
        self.home = document.path.absolute().parent
        self.document = attrs.evolve(
            document, values=located_recordings(document.values, self.home)
        )
        self.issues: list[SpecIssue] = []
        self.loose = {k: v for k, v in self.document.values.items() if k not in SECTIONS}

    def benchmark(self) -> BenchmarkSpec | None:
        if "benchmark" in self.document.values:
            self._refuse_loose()
            return self._section(BenchmarkSpec, "benchmark")
        if self._holds(ProjectSpec) and not self._holds(BenchmarkSpec):
            self._find((), "describes a project and no benchmark; pass it as the project file")
            return None
        return self._validated(BenchmarkSpec, self.loose, ())

    def own_project(self) -> ProjectSpec | None:
        if "project" in self.document.values:
            return self._section(ProjectSpec, "project")
        return None

    def project(self) -> ProjectSpec | None:
        if "project" in self.document.values:
            return self._section(ProjectSpec, "project")
        if "benchmark" in self.document.values or self._holds(BenchmarkSpec):
            self._find((), "describes a benchmark and no project; add a table named project")
            return None
        return self._validated(ProjectSpec, self.loose, ())

    def tables(self) -> dict[str, Any]:
        return {name: self._open_section(name) for name in OPEN_SECTIONS}

    def refuse_issues(self) -> None:
        if self.issues:
            raise refuse(self.issues, path=self.document.path)

    def refuse_escapes(self, benchmark: BenchmarkSpec, further: Collection[Path]) -> None:
        """Refuse data that is neither in the file's folder nor in `further` ones."""
        roots = data_roots(self.home, *further)
        for place, problem in recording_escapes(self.document.values, roots):
            self._find(place, problem)
        above: KeyPath = ("benchmark",) if "benchmark" in self.document.values else ()
        for number, entry in enumerate(benchmark.slices):
            for field, problem in escapes(entry.dataset, roots):
                self._find((*above, "slices", number, "dataset", field), problem)
        self.refuse_issues()

    def _holds(self, model: type[Spec]) -> bool:
        return not self.loose.keys().isdisjoint(model.model_fields)

    def _find(self, path: KeyPath, message: str) -> None:
        self.issues.append(self.document.issue(path, message))

    def _refuse_loose(self) -> None:
        for name in self.loose:
            hint = (
                "belongs into the benchmark table"
                if name in BenchmarkSpec.model_fields
                else f"is no table{nearest(name, sorted(SECTIONS))}"
            )
            self._find((name,), hint)

    def _section(self, model: type[S], name: str) -> S | None:
        values = self.document.values[name]
        if not isinstance(values, Mapping):
            self._find((name,), "is a table; write keys and values under it")
            return None
        return self._validated(model, values, (name,))

    def _validated(self, model: type[S], values: Mapping[str, Any], section: KeyPath) -> S | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            self.issues += file_issues(error, document=self.document, model=model, section=section)
            return None

    def _open_section(self, name: str) -> Any:
        values = self.document.values.get(name, {})
        if not isinstance(values, Mapping):
            self._find((name,), "is a table; write keys and values under it")
            return {}
        try:
            return freeze(values)
        except ValueError as error:
            self._find((name,), str(error))
            return {}
