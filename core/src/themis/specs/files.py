"""Project and benchmark files: TOML, YAML or JSON, apart or in one file.

A file is one of these:

* the fields of a benchmark (or, read as a project file, of a project), and nothing else;
* the same beside tables named `project`, `runtime`, `plugins` or `prices`;
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
from themis.specs.documents import SUFFIXES, Document, read_document, refuse
from themis.specs.findings import SECTIONS, file_issues, nearest
from themis.specs.frozen import freeze
from themis.specs.positions import KeyPath
from themis.specs.project import ProjectSpec
from themis.specs.spec import Spec

__all__ = ["SUFFIXES", "SpecFile", "load_benchmark_file", "load_project_file"]

S = TypeVar("S", bound=Spec)

OPEN_SECTIONS = ("plugins", "prices", "runtime")


@attrs.frozen(slots=True, kw_only=True)
class SpecFile:
    """What a file says. Specs hold paths as written; `resolve` says where they are.

    `runtime`, `plugins` and `prices` are those tables as written, for whoever knows their fields;
    `issue` makes a finding about one of them that points to its line.
    """

    path: Path
    benchmark: BenchmarkSpec | None
    project: ProjectSpec | None
    runtime: Mapping[str, Any]
    plugins: Mapping[str, Any]
    prices: Mapping[str, Any]
    document: Document = attrs.field(repr=False, eq=False)

    @property
    def base_dir(self) -> Path:
        """The folder that relative paths in the file start from."""
        return self.path.resolve().parent

    def resolve(self, path: str) -> Path:
        """A path as written in the file, made absolute."""
        return self.base_dir / Path(path).expanduser()

    def issue(self, path: KeyPath, message: str) -> SpecIssue:
        """A finding at a key of the file."""
        return self.document.issue(path, message)


def load_benchmark_file(path: Path | str) -> SpecFile:
    """The benchmark in a file, and the project if it has one. `benchmark` is never None.

    Raises:
        SpecValidationError: Naming the file, line and key of everything that is wrong.
    """
    return _Reading(read_document(Path(path))).benchmark_file()


def load_project_file(path: Path | str, *, suffixes: Collection[str] = SUFFIXES) -> SpecFile:
    """The project in a file. `project` is never None; a benchmark beside it is not read.

    Raises:
        SpecValidationError: Naming the file, line and key of everything that is wrong.
    """
    return _Reading(read_document(Path(path), suffixes=suffixes)).project_file()


class _Reading:
    """One file being read: findings gather until all of it has been looked at."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.issues: list[SpecIssue] = []
        self.loose = {k: v for k, v in document.values.items() if k not in SECTIONS}

    def benchmark_file(self) -> SpecFile:
        values = self.document.values
        project = self._section(ProjectSpec, "project") if "project" in values else None
        if "benchmark" in values:
            benchmark = self._section(BenchmarkSpec, "benchmark")
            self._refuse_loose()
        elif self._holds(BenchmarkSpec) or not self._holds(ProjectSpec):
            benchmark = self._validated(BenchmarkSpec, self.loose, ())
        else:
            benchmark = None
            self._find((), "describes a project and no benchmark; pass it as the project file")
        return self._finished(benchmark, project)

    def project_file(self) -> SpecFile:
        project = None
        if "project" in self.document.values:
            project = self._section(ProjectSpec, "project")
        elif "benchmark" in self.document.values or self._holds(BenchmarkSpec):
            self._find((), "describes a benchmark and no project; add a table named project")
        else:
            project = self._validated(ProjectSpec, self.loose, ())
        return self._finished(None, project)

    def _holds(self, model: type[Spec]) -> bool:
        return not self.loose.keys().isdisjoint(model.model_fields)

    def _finished(self, benchmark: BenchmarkSpec | None, project: ProjectSpec | None) -> SpecFile:
        tables = {name: self._open_section(name) for name in OPEN_SECTIONS}
        if self.issues:
            raise refuse(self.issues, path=self.document.path)
        return SpecFile(
            path=self.document.path,
            benchmark=benchmark,
            project=project,
            document=self.document,
            **tables,
        )

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
