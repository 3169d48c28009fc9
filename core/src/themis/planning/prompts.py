"""Prompts: a variant compiled once, then rendered for each item.

A template reads five namespaces:

* `item`: the item's fields, after the dataset's transforms
* `slice`: `slice_id` and `dimensions`
* `prompt`: `id`, `family` and `variables` of the variant
* `params`: the inference parameters
* `model`: `model_id`, `provider` and `extras`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from themis.errors import ItemError, SpecIssue, SpecValidationError
from themis.planning.templates import (
    CompiledTemplate,
    Fields,
    RenderError,
    compile_template,
    template_findings,
)
from themis.records import ContentPart, Message

if TYPE_CHECKING:
    from themis.specs import (
        InferenceParamsSpec,
        ModelSpec,
        PromptMessage,
        PromptTurnSpec,
        PromptVariantSpec,
        SliceSpec,
    )

__all__ = ["NAMESPACES", "PromptRenderer", "prompt_issues", "slice_namespace"]

NAMESPACES = ("item", "model", "params", "prompt", "slice")


def slice_namespace(slice_spec: SliceSpec) -> dict[str, Any]:
    """What a template sees as `slice`."""
    return {"slice_id": slice_spec.slice_id, "dimensions": dict(slice_spec.dimensions)}


def prompt_issues(variant: PromptVariantSpec, *turns: PromptTurnSpec) -> list[SpecIssue]:
    """Everything wrong with the templates of a variant and its follow-up turns."""
    issues = _issues(variant, variant.messages, "messages")
    for number, turn in enumerate(turns):
        issues += _issues(variant, turn.messages, f"follow_ups[{number}].messages")
    return issues


def _issues(variant: PromptVariantSpec, messages: list[PromptMessage], at: str) -> list[SpecIssue]:
    return [
        SpecIssue(f"prompt variant {variant.id!r}: {finding}", key=key)
        for key, source in _sources(messages, at)
        for finding in template_findings(source, names=NAMESPACES)
    ]


class PromptRenderer:
    """Renders the messages of a prompt variant, or of one follow-up turn of it.

    `reads` are the namespaces that its templates use. `item_fields` are the item's fields among
    them, or None when a template may read any (`item[key]`, `item|tojson`).

    Raises:
        SpecValidationError: when a template does not compile or reads an unknown name; `issues`
            has every finding.
    """

    __slots__ = ("_messages", "_prompt", "_variant", "item_fields", "reads")

    def __init__(self, variant: PromptVariantSpec, *, turn: PromptTurnSpec | None = None) -> None:
        part = variant if turn is None else turn
        issues = _issues(variant, part.messages, "messages" if turn is None else "turn.messages")
        if issues:
            raise SpecValidationError("\n".join(map(str, issues)), issues=issues)
        self._variant = variant
        self._prompt = Fields(
            "the prompt",
            {"id": variant.id, "family": variant.family, "variables": variant.variables},
        )
        self._messages = tuple(_MessageTemplate(message) for message in part.messages)
        templates = [template for message in self._messages for template in message.templates]
        self.reads: frozenset[str] = frozenset().union(*(entry.reads for entry in templates))
        self.item_fields = _all_fields(templates)

    def turn(self, turn: PromptTurnSpec) -> PromptRenderer:
        """The renderer of a scripted follow-up turn of this variant."""
        return PromptRenderer(self._variant, turn=turn)

    def render(
        self,
        item: Mapping[str, Any],
        slice_spec: SliceSpec,
        params: InferenceParamsSpec,
        model: ModelSpec,
    ) -> tuple[Message, ...]:
        """The messages for one item.

        Raises:
            ItemError: when the item lacks a field, or a template fails on it.
        """
        values = self._values(item, slice_spec, params, model)
        rendered = []
        for message in self._messages:
            try:
                rendered.append(message.render(values))
            except RenderError as error:
                where = f"message {len(rendered) + 1} ({message.role})"
                msg = f"prompt variant {self._variant.id!r}, {where}, {error}"
                raise ItemError(msg) from error
        return tuple(rendered)

    def _values(
        self,
        item: Mapping[str, Any],
        slice_spec: SliceSpec,
        params: InferenceParamsSpec,
        model: ModelSpec,
    ) -> dict[str, Any]:
        """The namespaces; those that nothing reads are left out."""
        reads = self.reads
        values: dict[str, Any] = {"item": Fields("the item", item), "prompt": self._prompt}
        if "slice" in reads:
            values["slice"] = Fields("the slice", slice_namespace(slice_spec))
        if "params" in reads:
            values["params"] = Fields("params", params.model_dump(mode="json"))
        if "model" in reads:
            described = model.model_dump(mode="json", include={"model_id", "provider", "extras"})
            values["model"] = Fields("the model", described)
        return values


class _MessageTemplate:
    """One compiled message; `content` is a template, or a list of part templates."""

    __slots__ = ("_constant", "_content", "_parts", "role")

    def __init__(self, message: PromptMessage) -> None:
        self.role = message.role
        self._content: CompiledTemplate | None = None
        self._parts: tuple[_PartTemplate, ...] = ()
        if isinstance(message.content, str):
            self._content = compile_template(message.content)
        else:
            self._parts = tuple(_PartTemplate(part) for part in message.content)
        fixed = all(template.constant is not None for template in self.templates)
        self._constant = self._rendered({}) if fixed else None

    @property
    def templates(self) -> tuple[CompiledTemplate, ...]:
        if self._content is not None:
            return (self._content,)
        return tuple(part.template for part in self._parts)

    def render(self, values: Mapping[str, Any]) -> Message:
        return self._constant or self._rendered(values)

    def _rendered(self, values: Mapping[str, Any]) -> Message:
        if self._content is not None:
            return Message(self.role, self._content.render(values))
        return Message(self.role, tuple(part.render(values) for part in self._parts))


class _PartTemplate:
    """One compiled part: the text, or the URL of an image."""

    __slots__ = ("_detail", "_image", "template")

    def __init__(self, part: Any) -> None:
        self._image = part.type == "image"
        self._detail = part.detail if self._image else None
        self.template = compile_template(part.image_url if self._image else part.text)

    def render(self, values: Mapping[str, Any]) -> ContentPart:
        text = self.template.render(values)
        if self._image:
            return ContentPart(type="image", image_url=text, detail=self._detail)
        return ContentPart(type="text", text=text)


def _sources(messages: list[PromptMessage], at: str) -> Iterator[tuple[str, str]]:
    for number, message in enumerate(messages):
        key = f"{at}[{number}].content"
        if isinstance(message.content, str):
            yield key, message.content
            continue
        for place, part in enumerate(message.content):
            name = "image_url" if part.type == "image" else "text"
            yield f"{key}[{place}].{name}", getattr(part, name)


def _all_fields(templates: list[CompiledTemplate]) -> frozenset[str] | None:
    found: set[str] = set()
    for template in templates:
        fields = template.fields_read("item")
        if fields is None:
            return None
        found |= fields
    return frozenset(found)
