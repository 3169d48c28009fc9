"""Whether some, or all, of k samples would be right: pass@k and pass^k over a trial's samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.settings import Settings, settings_from
from themis.plugin import (
    CandidateRecord,
    MetricContext,
    MetricScore,
    ScoreError,
    TrialSpec,
)
from themis.specs import MetricRefSpec

__all__ = ["PassAtK", "PassAtKSettings", "PassHatK", "PassHatKSettings"]


class PassAtKSettings(Settings):
    """How many samples are drawn, and when one is right."""

    k: int = Field(default=1, ge=1, description="How many samples are drawn.")
    metric: MetricRefSpec = Field(
        default_factory=lambda: MetricRefSpec(id="exact_match"),
        description="The metric that scores each sample.",
    )
    threshold: float = Field(
        default=1.0, description="A sample is right whose score is at least this."
    )


class PassHatKSettings(PassAtKSettings):
    """How many samples are drawn, and when one is right."""


class PassAtK:
    """The chance that at least one of k samples drawn from the trial's is right.

    The unbiased estimate 1 - C(n-c, k) / C(n, k) of Chen et al. 2021, of n samples with c right
    ones. It is a ScoreError where k is more than n, or a sample cannot be scored. Samples that
    could not be generated are not among the n; `details` has n and c.
    """

    component_id: ClassVar[str] = "pass_at_k"
    settings_model: ClassVar[type[PassAtKSettings]] = PassAtKSettings

    def __init__(self, config: PassAtKSettings | Mapping[str, Any] | None = None) -> None:
        self.settings = settings_from(self.settings_model, config)

    async def score(
        self,
        trial: TrialSpec,  # noqa: ARG002 (the protocol's)
        candidates: Sequence[CandidateRecord],
        context: MetricContext,
    ) -> MetricScore | ScoreError:
        """The estimate of one trial."""
        settings, right = self.settings, 0
        if settings.k > len(candidates):
            return self._undefined(f"k is {settings.k}, and there are {len(candidates)} samples")
        for candidate in candidates:
            outcome = await context.score(candidate)
            if isinstance(outcome, ScoreError) or outcome.value is None:
                why = outcome.message if isinstance(outcome, ScoreError) else outcome.error
                return self._undefined(f"sample {candidate.sample_index} has no score: {why}")
            right += outcome.value >= settings.threshold
        value = self.estimate(len(candidates), right, settings.k)
        details = {"n": len(candidates), "c": right, "k": settings.k}
        return MetricScore(metric_id=self.component_id, value=value, details=details)

    def estimate(self, n: int, c: int, k: int) -> float:
        """The chance, of n samples with c right ones."""
        return 1.0 - math.comb(n - c, k) / math.comb(n, k)

    def _undefined(self, why: str) -> ScoreError:
        return ScoreError(metric_id=self.component_id, message=f"{self.component_id}: {why}")


class PassHatK(PassAtK):
    """The chance that all of k samples drawn from the trial's are right.

    The unbiased estimate C(c, k) / C(n, k) (Yao et al. 2024) of n samples with c right ones;
    otherwise as `pass_at_k`.
    """

    component_id: ClassVar[str] = "pass_hat_k"
    settings_model = PassHatKSettings

    def estimate(self, n: int, c: int, k: int) -> float:
        """The chance, of n samples with c right ones."""
        return math.comb(c, k) / math.comb(n, k)
