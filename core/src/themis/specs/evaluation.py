"""How outputs are read and scored: extractor chains and metrics, by reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator

from themis.specs.frozen import FrozenDict
from themis.specs.spec import Items, Problem, Settings, Spec, Text, repeats

__all__ = [
    "ExtractorRefSpec",
    "MetricRefSpec",
    "ObserverRefSpec",
    "ParseSpec",
    "ReducerRefSpec",
    "ReductionSpec",
    "ScoreSpec",
    "SelectorRefSpec",
]


class _ComponentRefSpec(Spec):
    """A reference with its configuration; a plain string `"x"` is `{id = "x"}`."""

    id: Text = Field(description="The reference: [provider/]name[@version].")
    config: Settings = Field(
        default_factory=FrozenDict,
        description="The component's configuration, validated by its own model.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"id": value} if isinstance(value, str) else value


class ExtractorRefSpec(_ComponentRefSpec):
    """One extractor of a chain."""


class ObserverRefSpec(_ComponentRefSpec):
    """One installed observer of a project's runs."""


class MetricRefSpec(_ComponentRefSpec):
    """One metric of a score."""

    name: Text | None = Field(
        default=None,
        description="The metric_id that results show; None: the reference as written.",
    )

    @property
    def reported_name(self) -> str:
        """The metric_id that results show."""
        return self.name or self.id


class SelectorRefSpec(_ComponentRefSpec):
    """Chooses which candidates of a trial go on."""


class ReducerRefSpec(_ComponentRefSpec):
    """Turns a trial's candidates into one."""


class ReductionSpec(Spec):
    """N candidates of a trial become one, which is parsed and scored in their place."""

    selector: SelectorRefSpec | None = Field(
        default=None, description="Chooses the candidates that the reducer sees; None: all."
    )
    reducer: ReducerRefSpec = Field(description="Makes one candidate of them.")


class ParseSpec(Spec):
    """A named way to read an answer out of an output."""

    name: Text = Field(description="The parse's name, unique in its slice.")
    extractors: Items[ExtractorRefSpec] = Field(
        min_length=1, description="The chain: tried in order until one succeeds."
    )


class ScoreSpec(Spec):
    """A named set of metrics over one parse, or over the raw output."""

    name: Text = Field(description="The score's name, unique in its slice.")
    parse: Text | None = Field(
        default=None, description="The parse whose answer is scored; None: the raw output."
    )
    metrics: Items[MetricRefSpec] = Field(min_length=1, description="The metrics.")

    def problems(self) -> Iterator[Problem]:
        """Metrics that results could not tell apart."""
        for index, name in repeats(metric.reported_name for metric in self.metrics):
            yield Problem(("metrics", index), self._repeated(index, name))

    def _repeated(self, index: int, name: str) -> str:
        metric = self.metrics[index]
        first = next(entry for entry in self.metrics if entry.reported_name == name)
        if first == metric:
            return f"the metric {name!r} is listed twice in score {self.name!r}; remove one"
        return (
            f"score {self.name!r} has two different metrics reported as {name!r}; "
            "give one of them a `name` of its own"
        )
