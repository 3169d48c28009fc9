"""What a component must be able to do, checked on a class or an instance before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import attrs

from themis.errors import PluginError
from themis.plugin.declarations import ComponentKind

__all__ = [
    "HOOK_METHODS",
    "METHODS",
    "WORKFLOW_METHODS",
    "RequiredMethod",
    "builds_workflow",
    "check_methods",
    "required_method",
]


@attrs.frozen(slots=True)
class RequiredMethod:
    """A method's name, and the names of the arguments it is called with, by position."""

    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"


METHODS: Mapping[ComponentKind, RequiredMethod] = MappingProxyType({
    "engine": RequiredMethod("infer", ("trial", "context", "runtime")),
    "extractor": RequiredMethod("extract", ("trial", "candidate", "config")),
    "metric": RequiredMethod("score", ("trial", "candidate", "context")),
    "judge": RequiredMethod("judge", ("request",)),
    "selector": RequiredMethod("select", ("candidates", "ctx")),
    "reducer": RequiredMethod("reduce", ("candidates", "ctx")),
    "dataset_provider": RequiredMethod("scan", ("slice_spec", "query")),
    "execution_backend": RequiredMethod("execute", ("run",)),
    "exporter": RequiredMethod("export", ("result", "path")),
})  # fmt: skip

BUILD_WORKFLOW = RequiredMethod("build_workflow", ("subject", "ctx"))
"""What a metric may have in place of `score`."""

WORKFLOW_METHODS = (
    RequiredMethod("judge_calls", ()),
    RequiredMethod("render_prompt", ("call",)),
    RequiredMethod("parse_judgment", ("call", "response")),
    RequiredMethod("score_judgment", ("call", "judgment")),
    RequiredMethod("aggregate", ("judgments",)),
)

HOOK_METHODS = (
    RequiredMethod("pre_inference", ("trial", "prompt")),
    RequiredMethod("post_inference", ("trial", "result")),
    RequiredMethod("pre_extraction", ("trial", "candidate")),
    RequiredMethod("post_extraction", ("trial", "candidate")),
    RequiredMethod("pre_eval", ("trial", "candidate")),
    RequiredMethod("post_eval", ("trial", "candidate")),
)


def builds_workflow(component: object) -> bool:
    """Whether a metric builds an evaluation workflow: it does not score by itself then."""
    return hasattr(component, BUILD_WORKFLOW.name)


def required_method(kind: ComponentKind, component: object) -> RequiredMethod | None:
    """The method that a component of `kind` is called by; None for kinds without one."""
    if kind == "metric" and builds_workflow(component):
        return BUILD_WORKFLOW
    return METHODS.get(kind)


def check_methods(component: object, required: Sequence[RequiredMethod], *, what: str) -> None:
    """Raise a PluginError that names every method `component` lacks or cannot be called with."""
    lacking = [method for method in required if not callable(getattr(component, method.name, None))]
    if lacking:
        methods = ", ".join(str(method) for method in lacking)
        msg = f"{what} lacks {methods}: add the method{'s' if len(lacking) > 1 else ''}"
        raise PluginError(msg)
    for method in required:
        if not _takes(component, method):
            msg = (
                f"{what}: {method.name}{_signature(component, method)} cannot be called with "
                f"({', '.join(method.arguments)}); write it as {method}"
            )
            raise PluginError(msg)


def _takes(component: object, method: RequiredMethod) -> bool:
    function = getattr(component, method.name)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # compiled functions need not have a signature
        return True
    arguments = [None] * (len(method.arguments) + _wants_self(component, method.name))
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def _wants_self(component: object, name: str) -> bool:
    """Whether the function read from a class still lacks its instance."""
    return isinstance(component, type) and inspect.isfunction(
        inspect.getattr_static(component, name)
    )


def _signature(component: object, method: RequiredMethod) -> str:
    return str(inspect.signature(getattr(component, method.name)))
