"""A rough token count for engines that have no tokenizer."""

from __future__ import annotations

from themis.plugin import Message, TokenUsage

__all__ = ["count_tokens", "usage_of"]


def count_tokens(text: str, model_id: str = "") -> int:  # noqa: ARG001 (an estimator's signature)
    """About four characters a token, and at least one token in any text.

    >>> count_tokens("How many apples are left?"), count_tokens("")
    (7, 0)
    """
    return -(-len(text) // 4)


def usage_of(prompt: tuple[Message, ...], completion: str) -> TokenUsage:
    """The estimated usage of one call."""
    asked = sum(count_tokens(message.text) for message in prompt)
    answered = count_tokens(completion)
    return TokenUsage(prompt=asked, completion=answered, total=asked + answered)
