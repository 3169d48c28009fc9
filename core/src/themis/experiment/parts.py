"""Which part of a run an execution does: up to a stage, or a stage and what follows again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from themis.errors import SpecValidationError
from themis.runtime.stages import STAGES, RunStage, Stages
from themis.specs.findings import nearest

__all__ = ["REPEATABLE", "RunPart", "check_metrics", "check_stage"]

REPEATABLE: tuple[RunStage, ...] = STAGES[1:]
"""The stages that can be done again from what is stored: all but generation."""


@attrs.frozen(slots=True, kw_only=True)
class RunPart:
    """`stages` are run. What `again` and the stages after it made is taken back first.

    `known`: the run must be in the store already.
    """

    stages: Stages = attrs.field(factory=Stages)
    again: RunStage | None = None
    known: bool = False

    @classmethod
    def through(cls, stage: RunStage) -> RunPart:
        """Everything up to a stage.

        Raises:
            SpecValidationError: there is no such stage.
        """
        check_stage(stage, STAGES)
        return cls(stages=Stages.between("generate", stage))


def check_stage(stage: str, allowed: Sequence[RunStage]) -> None:
    """Raise a SpecValidationError that lists the stages, where this is none of them."""
    if stage not in allowed:
        msg = f"{stage!r} is no stage to choose here{nearest(str(stage), list(allowed))}"
        raise SpecValidationError(msg)


def check_metrics(metric_ids: Collection[str], known: Sequence[str]) -> frozenset[str]:
    """The metrics asked for; a SpecValidationError names one that the experiment does not have."""
    if isinstance(metric_ids, str):
        metric_ids = [metric_ids]
    for name in metric_ids:
        if name not in known:
            msg = f"the experiment has no metric {name!r}{nearest(name, list(known))}"
            raise SpecValidationError(msg)
    return frozenset(metric_ids)
