"""How well a conversation went, as judges see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from themis.builtins.judges.courses import CourseJudge, CourseSettings
from themis.plugin import WorkflowTrace

__all__ = ["ConversationJudge", "ConversationJudgeSettings"]

_JOB = (
    "You grade the assistant's part in a conversation by a rubric. You see each message in order. "
    "Judge only what the rubric asks for, and the conversation as a whole."
)


class ConversationJudgeSettings(CourseSettings):
    """What a good conversation is, and the scale."""

    rubric: str = Field(min_length=1, description="What a good conversation is, in words.")


class ConversationJudge(CourseJudge[ConversationJudgeSettings]):
    """The mean of the judges' numbers for a whole conversation, from 0 (worst) to 1 (best).

    The judge sees the rubric and every message, in order; tool calls and their results are left
    out.
    """

    component_id: ClassVar[str] = "conversation_judge"
    settings_model = ConversationJudgeSettings

    def steps(self, trace: WorkflowTrace) -> Mapping[str, str]:
        """Every message: `message-1-user`, `message-2-assistant`, ..."""
        return {
            f"message-{number}-{message.role}": message.text
            for number, message in enumerate(trace.messages(), 1)
        }

    def told(self) -> str:
        """The instructions: the user's, or the metric's own."""
        return self.job(_JOB)
