"""How much of two texts' words is shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from themis.builtins.metrics.scoring import AnswerMetric, Graded, ReferenceSettings
from themis.builtins.normalization import squad_tokens
from themis.builtins.outputs import as_text
from themis.plugin import MetricError

__all__ = ["RougeL", "RougeLSettings", "TokenF1", "TokenF1Settings", "common_subsequence"]


class TokenF1Settings(ReferenceSettings):
    """Where `token_f1` finds the reference."""


class TokenF1(AnswerMetric[TokenF1Settings]):
    """The F1 of the tokens that answer and reference share, counted with repeats: 0 to 1.

    As SQuAD's evaluation has it (Rajpurkar et al. 2016): lower case, without ASCII punctuation and
    the articles a, an, the, split at white space. Two texts without tokens are equal (1.0); one
    without tokens scores 0.
    """

    component_id: ClassVar[str] = "token_f1"
    settings_model = TokenF1Settings

    def compare(self, answer: Any, reference: Any) -> Graded:
        """The F1, with precision and recall in the details."""
        given, expected = squad_tokens(as_text(answer)), squad_tokens(as_text(reference))
        shared = (Counter(given) & Counter(expected)).total()
        return _f_measure(shared, given, expected)


class RougeLSettings(ReferenceSettings):
    """What `rouge_l` compares, and how much of it."""

    beta: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="How much more recall counts than precision; 1 is the plain F1.",
    )
    max_tokens: int = Field(
        default=50_000,
        gt=0,
        description="Longer texts are refused: the time grows with the product of the lengths.",
    )


class RougeL(AnswerMetric[RougeLSettings]):
    """The F-measure of the longest common subsequence of words: 0 to 1.

    ROUGE-L at the level of whole texts (Lin 2004): lower case, without ASCII punctuation, split at
    white space; no stemming. Words in the same order count, with gaps. Articles count, unlike in
    `token_f1`. Two texts without words are equal (1.0).
    """

    component_id: ClassVar[str] = "rouge_l"
    settings_model = RougeLSettings

    def compare(self, answer: Any, reference: Any) -> Graded:
        """The F-measure, with precision and recall in the details."""
        given, expected = (self._words(as_text(value)) for value in (answer, reference))
        shared = common_subsequence(given, expected)
        return _f_measure(shared, given, expected, beta=self.settings.beta)

    def _words(self, text: str) -> list[str]:
        words = squad_tokens(text, articles=True)
        if len(words) > self.settings.max_tokens:
            limit = self.settings.max_tokens
            raise MetricError(f"rouge_l: {len(words)} words are more than max_tokens={limit}")
        return words


def common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """The length of the longest common subsequence.

    Bit-parallel (Hyyro 2004): one big-integer step for each word of `left`, over a bit for each
    word of `right`.

    >>> common_subsequence("the cat sat".split(), "the dog sat".split())
    2
    """
    places: dict[str, int] = {}
    for index, word in enumerate(right):
        places[word] = places.get(word, 0) | 1 << index
    every = (1 << len(right)) - 1
    unmatched = every
    for word in left:
        found = unmatched & places.get(word, 0)
        unmatched = ((unmatched + found) | (unmatched - found)) & every
    return len(right) - unmatched.bit_count()


def _f_measure(
    shared: int, given: Sequence[str], expected: Sequence[str], *, beta: float = 1.0
) -> Graded:
    if not given and not expected:
        return Graded(1.0, {"precision": 1.0, "recall": 1.0})
    if not shared:
        return Graded(0.0, {"precision": 0.0, "recall": 0.0})
    precision, recall = shared / len(given), shared / len(expected)
    weight = beta * beta
    value = (1 + weight) * precision * recall / (recall + weight * precision)
    return Graded(min(value, 1.0), {"precision": precision, "recall": recall})
