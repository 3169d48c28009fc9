"""The trial as it is sent: its templates rendered, then changed by the pipeline's hooks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from themis.planning.items import PlannedItem
    from themis.planning.plan import Arm
    from themis.records import Message, TrialSpec
    from themis.runtime.hooks import Hooks

__all__ = ["MakesTrial", "as_sent", "as_sent_now", "blocking"]

T = TypeVar("T")


class MakesTrial(Protocol):
    """Makes the trial of one item under one arm, with what is sent."""

    def __call__(
        self,
        *,
        prompt: tuple[Message, ...] = (),
        follow_ups: tuple[tuple[Message, ...], ...] = (),
    ) -> TrialSpec:
        """The trial with this prompt and these scripted later turns."""
        ...


async def as_sent(make: MakesTrial, arm: Arm, item: PlannedItem, hooks: Hooks) -> TrialSpec:
    """The trial with its prompt and follow-ups; hooks see what is generated here, not imports.

    Raises:
        ItemError: the item lacks a field that a template reads.
        HookError: a hook failed.
    """
    prompt, follow_ups = arm.render(item), arm.render_follow_ups(item)
    if hooks.pre_inference and arm.engine is not None:
        prompt = await hooks.apply("pre_inference", make(), prompt)
    return make(prompt=prompt, follow_ups=follow_ups)


def as_sent_now(make: MakesTrial, arm: Arm, item: PlannedItem, hooks: Hooks) -> TrialSpec:
    """`as_sent`, from synchronous code."""
    if not hooks.pre_inference or arm.engine is None:
        return make(prompt=arm.render(item), follow_ups=arm.render_follow_ups(item))
    return blocking(as_sent(make, arm, item, hooks))


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end from synchronous code; inside a running loop, on a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 (handed to the caller's thread)
            failure.append(error)

    thread = threading.Thread(target=run, name="themis-run")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
