"""What a component's configuration names, applied to candidates outside of a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from themis.planning.binding import specs_in
from themis.plugin.component import ResolvedComponent
from themis.plugin.contexts import MetricContext
from themis.plugin.registry import PluginRegistry
from themis.records import CandidateRecord, ExtractionRecord, MetricScore, ScoreError, TrialSpec
from themis.runtime.outcomes import as_extraction, as_score
from themis.specs import ExtractorRefSpec, MetricRefSpec

__all__ = ["KitReader"]

Call = Callable[..., Awaitable[Any]]


@attrs.frozen(slots=True, kw_only=True)
class KitReader:
    """A `CandidateReader` over a registry; `settings` are the component's, validated."""

    settings: Any
    registry: PluginRegistry
    trial: TrialSpec
    item: MetricContext
    call: Call

    async def extract(self, candidate: CandidateRecord) -> CandidateRecord:
        """The candidate with what the named extractors found; without any, as it is."""
        links = list(specs_in(self.settings, ExtractorRefSpec))
        if not links:
            return candidate
        found: list[ExtractionRecord] = []
        for link in links:
            component, config = self._resolved("extractor", link)
            method = component.make(config).extract
            value = await self.call(method, self.trial, candidate, config)
            found.append(as_extraction(value, extractor=link.id))
            if found[-1].success:
                break
        return attrs.evolve(candidate, extractions=tuple(found))

    async def score(self, candidate: CandidateRecord) -> MetricScore | ScoreError:
        """The named metric's outcome."""
        [named] = specs_in(self.settings, MetricRefSpec)
        component, config = self._resolved("metric", named)
        method = component.make(config).score
        value = await self.call(method, self.trial, await self.extract(candidate), self.item)
        return as_score(value, metric=named.id)

    def _resolved(
        self, kind: Any, named: ExtractorRefSpec | MetricRefSpec
    ) -> tuple[ResolvedComponent, Any]:
        component = self.registry.resolve(kind, named.id)
        return component, component.configure(named.config)
