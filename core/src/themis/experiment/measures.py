"""An experiment's metrics and reduction as the plan's references, judges and parsers told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from themis.errors import SpecIssue, SpecValidationError
from themis.experiment.components import judge_kind
from themis.experiment.local_components import LocalComponents
from themis.plugin.component import ResolvedComponent
from themis.plugin.declarations import ComponentKind
from themis.plugin.refs import parse_ref
from themis.plugin.registry import PluginRegistry
from themis.specs import (
    ExtractorRefSpec,
    JudgeInferenceSpec,
    MetricRefSpec,
    ModelSpec,
    ReducerRefSpec,
    ReductionSpec,
    SelectorRefSpec,
)
from themis.specs.findings import nearest

if TYPE_CHECKING:
    from themis.experiment.configs import EvaluationConfig, GenerationConfig

__all__ = ["Measures"]


class Measures:
    """The metrics of an evaluation, those that ask judges told which."""

    def __init__(
        self,
        evaluation: EvaluationConfig,
        registry: PluginRegistry,
        local: LocalComponents,
        *,
        parsers: Sequence[ExtractorRefSpec],
    ) -> None:
        self._parsers = parsers
        self._evaluation = evaluation
        self._registry = registry
        self._local = local
        self._judged = False

    def metrics(self) -> Iterator[MetricRefSpec]:
        """The metrics as references.

        Raises:
            SpecValidationError: an override is of no metric, or judges are given and none asks any.
        """
        given: Sequence[Any] = self._evaluation.metrics
        for entry in given:
            if isinstance(entry, MetricRefSpec):
                self._local.reserve("metric", entry.reported_name)
        found = [self._configured(self._named(entry)) for entry in given]
        self._check([entry.reported_name for entry in found])
        yield from found

    def reduction(self, generation: GenerationConfig) -> ReductionSpec | None:
        """How candidates are reduced; None where they are not."""
        given: Any = generation.reducer
        if given is None:
            return None
        reducer = self._local.reference("reducer", given, ReducerRefSpec)
        config = {**generation.candidate_policy.reducer_config, **reducer.config}
        reducer = reducer.model_copy(update={"config": self._told("reducer", reducer.id, config)})
        selector: Any = generation.selector
        if selector is not None:
            selector = self._local.reference("selector", selector, SelectorRefSpec)
            config = self._told("selector", selector.id, dict(selector.config))
            selector = selector.model_copy(update={"config": config})
        return ReductionSpec(reducer=reducer, selector=selector)

    def _told(self, kind: ComponentKind, ref: str, config: dict[str, Any]) -> dict[str, Any]:
        """A selector's or reducer's configuration with what else it asks for.

        Extractors are the experiment's parsers; a metric that asks judges is told which.
        """
        chosen = self._registry.explain(kind, parse_ref(ref)).chosen
        fields = frozenset() if chosen is None else ResolvedComponent(chosen).config_fields()
        told: dict[str, Any] = {}
        if "extractors" in fields and self._parsers:
            told["extractors"] = list(self._parsers)
        if "judges" in fields and self._evaluation.judge_models:
            self._judged = True
            told["judges"] = [self._judge(judge) for judge in self._evaluation.judge_models]
        told |= config
        if "metric" in fields and "metric" in config:
            told["metric"] = self._configured(MetricRefSpec.model_validate(config["metric"]))
        return told

    def _named(self, given: Any) -> MetricRefSpec:
        if isinstance(given, MetricRefSpec):
            return given
        name = self._local.add("metric", given)
        return MetricRefSpec(id=f"local/{name}", name=name)

    def _configured(self, reference: MetricRefSpec) -> MetricRefSpec:
        config = dict(reference.config)
        if self._asks_judges(reference):
            self._judged = True
            config = {**self._shared(), **config}
        config |= self._evaluation.workflow_overrides.get(reference.reported_name, {})
        return reference.model_copy(update={"config": config}) if config else reference

    def _asks_judges(self, reference: MetricRefSpec) -> bool:
        found = self._registry.explain("metric", parse_ref(reference.id))
        if found.chosen is None:  # the plan says so, with all else that is wrong
            return False
        if found.chosen.local is not None:
            return found.component().builds_workflow()
        return bool(getattr(found.chosen.declaration, "judge_backed", False))

    def _shared(self) -> dict[str, Any]:
        evaluation = self._evaluation
        shared: dict[str, Any] = dict(evaluation.judge_config)
        if evaluation.judge_models:
            shared["judges"] = [self._judge(judge) for judge in evaluation.judge_models]
        if not evaluation.prompt_spec.is_input_only:
            shared["instructions"] = _instructions(evaluation)
        return shared

    def _judge(self, given: Any) -> Any:
        if isinstance(given, (str, JudgeInferenceSpec)):
            return given
        kind = judge_kind(given)
        name = self._local.add(kind, given)
        if kind == "judge":
            return f"local/{name}"
        return JudgeInferenceSpec(model=ModelSpec(model_id=name, provider=f"local/{name}"))

    def _check(self, names: Sequence[str]) -> None:
        issues = [
            SpecIssue(
                f"is no metric of the experiment{nearest(name, list(names))}",
                key=f"evaluation.workflow_overrides.{name}",
            )
            for name in self._evaluation.workflow_overrides
            if name not in names
        ]
        if not self._judged:
            issues += [
                SpecIssue(
                    "no metric of the experiment asks a judge; remove it, or add a metric",
                    key=f"evaluation.{field}",
                )
                for field in ("judge_models", "judge_config")
                if getattr(self._evaluation, field)
            ]
        if issues:
            raise SpecValidationError("\n".join(map(str, issues)), issues=issues)


def _instructions(evaluation: EvaluationConfig) -> str:
    """What judges are told, in the words of the evaluation's prompt."""
    prompt = evaluation.prompt_spec
    return "\n\n".join(part for part in (prompt.instructions, prompt.text("")) if part)
