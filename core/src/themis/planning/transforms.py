"""The transforms of a dataset: what is done to each item before anything else sees it.

* `rename` {field, source_field}: the field gets another name (`a.b` takes it out of `a`)
* `jinja` {field, template}: the field becomes a template's text; the template reads `item`
* `python` {field, config}: the field becomes what a function returns. `config.function` names it
  (`"package.module:function"`); it is called with a copy of the item, and the rest of `config` as
  keywords: `function(item, **rest)`

A transform that fails on an item is that item's failure; the other items go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from themis.errors import ItemError, SpecIssue, SpecValidationError
from themis.planning.items import MISSING, as_json, lookup
from themis.planning.template_environment import closest
from themis.planning.templates import Fields, RenderError, compile_template, template_findings

if TYPE_CHECKING:
    from themis.specs import DatasetTransformSpec

__all__ = ["ItemTransforms", "transform_issues"]

Step = Callable[[dict[str, Any]], None]


class _TransformError(Exception):
    """Why a transform cannot be made, or cannot change an item."""


class ItemTransforms:
    """The transforms of one dataset, ready to be applied.

    Raises:
        SpecValidationError: when a template does not compile or a function cannot be imported;
            `issues` has every finding.
    """

    def __init__(self, specs: Sequence[DatasetTransformSpec]) -> None:
        issues = transform_issues(specs)
        if issues:
            raise SpecValidationError("\n".join(map(str, issues)), issues=issues)
        self._steps = tuple((_label(n, spec), _step(spec)) for n, spec in enumerate(specs))

    def __bool__(self) -> bool:
        return bool(self._steps)

    def apply(self, item: dict[str, Any]) -> str | None:
        """Change the item in place; why that failed, or None. What was done before stays done."""
        for label, step in self._steps:
            try:
                step(item)
            except (_TransformError, ItemError) as error:
                return f"{label}: {error}"
        return None


def transform_issues(specs: Sequence[DatasetTransformSpec]) -> list[SpecIssue]:
    """Everything wrong with transforms that can be known before there is an item."""
    return [
        SpecIssue(finding, key=f"dataset.transforms[{number}].{key}")
        for number, spec in enumerate(specs)
        for key, finding in _findings(spec)
    ]


def _findings(spec: DatasetTransformSpec) -> Iterator[tuple[str, str]]:
    if spec.kind == "jinja":
        for finding in template_findings(spec.template, names=("item",)):
            yield "template", finding
    if spec.kind == "python":
        try:
            _function(spec.config)
        except _TransformError as error:
            yield "config.function", str(error)


def _label(number: int, spec: DatasetTransformSpec) -> str:
    return f"transform {number + 1} ({spec.kind} of field {spec.field!r})"


def _step(spec: DatasetTransformSpec) -> Step:
    if spec.kind == "rename":
        return partial(_rename, spec.field, spec.source_field)
    if spec.kind == "jinja":
        return partial(_render, spec.field, compile_template(spec.template).render)
    settings = {name: value for name, value in spec.config.items() if name != "function"}
    return partial(_call, spec.field, partial(_function(spec.config), **settings))


def _rename(field: str, source: str, item: dict[str, Any]) -> None:
    if lookup(item, source) is MISSING:
        fields = ", ".join(item) or "none"
        msg = f"the item has no field {source!r}{closest(source, item)}; its fields: {fields}"
        raise _TransformError(msg)
    owner, name = item, source
    while name not in owner:
        first, _, name = name.partition(".")
        owner = owner[first]
    item[field] = owner.pop(name)


def _render(field: str, render: Callable[[Mapping[str, Any]], str], item: dict[str, Any]) -> None:
    try:
        item[field] = render({"item": Fields("the item", item)})
    except RenderError as error:
        raise _TransformError(str(error)) from error


def _call(field: str, function: Callable[..., Any], item: dict[str, Any]) -> None:
    try:
        value = function(dict(item))
    except Exception as error:  # whatever the user's function raises is the item's failure
        msg = f"the function raised {type(error).__name__}: {error}"
        raise _TransformError(msg) from error
    item[field] = as_json(value, at=f"the value of {field!r}")


def _function(config: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that a python transform names."""
    target = config.get("function")
    module, colon, path = target.partition(":") if isinstance(target, str) else ("", "", "")
    if not (module and colon and path):
        msg = f'name the function to call, "package.module:function"; got {target!r}'
        raise _TransformError(msg)
    try:
        found: Any = import_module(module)
    except Exception as error:  # a module may raise anything when it is imported
        msg = f"module {module!r} cannot be imported, {type(error).__name__}: {error}"
        raise _TransformError(msg) from error
    for name in path.split("."):
        found = getattr(found, name, None)
    if not callable(found):
        msg = f"module {module!r} has no function {path!r}"
        raise _TransformError(msg)
    return found  # type: ignore[no-any-return]
