"""The kit of inference engines."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from themis.errors import ErrorCode, InferenceError, ThemisError
from themis.plugin.contexts import InferenceRuntime
from themis.plugin.declarations import ComponentKind
from themis.records import InferenceRecord, InferenceResult, TokenUsage, TrialSpec
from themis.runtime.outcomes import as_inference
from themis.testing.fakes import make_trial
from themis.testing.kits.check import check, needs
from themis.testing.kits.kit import ComponentKit, close, opened
from themis.testing.kits.texts import UNICODE

__all__ = ["EngineFailure", "EngineKit"]

EngineFailure = Literal["timeout", "rate_limit", "auth", "unavailable"]

_AT_ONCE = 24
_RETRY_AFTER = 7.0
_LONG = "All work and no play makes a dull prompt. " * 25_000


class EngineKit(ComponentKit):
    """Checks of an inference engine.

    Example::

        class TestMyEngine(EngineKit):
            ref = "my-dist/my_engine"
            config = {"base_url": "http://127.0.0.1:8000"}

    Nothing here asks a real service, except with `THEMIS_LIVE=1`. For an engine that talks to one,
    let an autouse fixture start a fake server (`themis.testing.FaultServer`), and name it in
    `settings()`. Give `failing_engine`, so that the mapping of errors is checked too.
    """

    kind: ClassVar[ComponentKind] = "engine"
    model_id: ClassVar[str] = "kit-model"

    def failing_engine(self, failure: EngineFailure) -> Any:  # noqa: ARG002 (for overriding)
        """An engine whose calls fail in this way; None where that cannot be arranged.

        `timeout`: the service never answers. `rate_limit`: it refuses, and asks to wait 7 seconds.
        `auth`: it does not accept the credentials. `unavailable`: it is down.
        """
        return None

    def trial(self, prompt: str | tuple[()]) -> TrialSpec:
        """The trial that asks `prompt`."""
        return make_trial(prompt, model_id=self.model_id, provider=self.component.name)

    def item(self) -> Mapping[str, Any]:
        """The item that the engine is given beside the trial."""
        return {"item_id": "item-1", "question": "What is 2 + 2?", "tags": ["a", {"b": 1}]}

    @check("engine.result")
    def test_it_answers_with_something_that_can_be_stored(self) -> None:
        """An answer is a string, an InferenceRecord or an InferenceResult, and can be stored."""
        try:
            as_inference(self._alone("What is 2 + 2?"), engine=self.component.name)
        except TypeError as problem:
            raise AssertionError(str(problem)) from problem

    @check("engine.config", level="static")
    def test_an_unknown_setting_is_refused(self) -> None:
        """A setting that does not exist is refused."""
        self.refuses_unknown_settings()

    @check("engine.concurrency")
    def test_many_calls_at_once_each_get_their_own_answer(self) -> None:
        """24 calls at once get the answers that they get alone."""
        prompts = [f"What is {number} + {number}?" for number in range(_AT_ONCE)]
        alone = [self._repeatable(prompt) for prompt in prompts[:4]]

        async def main() -> list[str]:
            async with opened(self.make()) as engine:
                asked = (self._ask(engine, prompt, seed=1) for prompt in prompts)
                answers = await asyncio.gather(*asked)
            return [_text(answer) for answer in answers]

        together = self.in_loop(main)
        for prompt, expected, answer in zip(prompts, alone, together, strict=False):
            assert answer == expected, (
                f"asked {prompt!r} alone it says {expected!r}, among {_AT_ONCE} calls {answer!r}"
            )

    @check("engine.cancellation")
    def test_a_cancelled_call_ends_and_the_engine_goes_on(self) -> None:
        """A cancelled call raises CancelledError at once, and the next call is answered."""

        async def main() -> None:
            async with opened(self.make()) as engine:
                needs(inspect.iscoroutinefunction(engine.infer), "its calls run in a thread")
                await self._ask(engine, "before")
                await _cancelled(asyncio.ensure_future(self._ask(engine, "cancelled")))
                await self._ask(engine, "after")

        self.in_loop(main)

    @check("engine.timeout")
    def test_a_service_that_never_answers_is_a_timeout(self) -> None:
        """A service that never answers is an InferenceError `provider_timeout`, retryable."""
        error = self._failure("timeout", ErrorCode.PROVIDER_TIMEOUT)
        assert error.retryable, f"a timeout may be retried; got {error!r} with retryable=False"

    @check("engine.rate_limit")
    def test_a_refusal_for_its_rate_keeps_the_wish_to_wait(self) -> None:
        """A refused rate is `provider_rate_limit`, retryable, with the provider's retry_after."""
        error = self._failure("rate_limit", ErrorCode.PROVIDER_RATE_LIMIT)
        assert error.retryable, f"a refused rate may be retried; {error!r} has retryable=False"
        kept = error.retry_after
        assert kept is not None, f"the service asked to wait {_RETRY_AFTER:g} s; retry_after=None"
        assert abs(kept - _RETRY_AFTER) < 1.0, f"retry_after is {kept} s, not {_RETRY_AFTER:g} s"

    @check("engine.auth")
    def test_refused_credentials_are_not_retried(self) -> None:
        """Refused credentials are `provider_auth`, and not retryable."""
        error = self._failure("auth", ErrorCode.PROVIDER_AUTH)
        assert not error.retryable, f"refused credentials stay refused; {error!r} is retryable"

    @check("engine.unavailable")
    def test_a_service_that_is_down_is_retried(self) -> None:
        """A service that is down is `provider_unavailable`, retryable."""
        error = self._failure("unavailable", ErrorCode.PROVIDER_UNAVAILABLE)
        assert error.retryable, f"a service that is down may come back; {error!r} is not retryable"

    @check("engine.usage")
    def test_token_counts_are_whole_numbers_from_zero(self) -> None:
        """Token counts are None or whole numbers of at least 0."""
        usage = getattr(_inference(self._alone("What is 2 + 2?")), "token_usage", None)
        needs(usage is not None, "it reports no token usage")
        assert isinstance(usage, TokenUsage), f"token_usage is {usage!r}, no TokenUsage"
        for name in ("prompt", "completion", "total", "reasoning", "cached"):
            count = getattr(usage, name)
            whole = count is None or (type(count) is int and count >= 0)
            assert whole, f"token_usage.{name} is {count!r}; give a whole number from 0, or None"

    @check("engine.empty_prompt")
    def test_an_empty_prompt_is_answered_or_refused(self) -> None:
        """An empty prompt, or none, is answered or refused with a ThemisError."""
        self._answered_or_refused("")
        self._answered_or_refused(())

    @check("engine.unicode_prompt")
    def test_any_unicode_is_answered_or_refused(self) -> None:
        """Any unicode, lone surrogates and NUL too, is answered or refused with a ThemisError."""
        for text in UNICODE:
            self._answered_or_refused(text)

    @check("engine.long_prompt")
    def test_a_prompt_of_a_megabyte_is_answered_or_refused(self) -> None:
        """A prompt of a megabyte is answered or refused with a ThemisError."""
        self._answered_or_refused(_LONG)

    @check("engine.seed")
    def test_the_same_seed_gives_the_same_answer(self) -> None:
        """Where seeds are declared, a new engine gives the same answer for the same seed."""
        needs(self.component.capabilities.seed, "it declares no seed")
        first, second = (_text(self._alone("Tell me a story.", seed=7)) for _ in range(2))
        assert first == second, f"with seed 7 it said {first!r}, then {second!r}"

    @check("engine.close")
    def test_closing_twice_is_fine(self) -> None:
        """`close()` may be called twice, used or unused."""

        async def main() -> None:
            unused, used = self.make(), self.make()
            needs(hasattr(used, "close"), "it has no close()")
            try:
                await self.outcome(self._ask(used, "hello"))
            finally:  # one that cannot be asked without configuration holds connections too
                for engine in (unused, unused, used, used):
                    await close(engine)

        self.in_loop(main)

    @check("engine.no_state")
    def test_an_answer_does_not_depend_on_earlier_calls(self) -> None:
        """What was asked before changes no answer."""
        expected = self._repeatable("What is 3 + 4?")

        async def main() -> str:
            async with opened(self.make()) as engine:
                for number in range(3):
                    await self._ask(engine, f"What is {number} + 1?", seed=number)
                return _text(await self._ask(engine, "What is 3 + 4?", seed=1))

        answer = self.in_loop(main)
        assert answer == expected, f"a new engine says {expected!r}, a used one {answer!r}"

    @check("engine.no_mutation")
    def test_it_leaves_the_item_as_it_is(self) -> None:
        """The item that an engine is given stays as it is."""

        async def main() -> None:
            item = dict(self.item())
            trial = self.trial("What is 2 + 2?")
            async with opened(self.make()) as engine:
                await self._ask(engine, "What is 2 + 2?", item=item)
            assert item == self.item(), f"the item became {item!r}; copy what you change"
            assert trial == self.trial("What is 2 + 2?"), "the trial was changed"

        self.in_loop(main)

    @check("engine.token_estimator")
    def test_the_token_estimator_counts(self) -> None:
        """A declared token estimator gives whole numbers from 0 that grow with the text."""
        estimator = self.component.token_estimator()
        needs(estimator is not None, "it declares no token estimator")
        assert estimator is not None
        counts = [estimator(text, self.model_id) for text in ("", "two words", "word " * 1000)]
        assert all(type(count) is int for count in counts), f"estimates are {counts}, not all int"
        assert 0 <= counts[0] < counts[1] < counts[2], (
            f"no text, two words and a thousand are estimated at {counts} tokens"
        )

    @check("engine.live", level="live")
    def test_the_real_service_answers(self) -> None:
        """The real service answers one short prompt."""
        text = _text(self._alone("Reply with the one word: ready"))
        assert text.strip(), "the service's answer is empty"

    async def _ask(
        self,
        engine: Any,
        prompt: str | tuple[()],
        *,
        seed: int | None = 1,
        item: Mapping[str, Any] | None = None,
    ) -> Any:
        runtime = InferenceRuntime(candidate_id="0" * 64, seed=seed, timeout_seconds=self.patience)
        given = self.item() if item is None else item
        try:
            return await self.call(engine.infer, self.trial(prompt), given, runtime)
        except ThemisError as error:
            needs(not self.tentative, f"it cannot be asked without configuration: {error}")
            raise

    def _alone(self, prompt: str, *, seed: int = 1) -> Any:
        """The answer of a new engine."""

        async def main() -> Any:
            async with opened(self.make()) as engine:
                return await self._ask(engine, prompt, seed=seed)

        return self.in_loop(main)

    def _repeatable(self, prompt: str) -> str:
        """What two new engines both answer; the check is skipped where they differ."""
        first, second = (_text(self._alone(prompt)) for _ in range(2))
        needs(first == second, "its answers differ from call to call")
        return first

    def _answered_or_refused(self, prompt: str | tuple[()]) -> None:
        async def main() -> None:
            async with opened(self.make()) as engine:
                await self.outcome(self._ask(engine, prompt))

        self.in_loop(main)

    def _failure(self, failure: EngineFailure, code: ErrorCode) -> InferenceError:
        """The error that a failing service becomes, which must be an InferenceError of `code`."""
        engine = self.failing_engine(failure)
        needs(engine is not None, f"failing_engine({failure!r}) is not given")

        async def main() -> Any:
            async with opened(engine):
                return await self.outcome(self._ask(engine, "hello"))

        error = self.in_loop(main)
        assert isinstance(error, InferenceError), f"expected an InferenceError, got {error!r}"
        assert error.code == code, f"expected the code {code}, got {error.code}: {error}"
        return error


def _inference(value: Any) -> Any:
    return value.inference if isinstance(value, InferenceResult) else value


def _text(value: Any) -> str:
    """The text of whatever an engine gave."""
    inference = _inference(value)
    if isinstance(inference, InferenceRecord):
        return inference.raw_text or repr(inference.structured_output)
    return value if isinstance(value, str) else repr(value)


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel a call that has begun; it must end at once, and as cancelled."""
    await asyncio.sleep(0)
    finished = task.done()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=2.0)
    assert done, "a cancelled call was still running after 2 s"
    assert finished or task.cancelled(), (
        f"a cancelled call went on, and ended with {_ending(task)}; let CancelledError go"
    )


def _ending(task: asyncio.Future[Any]) -> str:
    if task.cancelled():
        return "CancelledError"
    error = task.exception()
    return f"{type(error).__name__}: {error}" if error else "an answer"
