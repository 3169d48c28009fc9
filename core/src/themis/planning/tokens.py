"""How many tokens a text has, by the best counter there is; and which one that was.

In this order: the engine's own estimator; tiktoken, when it is installed (the extra `tokens`) and
its encoding is at hand or can be fetched within seconds; a quarter of the characters.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, Self

import attrs

from themis.errors import PluginError

if TYPE_CHECKING:
    from themis.records import Message
    from themis.specs import ModelSpec

__all__ = ["CHARACTERS", "TokenCounter", "TokenEstimator"]

TokenEstimator = Callable[[str, str], int]
"""`f(text, model_id)`: the number of tokens."""

CHARACTERS = "characters / 4"
_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_MESSAGE = 4  # the role and the marks around it, in the usual chat formats
_FETCH_SECONDS = 5.0
_USUAL_ENCODING = "o200k_base"


class _Arm(Protocol):
    """What `for_arm` needs of a plan's arm."""

    @property
    def model(self) -> ModelSpec: ...

    @property
    def engine(self) -> Any: ...


@attrs.frozen(slots=True)
class TokenCounter:
    """Counts tokens. `method` names the counter and, for a fallback, why it is not a better one."""

    method: str
    _count: Callable[[str], int] = attrs.field(repr=False)

    @classmethod
    def for_arm(cls, arm: _Arm) -> Self:
        """The counter for an arm of a plan: its engine's estimator, if it declares one."""
        estimator = None if arm.engine is None else arm.engine.resolved.token_estimator()
        return cls.for_model(arm.model.model_id, estimator=estimator)

    @classmethod
    def for_model(cls, model_id: str, *, estimator: TokenEstimator | None = None) -> Self:
        """The counter for a model; `estimator` is its engine's own."""
        if estimator is not None:
            return cls("the engine's estimator", _checked(estimator, model_id))
        name, approximate = _encoding_name(model_id)
        if name is None:
            return cls(f"{CHARACTERS} (tiktoken is not installed)", _by_characters)
        encoding = _encoding(name)
        if isinstance(encoding, str):
            return cls(f"{CHARACTERS} (tiktoken's encoding {name}: {encoding})", _by_characters)
        about = ", an approximation for this model" if approximate else ""
        return cls(f"tiktoken ({name}{about})", lambda text: len(encoding.encode_ordinary(text)))

    def count(self, text: str) -> int:
        """The number of tokens of a text.

        Raises:
            PluginError: when the engine's estimator fails.
        """
        return self._count(text)

    def count_prompt(self, messages: Iterable[Message]) -> int:
        """The number of tokens of messages: their text, and four for the frame of each.

        Images are not counted: what they cost differs too much between providers.
        """
        return sum(self._count(message.text) + _TOKENS_PER_MESSAGE for message in messages)


def _by_characters(text: str) -> int:
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def _checked(estimator: TokenEstimator, model_id: str) -> Callable[[str], int]:
    """The estimator of a plugin, whose faults are named."""

    def count(text: str) -> int:
        try:
            tokens: Any = estimator(text, model_id)  # a plugin's word is checked, not trusted
        except Exception as error:
            problem = f"raised {type(error).__name__}: {error}"
            raise PluginError(_estimator_fault(model_id, problem)) from error
        if isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 0:
            raise PluginError(_estimator_fault(model_id, f"returned {tokens!r}"))
        return tokens

    return count


def _estimator_fault(model_id: str, problem: str) -> str:
    return (
        f"the token estimator of the engine of model {model_id!r} {problem}; "
        "it is to return a number of tokens: report this to the engine's authors"
    )


def _encoding_name(model_id: str) -> tuple[str | None, bool]:
    """The encoding of a model and whether it is a stand-in; None without tiktoken."""
    try:
        import tiktoken
    except ImportError:
        return None, False
    try:
        return tiktoken.encoding_name_for_model(model_id.rsplit("/", 1)[-1]), False
    except KeyError:
        return _USUAL_ENCODING, True


@cache
def _encoding(name: str) -> Any:
    """The encoding, or the reason why there is none.

    tiktoken fetches encodings on first use, without a time limit of its own; so it does that in a
    thread that is left alone after some seconds.
    """
    import tiktoken

    found: list[Any] = ["not fetched within 5 seconds"]

    def fetch() -> None:
        try:
            found[0] = tiktoken.get_encoding(name)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is reported and the next counter is used)
            found[0] = f"cannot be fetched, {type(error).__name__}"

    thread = threading.Thread(target=fetch, name="tiktoken", daemon=True)
    thread.start()
    thread.join(_FETCH_SECONDS)
    return found[0]
