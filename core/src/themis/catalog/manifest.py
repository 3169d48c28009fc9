"""Manifests: benchmark files with a `[catalog]` table that says what the benchmark is."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from pydantic import Field, ValidationError

from themis.errors import PluginError
from themis.plugin.component import ResolvedComponent
from themis.specs import Spec
from themis.specs.documents import refuse
from themis.specs.files import BenchmarkFile, load_benchmark_file
from themis.specs.findings import file_issues
from themis.specs.frozen import FrozenList
from themis.specs.spec import Items, Text

__all__ = ["CatalogTable", "catalog_table", "manifest_path", "read_manifest"]


class CatalogTable(Spec):
    """What a manifest says of its benchmark in the `[catalog]` table; none of it is in any key."""

    title: str = Field(default="", description="The benchmark's name for people.")
    description: str = Field(default="", description="What it measures, in a sentence or two.")
    tags: Items[Text] = Field(
        default_factory=FrozenList, description="What to find it by: task, field, language."
    )
    licence: str = Field(default="", description="The licence of the data, as SPDX writes it.")
    source: str = Field(
        default="", description="Where the data is from: an address, or a sentence."
    )
    citation: str = Field(default="", description="What to cite.")
    item_count: int | None = Field(
        default=None,
        ge=1,
        description="How many items its slices have together; validation counts.",
    )


def manifest_path(component: ResolvedComponent) -> Path:
    """Where the manifest of a benchmark is: beside the code of the plugin that declares it.

    Raises:
        PluginError: the package cannot be found, or has no such file.
    """
    package, _, name = component.implementation.partition(":")
    try:
        spec = find_spec(package)
    except Exception as error:  # noqa: BLE001 (whatever importing the package above it raises)
        spec, reason = None, f": {type(error).__name__}: {error}"
    else:
        reason = ""
    if spec is None or not (spec.origin or spec.submodule_search_locations):
        msg = f"{component.label}: {package}, which has its manifest, cannot be found{reason}"
        raise PluginError(msg)
    folders = spec.submodule_search_locations or [str(Path(str(spec.origin)).parent)]
    path = Path(folders[0]) / name
    if not path.is_file():
        msg = (
            f"{component.label}: its manifest is not at {path}; reinstall or upgrade the "
            "distribution that declares it"
        )
        raise PluginError(msg)
    return path


def read_manifest(path: Path) -> tuple[BenchmarkFile, CatalogTable]:
    """The benchmark of a manifest, and what its `[catalog]` table says.

    Raises:
        SpecValidationError: naming the file, line and key of everything that is wrong.
    """
    loaded = load_benchmark_file(path)
    return loaded, catalog_table(loaded)


def catalog_table(loaded: BenchmarkFile) -> CatalogTable:
    """The `[catalog]` table of a benchmark file; the defaults where there is none."""
    try:
        return CatalogTable.model_validate(loaded.catalog)
    except ValidationError as error:
        [document, *_] = loaded.documents
        issues = file_issues(
            error, document=document, model=CatalogTable, section=("catalog",), beside=frozenset()
        )
        raise refuse(issues, path=loaded.path) from error
