"""Exactly what is sent for one item under one arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import ItemError
from themis.records import Message
from themis.records.codec import to_plain

if TYPE_CHECKING:
    from themis.planning.items import PlannedItem
    from themis.planning.plan import Arm

__all__ = ["PromptPreview"]


@attrs.frozen(slots=True, kw_only=True)
class PromptPreview:
    """The rendered messages of one item; `failure` says why there are none."""

    slice_id: str
    item_id: str
    prompt_variant_id: str
    model_id: str
    params: Mapping[str, Any]
    messages: tuple[Message, ...] = ()
    follow_ups: tuple[tuple[Message, ...], ...] = ()
    failure: str | None = None

    @classmethod
    def of(cls, arm: Arm, item: PlannedItem) -> PromptPreview:
        """What `arm` sends for `item`."""
        messages: tuple[Message, ...] = ()
        follow_ups: tuple[tuple[Message, ...], ...] = ()
        failure = item.failure
        if failure is None:
            try:
                messages, follow_ups = arm.render(item), arm.render_follow_ups(item)
            except ItemError as error:
                failure = error.message
        return cls(
            slice_id=arm.slice_spec.slice_id,
            item_id=item.item_id,
            prompt_variant_id=arm.variant.id,
            model_id=arm.model.model_id,
            params=arm.params.model_dump(mode="json"),
            messages=messages,
            follow_ups=follow_ups,
            failure=failure,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "slice_id": self.slice_id,
            "item_id": self.item_id,
            "prompt_variant_id": self.prompt_variant_id,
            "model_id": self.model_id,
            "params": dict(self.params),
            "messages": [to_plain(message) for message in self.messages],
            "follow_ups": [[to_plain(m) for m in turn] for turn in self.follow_ups],
            "failure": self.failure,
        }

    def __str__(self) -> str:
        title = (
            f"== slice {self.slice_id}, item {self.item_id}, prompt {self.prompt_variant_id}, "
            f"model {self.model_id}"
        )
        if self.failure is not None:
            return f"{title}\nnot sent: {self.failure}"
        turns = [self.messages, *self.follow_ups]
        lines = [f"[{message.role}]\n{message.text}" for turn in turns for message in turn]
        return "\n".join([title, *lines])
