"""An engine that says what it was told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from themis.builtins.engines.tokens import usage_of
from themis.plugin import InferenceRecord, InferenceResult, InferenceRuntime, TrialSpec

__all__ = ["EchoEngine"]


class EchoEngine:
    """Answers with the text of the last message: shows what a prompt becomes, without a model.

    With the prompt `Reply: {{ item.answer }}` the output of an item whose answer is 42 is
    `Reply: 42`, so parses and scores can be tried on outputs that are known.
    """

    component_id: ClassVar[str] = "echo"

    async def infer(
        self,
        trial: TrialSpec,
        context: Mapping[str, Any],  # noqa: ARG002 (the protocol's)
        runtime: InferenceRuntime,  # noqa: ARG002 (the protocol's)
    ) -> InferenceResult:
        """The last message's text; token usage is estimated."""
        text = trial.prompt[-1].text if trial.prompt else ""
        return InferenceResult(
            InferenceRecord(
                raw_text=text, finish_reason="stop", token_usage=usage_of(trial.prompt, text)
            )
        )
