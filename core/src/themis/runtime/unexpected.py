"""Exceptions that nothing in the runtime foresaw, made the recorded failure of their own item.

What components do is foreseen where they are called, and named there. This is for the rest: a fault
of Themis, or a component that found a way past those places. The run goes on all the same.
"""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING

import attrs

from themis.errors import ErrorCode
from themis.records import (
    CandidateRecord,
    FailureRecord,
    ScoreError,
    StageName,
    TimelineStage,
)
from themis.runtime.evaluation import Evaluated
from themis.runtime.generation import Generated
from themis.runtime.limits.faults import text_of
from themis.runtime.logging import get_logger
from themis.runtime.masking import Masks
from themis.runtime.outcomes import failed_extraction
from themis.runtime.reducing import Reduced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from themis.runtime.work import Work

__all__ = ["UnexpectedFailures"]


@attrs.define(slots=True)
class UnexpectedFailures:
    """Makes the failures of one execution; each kind is logged once, with its traceback."""

    masks: Masks = attrs.field(factory=Masks)
    _logged: set[tuple[StageName, type[Exception]]] = attrs.field(factory=set)

    def generated(self, work: Work, error: Exception) -> Generated:
        """The candidate that failed."""
        engine = work.arm.engine.name if work.arm.engine else "import"
        message = self._message(work, "generate", f"engine {engine!r}", error)
        candidate = CandidateRecord(
            candidate_id=work.candidate_key.hex(),
            sample_index=work.sample,
            effective_seed=work.seed,
            status="error",
            failure=_failure("generate", message),
        )
        return Generated(candidate, work.trial_spec(), (_stage("generate", engine, message),))

    def reduced(self, work: Work, error: Exception) -> Reduced:
        """The reduction that failed."""
        assert work.reduction is not None
        reducer = work.reduction.reducer.component.name
        message = self._message(work, "reduce", f"reducer {reducer!r}", error)
        return Reduced(
            candidate=None,
            failure=_failure("reduce", message),
            sources=(),
            timeline=(_stage("reduce", reducer, message),),
        )

    def evaluated(self, work: Work, error: Exception) -> Evaluated:
        """All missing scores as failed ones.

        Parses are left out, so that they are run again with the scores; where nothing is scored
        they are all that can fail.
        """
        names = [entry.metric.metric_id for entry in work.scores]
        names = names or [entry.parse.name for entry in work.parses]
        message = self._message(work, "score", _listed(names), error)
        out = Evaluated(timeline=[_stage("score", name, message) for name in names])
        for score in work.scores:
            metric = score.metric.metric_id
            out.scores.append((score, ScoreError(metric_id=metric, message=message)))
        if not work.scores:
            for parse in work.parses:
                out.parses.append((parse, (failed_extraction(parse.parse.name, message),)))
        return out

    def _message(self, work: Work, stage: StageName, component: str, error: Exception) -> str:
        raised = f"{type(error).__name__}: {text_of(error)}"
        said = self.masks.text(raised)
        message = (
            f"Themis could not handle what came of {component} for item "
            f"{work.payload_item.item_id!r}: {said}; where the component keeps to its protocol "
            "this is a fault of Themis: report it with the traceback in the log"
        )
        if (stage, type(error)) not in self._logged:
            self._logged.add((stage, type(error)))
            trace = "".join(traceback.format_exception(error))
            get_logger("themis.runtime").error(f"{message}\n{self.masks.text(trace)}")
        return message


def _failure(stage: StageName, message: str) -> FailureRecord:
    return FailureRecord(code=ErrorCode.PLUGIN_INCOMPATIBLE, message=message, stage=stage)


def _stage(stage: StageName, component: str, message: str) -> TimelineStage:
    return TimelineStage.timed(stage, component, start=time.time(), seconds=0.0, error=message)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "the candidates"
