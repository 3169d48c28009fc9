"""A compiled plan: every component resolved, every key that does not depend on items computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from themis.planning.seeds import candidate_seed
from themis.records import TrialSpec

if TYPE_CHECKING:
    from themis.planning.binding import BoundComponent
    from themis.planning.items import PlannedItem
    from themis.planning.prompts import PromptRenderer
    from themis.plugin import ToolHandler
    from themis.plugin.declarations import MetricSubject
    from themis.records import Message
    from themis.specs import (
        ExperimentSpec,
        InferenceParamsSpec,
        JudgeInferenceSpec,
        ModelSpec,
        PromptVariantSpec,
        SliceSpec,
    )

__all__ = [
    "Arm",
    "MetricPlan",
    "Parse",
    "Plan",
    "Reduction",
    "ReductionStep",
    "Score",
    "SlicePlan",
    "arm_row",
]


@attrs.frozen(slots=True, kw_only=True)
class Arm:
    """One prompt variant, model and parameter set of a slice.

    `engine` is None where the slice has no generation stage.
    """

    index: int
    benchmark_id: str
    slice_spec: SliceSpec
    variant: PromptVariantSpec
    model: ModelSpec
    params: InferenceParamsSpec
    engine: BoundComponent | None
    key: bytes
    renderer: PromptRenderer | None
    follow_ups: tuple[PromptRenderer, ...] = ()

    def render(self, item: PlannedItem) -> tuple[Message, ...]:
        """The prompt for one item.

        Raises:
            ItemError: the item lacks a field that a template reads.
        """
        assert self.renderer is not None  # a plan with a broken template is never made
        return self._rendered(self.renderer, item)

    def render_follow_ups(self, item: PlannedItem) -> tuple[tuple[Message, ...], ...]:
        """The scripted later turns for one item."""
        return tuple(self._rendered(turn, item) for turn in self.follow_ups)

    def _rendered(self, renderer: PromptRenderer, item: PlannedItem) -> tuple[Message, ...]:
        return renderer.render(item.payload, self.slice_spec, self.params, self.model)

    def trial(
        self,
        item: PlannedItem,
        *,
        trial_key: bytes,
        item_key: bytes,
        prompt: tuple[Message, ...] = (),
        follow_ups: tuple[tuple[Message, ...], ...] = (),
    ) -> TrialSpec:
        """One item under this arm, as components see it."""
        return TrialSpec(
            trial_hash=trial_key.hex(),
            item_id=item.item_id,
            prompt=prompt,
            item_hash=item_key.hex(),
            follow_ups=follow_ups,
            **self._of_every_trial,
        )

    @cached_property
    def _of_every_trial(self) -> dict[str, Any]:
        spec, generation = self.slice_spec, self.slice_spec.generation
        return {
            "benchmark_id": self.benchmark_id,
            "slice_id": spec.slice_id,
            "prompt_variant_id": self.variant.id,
            "prompt_family": self.variant.family,
            "model": self.model,
            "params": self.params,
            "dimensions": spec.dimensions,
            "dataset_id": spec.dataset.dataset_id,
            "tools": tuple(generation.tools) if generation else (),
            "mcp_servers": tuple(generation.mcp_servers) if generation else (),
            "max_tool_rounds": generation.max_tool_rounds if generation else 1,
        }

    def describe(self) -> dict[str, Any]:
        """The row that the store keeps of this arm."""
        return arm_row(self.slice_spec, self.variant, self.model, self.params)


def arm_row(
    slice_spec: SliceSpec,
    variant: PromptVariantSpec,
    model: ModelSpec,
    params: InferenceParamsSpec,
) -> dict[str, Any]:
    """What the store and bundles say of an arm."""
    return {
        "slice_id": slice_spec.slice_id,
        "prompt_variant_id": variant.id,
        "prompt_family": variant.family,
        "model_id": model.model_id,
        "provider": model.provider,
        "params_hash": params.canonical_hash,
        "params": params.model_dump(mode="json"),
        "dimensions": dict(slice_spec.dimensions),
        "dataset_id": slice_spec.dataset.dataset_id,
    }


@attrs.frozen(slots=True, kw_only=True)
class Parse:
    """One extractor chain; `key` is its transform hash."""

    name: str
    key: bytes
    chain: tuple[BoundComponent, ...]


@attrs.frozen(slots=True, kw_only=True)
class MetricPlan:
    """One metric of one score: `index` is its column in the run.

    `judges` are the components behind `judge_specs`, by the spec's hash or the reference.
    `whole_trial`: it is scored once per trial, of the reduced candidate or of the candidates as a
    set. `chain` and `inner` are the extractors and the metric that its configuration names.
    `bounds` are those of its value, where it has a lower and an upper one.
    """

    index: int
    metric_id: str
    component: BoundComponent
    key: bytes
    judges: Mapping[str, BoundComponent] = attrs.field(factory=dict)
    judge_specs: tuple[JudgeInferenceSpec | str, ...] = ()
    chain: tuple[BoundComponent, ...] = ()
    inner: MetricPlan | None = None
    subject: MetricSubject = "candidate"
    whole_trial: bool = False
    direction: str = "maximize"
    units: str = ""
    bounds: tuple[float, float] | None = None

    @cached_property
    def judged(self) -> bool:
        """Whether it is of the judge stage: it names judges or such a metric, or is a workflow."""
        own = bool(self.judges) or self.component.builds_workflow
        return own or (self.inner is not None and self.inner.judged)


@attrs.frozen(slots=True, kw_only=True)
class ReductionStep:
    """A selector or reducer, with the judges, extractors and metric that it names."""

    component: BoundComponent
    judges: Mapping[str, BoundComponent] = attrs.field(factory=dict)
    judge_specs: tuple[JudgeInferenceSpec | str, ...] = ()
    chain: tuple[BoundComponent, ...] = ()
    inner: MetricPlan | None = None

    @property
    def metric_id(self) -> str:
        """The name under which its judge calls are recorded."""
        return self.component.name

    def identity(self) -> dict[str, Any]:
        """What goes into the reduction's key."""
        return {
            "component": self.component.identity,
            "judges": {name: judge.identity for name, judge in self.judges.items()},
            "chain": [link.identity for link in self.chain],
            "metric": self.inner.key.hex() if self.inner else None,
        }


@attrs.frozen(slots=True, kw_only=True)
class Reduction:
    """How the candidates of a trial become one."""

    key: bytes
    reducer: ReductionStep
    selector: ReductionStep | None = None

    @property
    def judged(self) -> bool:
        """Whether reducing asks a judge."""
        steps = (self.reducer, self.selector)
        return any(s.judges or (s.inner and s.inner.judged) for s in steps if s is not None)


@attrs.frozen(slots=True, kw_only=True)
class Score:
    """One score spec of a slice: the parse it reads (None: the raw output) and its metrics."""

    name: str
    key: bytes
    parse: Parse | None
    metrics: tuple[MetricPlan, ...]


@attrs.frozen(slots=True, kw_only=True)
class SlicePlan:
    """One slice with its arms, parses and scores; `tool_handlers` are those its tools name."""

    spec: SliceSpec
    arms: tuple[Arm, ...]
    reduction: Reduction | None = None
    parses: tuple[Parse, ...]
    scores: tuple[Score, ...]
    tool_handlers: Mapping[str, ToolHandler] = attrs.field(factory=dict)

    @cached_property
    def metrics(self) -> tuple[MetricPlan, ...]:
        """All metrics of the slice's scores."""
        return tuple(metric for score in self.scores for metric in score.metrics)

    @cached_property
    def whole_trial(self) -> bool:
        """Whether something is done once per trial, when all of its candidates are there."""
        return self.reduction is not None or any(metric.whole_trial for metric in self.metrics)

    def evaluations(self, samples: int) -> int:
        """How often a trial is evaluated: each of its samples, and the trial as a whole."""
        each = 0 if self.reduction is not None else samples
        return each + (1 if self.whole_trial else 0)


@attrs.frozen(slots=True, kw_only=True)
class Plan:
    """Everything that is known before a dataset is read."""

    experiment: ExperimentSpec
    slices: tuple[SlicePlan, ...]
    components: tuple[BoundComponent, ...]
    global_seed: int
    warnings: tuple[str, ...] = ()

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """All arms, by index."""
        return tuple(arm for slice_plan in self.slices for arm in slice_plan.arms)

    @cached_property
    def _slice_by_arm(self) -> tuple[SlicePlan, ...]:
        return tuple(slice_plan for slice_plan in self.slices for _ in slice_plan.arms)

    @property
    def providers(self) -> frozenset[str]:
        """The engines and judges that the run calls: the names that limits may be set for."""
        kinds = ("engine", "judge")
        return frozenset(entry.name for entry in self.components if entry.kind in kinds)

    def tools_without_handler(self, given: Collection[str]) -> dict[str, str]:
        """The slice of each tool whose handler is neither named in the spec nor `given`."""
        return {
            tool.name: entry.spec.slice_id
            for entry in self.slices
            for tool in (entry.spec.generation.tools if entry.spec.generation else ())
            if tool.name not in entry.tool_handlers and tool.name not in given
        }

    def slice_of(self, arm: Arm) -> SlicePlan:
        """The slice that an arm belongs to."""
        return self._slice_by_arm[arm.index]

    def seed(self, arm: Arm, trial: bytes, sample: int) -> int | None:
        """The seed of one sample of a trial; an imported candidate has none."""
        if arm.engine is None:
            return None
        return candidate_seed(self.global_seed, trial, sample, explicit=arm.params.seed)

    def metric_rows(self) -> list[dict[str, Any]]:
        """The rows that the store keeps of the run's metric columns."""
        return [
            {
                "metric_id": metric.metric_id,
                "score_name": score.name,
                "slice_id": slice_plan.spec.slice_id,
                "evaluation_hash": score.key.hex(),
                "transform_hash": score.parse.key.hex() if score.parse else None,
                "whole_trial": metric.whole_trial,
                "stage": "judge" if metric.judged else "score",
                "subject": metric.subject,
                "direction": metric.direction,
                "units": metric.units,
                "bounds": metric.bounds,
            }
            for slice_plan in self.slices
            for score in slice_plan.scores
            for metric in score.metrics
        ]

    def part_keys(self) -> dict[str, Any]:
        """The keys, in hex, of which those of the run's artifacts are made."""
        reductions = ((entry.spec.slice_id, entry.reduction) for entry in self.slices)
        return {
            "arms": [arm.key.hex() for arm in self.arms],
            "metrics": [metric.key.hex() for entry in self.slices for metric in entry.metrics],
            "reductions": {name: made.key.hex() for name, made in reductions if made is not None},
            "transforms": {
                entry.spec.slice_id: {parse.name: parse.key.hex() for parse in entry.parses}
                for entry in self.slices
            },
        }
