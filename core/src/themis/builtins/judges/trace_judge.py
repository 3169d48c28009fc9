"""How well an agent worked, step by step, as judges see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from themis.builtins.judges.courses import CourseJudge, CourseSettings
from themis.builtins.outputs import as_text
from themis.plugin import Message, TraceStep, WorkflowTrace

__all__ = ["TraceJudge", "TraceJudgeSettings"]

_JOB = (
    "You grade how an agent worked on a task by a rubric. You see each step in order: messages, "
    "the tools it called with their arguments, and what they gave back. Judge only what the rubric "
    "asks for."
)


class TraceJudgeSettings(CourseSettings):
    """What good work is, and the scale."""

    rubric: str = Field(min_length=1, description="What good work is, in words.")


class TraceJudge(CourseJudge[TraceJudgeSettings]):
    """The mean of the judges' numbers for a whole trace, from 0 (worst) to 1 (best).

    The judge sees the rubric and every recorded step: messages, tool calls with their arguments and
    results. A candidate without recorded steps is judged by its prompt and its answer.
    """

    component_id: ClassVar[str] = "trace_judge"
    settings_model = TraceJudgeSettings

    def steps(self, trace: WorkflowTrace) -> Mapping[str, str]:
        """Every step: `step-1-user`, `step-2-tool_call`, ..."""
        return {
            f"step-{number}-{step.role or step.kind if step.kind == 'message' else step.kind}": (
                _shown(step)
            )
            for number, step in enumerate(trace.steps, 1)
        }

    def told(self) -> str:
        """The instructions: the user's, or the metric's own."""
        return self.job(_JOB)


def _shown(step: TraceStep) -> str:
    said = None if step.content is None else Message(step.role or "tool", step.content).text
    if step.kind == "message":
        return said or ""
    fields = {
        "tool": step.name,
        "arguments": step.arguments,
        "result": said,
        "error": step.error,
    }
    return as_text({name: value for name, value in fields.items() if value is not None})
