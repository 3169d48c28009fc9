"""BLEU, by sacrebleu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, computed_field

from themis.builtins.metrics.scoring import AnswerMetric, Graded, ReferenceSettings
from themis.builtins.outputs import as_text
from themis.errors import OptionalDependencyError

__all__ = ["Bleu", "BleuSettings"]


class BleuSettings(ReferenceSettings):
    """sacrebleu's settings that matter for one sentence."""

    lowercase: bool = Field(default=False, description="Compare without regard to case.")
    tokenize: Literal["13a", "intl", "char", "zh", "none"] = Field(
        default="13a", description="sacrebleu's tokenizer; char or zh for Chinese."
    )
    max_ngram_order: int = Field(default=4, ge=1, description="The longest n-gram that counts.")
    smooth_method: Literal["exp", "floor", "add-k", "none"] = Field(
        default="exp", description="sacrebleu's smoothing of n-gram orders without a match."
    )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sacrebleu_version(self) -> str:
        """Whose scores these are: another version is another metric to every key."""
        return str(_sacrebleu().__version__)


class Bleu(AnswerMetric[BleuSettings]):
    """Sentence BLEU of the answer against all references at once, from 0 to 1 (sacrebleu's / 100).

    Needs the bleu extra, whose version is part of the metric's identity. Case counts by default.
    The effective order is on, as is usual for sentences. A text without tokens scores 0. The mean
    of sentence BLEU over items is not corpus BLEU: compare it only with its like.
    """

    component_id: ClassVar[str] = "bleu"
    settings_model = BleuSettings

    def __init__(self, config: BleuSettings | Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self._bleu = _sacrebleu().BLEU(
            lowercase=self.settings.lowercase,
            tokenize=self.settings.tokenize,
            max_ngram_order=self.settings.max_ngram_order,
            smooth_method=self.settings.smooth_method,
            effective_order=True,
        )

    def references(self, item: Mapping[str, Any]) -> Sequence[Any]:
        """All references as one: BLEU counts n-grams of any of them."""
        return ([as_text(reference) for reference in super().references(item)],)

    def compare(self, answer: Any, reference: Any) -> Graded:
        """BLEU of the answer against a list of references."""
        score = self._bleu.sentence_score(as_text(answer), reference).score
        return Graded(min(max(score / 100, 0.0), 1.0))


def _sacrebleu() -> Any:
    try:
        import sacrebleu
    except ImportError as absent:
        msg = "the bleu metric needs the sacrebleu package: pip install 'themis-framework[bleu]'"
        raise OptionalDependencyError(msg) from absent
    return sacrebleu
