"""What a plugin says it provides: data, never callbacks.

An implementation and its config model are named by string (`"themis_openai.engine:OpenAIEngine"`)
so that listing plugins imports no SDK; they are imported when a plan selects the component.

How an implementation is called: with its validated config model when `config` is given, with
nothing otherwise. Extractors are the exception: they are made with nothing and receive the
validated config in each `extract(trial, candidate, config)`.

The config is part of every artifact's key, defaults included. A field that the model declares with
`exclude=True` is not: that is for what changes no result, such as a timeout or a key's place.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import attrs

from themis.records import EngineCapabilities

__all__ = [
    "KINDS",
    "BenchmarkDeclaration",
    "CommandDeclaration",
    "ComponentDeclaration",
    "ComponentKind",
    "DatasetProviderDeclaration",
    "ExecutionBackendDeclaration",
    "ExporterDeclaration",
    "ExtractorDeclaration",
    "InferenceEngineDeclaration",
    "JudgeDeclaration",
    "MetricDeclaration",
    "MetricSubject",
    "ObserverDeclaration",
    "PluginInfo",
    "ReducerDeclaration",
    "SelectorDeclaration",
    "StorageBackendDeclaration",
]

ComponentKind = Literal[
    "engine", "extractor", "metric", "judge", "selector", "reducer", "storage_backend",
    "execution_backend", "dataset_provider", "exporter", "benchmark", "observer", "command",
]  # fmt: skip

MetricSubject = Literal["candidate", "candidates", "trace"]


@attrs.frozen(slots=True, kw_only=True)
class PluginInfo:
    """Which core API a plugin was written for (a PEP 440 specifier), and one line about it."""

    core_api: str = ">=1.0,<2"
    summary: str = ""


@attrs.frozen(slots=True, kw_only=True)
class ComponentDeclaration:
    """One component: its name, its behaviour's version, and where its code is.

    `version` changes whenever the component's results may: it is part of every artifact's key.
    `blocking`: the method takes long without awaiting, and is run in a thread.
    """

    kind: ClassVar[ComponentKind]

    name: str
    implementation: str
    version: str
    config: str | None = None
    summary: str = ""
    blocking: bool = False


@attrs.frozen(slots=True, kw_only=True)
class InferenceEngineDeclaration(ComponentDeclaration):
    """An inference engine.

    `token_estimator` names a function `f(text, model_id) -> int`.
    """

    kind: ClassVar[ComponentKind] = "engine"
    capabilities: EngineCapabilities = attrs.field(factory=EngineCapabilities)
    token_estimator: str | None = None


@attrs.frozen(slots=True, kw_only=True)
class ExtractorDeclaration(ComponentDeclaration):
    """An extractor."""

    kind: ClassVar[ComponentKind] = "extractor"


@attrs.frozen(slots=True, kw_only=True)
class MetricDeclaration(ComponentDeclaration):
    """A metric. `bounds` are those of its value; `direction` says which way is better.

    `subject` is what it scores: one candidate; all candidates of a trial at once, as a sequence; or
    a candidate's trace.
    """

    kind: ClassVar[ComponentKind] = "metric"
    direction: Literal["maximize", "minimize", "none"] = "maximize"
    bounds: tuple[float | None, float | None] = (None, None)
    units: str = ""
    judge_backed: bool = False
    subject: MetricSubject = "candidate"


@attrs.frozen(slots=True, kw_only=True)
class JudgeDeclaration(ComponentDeclaration):
    """A judge."""

    kind: ClassVar[ComponentKind] = "judge"


@attrs.frozen(slots=True, kw_only=True)
class SelectorDeclaration(ComponentDeclaration):
    """A candidate selector."""

    kind: ClassVar[ComponentKind] = "selector"


@attrs.frozen(slots=True, kw_only=True)
class ReducerDeclaration(ComponentDeclaration):
    """A candidate reducer."""

    kind: ClassVar[ComponentKind] = "reducer"


@attrs.frozen(slots=True, kw_only=True)
class StorageBackendDeclaration(ComponentDeclaration):
    """A storage backend; `name` is the storage spec's `backend`."""

    kind: ClassVar[ComponentKind] = "storage_backend"


@attrs.frozen(slots=True, kw_only=True)
class ExecutionBackendDeclaration(ComponentDeclaration):
    """An execution backend; `name` is the execution backend spec's `kind`."""

    kind: ClassVar[ComponentKind] = "execution_backend"


@attrs.frozen(slots=True, kw_only=True)
class DatasetProviderDeclaration(ComponentDeclaration):
    """A dataset provider; `name` is the dataset spec's `source`."""

    kind: ClassVar[ComponentKind] = "dataset_provider"


@attrs.frozen(slots=True, kw_only=True)
class ExporterDeclaration(ComponentDeclaration):
    """Writes results in a format named `name`."""

    kind: ClassVar[ComponentKind] = "exporter"


@attrs.frozen(slots=True, kw_only=True)
class BenchmarkDeclaration(ComponentDeclaration):
    """A catalogue benchmark; `implementation` names its manifest (`"package:path.toml"`)."""

    kind: ClassVar[ComponentKind] = "benchmark"


@attrs.frozen(slots=True, kw_only=True)
class ObserverDeclaration(ComponentDeclaration):
    """Watches a run, and can neither change nor slow it."""

    kind: ClassVar[ComponentKind] = "observer"


@attrs.frozen(slots=True, kw_only=True)
class CommandDeclaration(ComponentDeclaration):
    """A command of the `themis` program; `implementation` names a click command."""

    kind: ClassVar[ComponentKind] = "command"


KINDS: dict[ComponentKind, type[ComponentDeclaration]] = {
    declaration.kind: declaration
    for declaration in (
        InferenceEngineDeclaration, ExtractorDeclaration, MetricDeclaration, JudgeDeclaration,
        SelectorDeclaration, ReducerDeclaration, StorageBackendDeclaration,
        ExecutionBackendDeclaration, DatasetProviderDeclaration, ExporterDeclaration,
        BenchmarkDeclaration, ObserverDeclaration, CommandDeclaration,
    )
}  # fmt: skip
