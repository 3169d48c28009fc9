"""Compiles what reads and reduces candidates: extractor chains, metrics and reductions.

A metric, selector or reducer may name judges, extractors and a metric in its configuration; they
are bound with it, and are part of its key.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import SpecIssue
from themis.planning.identities import identity_of
from themis.planning.keys import described_key, evaluation_key
from themis.planning.plan import MetricPlan, Parse, Reduction, ReductionStep, Score
from themis.plugin.hook_points import HOOK_POINTS, takes_part

if TYPE_CHECKING:
    from themis.planning.binding import Binder, BoundComponent
    from themis.plugin import ComponentKind
    from themis.plugin.registry import PluginRegistry
    from themis.specs import (
        JudgeInferenceSpec,
        MetricRefSpec,
        ParseSpec,
        ReducerRefSpec,
        ScoreSpec,
        SelectorRefSpec,
        SliceSpec,
    )

__all__ = ["MeasureCompiler", "hook_identities"]

_PARSE_HOOKS = ("pre_extraction", "post_extraction")
_SCORE_HOOKS = ("pre_eval", "post_eval")


def hook_identities(registry: PluginRegistry) -> dict[str, list[Any]]:
    """Per point, the hooks that do something there: they can change its outcome."""
    entries = tuple(registry.iter_hook_registrations())
    return {
        point: [
            identity_of(f"hook {entry.name!r}", entry.identity)
            for entry in entries
            if takes_part(entry.hook, point)
        ]
        for point in HOOK_POINTS
    }


@attrs.frozen(slots=True, kw_only=True)
class _Named:
    """What a component's configuration names."""

    judges: Mapping[str, BoundComponent]
    judge_specs: tuple[JudgeInferenceSpec | str, ...]
    chain: tuple[BoundComponent, ...]
    inner: MetricPlan | None

    def identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = {}
        if self.chain:
            identity["chain"] = [link.identity for link in self.chain]
        if self.inner is not None:
            identity["metric"] = self.inner.key.hex()
        return identity


class MeasureCompiler:
    """Compiles the parses, scores and reductions of a plan; metrics are numbered through."""

    def __init__(self, binder: Binder, hooks: Mapping[str, list[Any]]) -> None:
        self._binder = binder
        self._hooks = hooks
        self._metrics = 0

    def parse(self, spec: ParseSpec, where: str) -> Parse:
        """An extractor chain."""
        place = f"{where}.parses[{spec.name}].extractors"
        chain = [
            self._binder.bind("extractor", link.id, link.config, f"{place}[{number}]")
            for number, link in enumerate(spec.extractors)
        ]
        bound = tuple(link for link in chain if link is not None)
        described = {
            "chain": [link.identity for link in bound],
            "hooks": [self._hooks[stage] for stage in _PARSE_HOOKS],
        }
        return Parse(name=spec.name, key=described_key("transform", described), chain=bound)

    def reduction(self, spec: SliceSpec, where: str) -> Reduction | None:
        """A slice's reduction, if it has one."""
        if spec.reduction is None:
            return None
        place = f"{where}.reduction"
        reducer = self._step("reducer", spec.reduction.reducer, f"{place}.reducer")
        selector = self._step("selector", spec.reduction.selector, f"{place}.selector")
        if reducer is None:
            return None
        described = {
            "reducer": reducer.identity(),
            "selector": selector.identity() if selector else None,
        }
        key = described_key("reduction", described)
        return Reduction(key=key, reducer=reducer, selector=selector)

    def score(
        self, spec: ScoreSpec, parses: Mapping[str, Parse], entry: SliceSpec, where: str
    ) -> Score:
        """A score spec's metrics over its parse."""
        place = f"{where}.scores[{spec.name}].metrics"
        metrics = tuple(self._metrics_of(spec, reduced=entry.reduction is not None, place=place))
        parse = parses[spec.parse] if spec.parse is not None else None
        key = evaluation_key(parse.key if parse else None, (metric.key for metric in metrics))
        return Score(name=spec.name, key=key, parse=parse, metrics=metrics)

    def _metrics_of(self, spec: ScoreSpec, *, reduced: bool, place: str) -> Iterator[MetricPlan]:
        for number, reference in enumerate(spec.metrics):
            here = f"{place}[{number}]"
            bound = self._binder.bind("metric", reference.id, reference.config, here)
            if bound is None:
                continue
            metric = self._metric(reference, bound, here)
            whole = reduced or metric.subject == "candidates"
            yield attrs.evolve(metric, index=self._metrics, whole_trial=whole)
            self._metrics += 1

    def _metric(self, reference: MetricRefSpec, bound: BoundComponent, place: str) -> MetricPlan:
        named = self._named(bound, place)
        declaration = bound.resolved.declaration
        described = {
            "metric": bound.identity,
            "judges": {name: judge.identity for name, judge in named.judges.items()},
            "hooks": [self._hooks[stage] for stage in _SCORE_HOOKS],
            **named.identity(),
        }
        return MetricPlan(
            index=-1,
            metric_id=reference.reported_name,
            component=bound,
            key=described_key("metric", described),
            judges=named.judges,
            judge_specs=named.judge_specs,
            chain=named.chain,
            inner=named.inner,
            subject=getattr(declaration, "subject", "candidate"),
            direction=getattr(declaration, "direction", "maximize"),
            units=getattr(declaration, "units", ""),
            bounds=_both(getattr(declaration, "bounds", (None, None))),
        )

    def _step(
        self, kind: ComponentKind, reference: ReducerRefSpec | SelectorRefSpec | None, place: str
    ) -> ReductionStep | None:
        if reference is None:
            return None
        bound = self._binder.bind(kind, reference.id, reference.config, place)
        if bound is None:
            return None
        named = self._named(bound, place)
        return ReductionStep(
            component=bound,
            judges=named.judges,
            judge_specs=named.judge_specs,
            chain=named.chain,
            inner=named.inner,
        )

    def _named(self, component: BoundComponent, place: str) -> _Named:
        at_judges = f"{place}.config.judges" if _names_judges(component.config) else place
        specs = self._binder.judge_specs(component, at_judges)
        return _Named(
            judges=self._binder.judges(specs, at_judges),
            judge_specs=specs,
            chain=self._binder.extractors(component, place),
            inner=self._inner(component, place),
        )

    def _inner(self, component: BoundComponent, place: str) -> MetricPlan | None:
        """The metric that a component scores single candidates by."""
        metrics = [
            self._metric(reference, bound, place)
            for reference, bound in self._binder.metrics(component, place)
        ]
        for metric in metrics:
            if metric.subject == "candidates":
                self._find(
                    f"{component.kind} {component.name!r} scores one candidate at a time by the "
                    f"metric {metric.metric_id!r}, which scores all of a trial's at once; name one "
                    "that scores a candidate",
                    place,
                )
        if len(metrics) > 1:
            self._find(
                f"{component.kind} {component.name!r} names several metrics; name one", place
            )
        return metrics[0] if metrics else None

    def _find(self, message: str, place: str) -> None:
        self._binder.issues.append(SpecIssue(message, key=place))


def _names_judges(config: Any) -> bool:
    return "judges" in config if isinstance(config, Mapping) else hasattr(config, "judges")


def _both(bounds: tuple[float | None, float | None]) -> tuple[float, float] | None:
    """A metric's bounds where there are two finite ones."""
    low, high = bounds
    if low is None or high is None or not -math.inf < low < high < math.inf:
        return None
    return low, high
