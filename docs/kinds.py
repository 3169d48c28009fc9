"""The reference pages of the kinds of components, from the docstrings of what plugins import."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import attrs

from themis import plugin
from themis.plugin import declarations, hookspecs
from themis.plugin.declarations import KINDS, ComponentDeclaration, ComponentKind
from themis.plugin.reading import HOOK_KINDS
from themis.storage import RunStore
from themis.testing.kits import KITS

__all__ = ["PAGES", "hooks", "kind_page"]


@attrs.frozen(slots=True)
class KindPage:
    """What the page of a kind tells: its protocols, and what their methods are given."""

    protocols: tuple[type, ...]
    given: tuple[type, ...] = ()
    template: str | None = None
    kind: ComponentKind | None = None


PAGES: dict[str, KindPage] = {
    "engine": KindPage(
        (plugin.InferenceEngine,), (plugin.InferenceRuntime, plugin.TrialSpec), "engine", "engine"
    ),
    "extractor": KindPage((plugin.Extractor,), (plugin.CandidateRecord,), "extractor", "extractor"),
    "metric": KindPage(
        (
            plugin.Metric,
            plugin.LLMMetric,
            plugin.SelectionMetric,
            plugin.TraceMetric,
            plugin.EvaluationWorkflow,
            plugin.WorkflowRunner,
            plugin.JudgeServiceView,
        ),
        (plugin.MetricContext, plugin.JudgeCall, plugin.Judgment),
        "metric",
        "metric",
    ),
    "judge": KindPage((plugin.JudgeModel,), (plugin.JudgeRequest,), "judge", "judge"),
    "selector": KindPage((plugin.CandidateSelector,), kind="selector"),
    "reducer": KindPage((plugin.CandidateReducer,), (), "reducer", "reducer"),
    "dataset-provider": KindPage((plugin.DatasetProvider,), (), "dataset", "dataset_provider"),
    "storage-backend": KindPage((plugin.StorageBackend, RunStore), (), "store", "storage_backend"),
    "execution-backend": KindPage(
        (plugin.ExecutionBackend, plugin.PartitionedRun), (), "backend", "execution_backend"
    ),
    "exporter": KindPage((plugin.Exporter,), kind="exporter"),
    "observer": KindPage(
        (plugin.LifecycleSubscriber, plugin.TracingProvider, plugin.Span),
        (plugin.LifecycleContext,),
        kind="observer",
    ),
    "pipeline-hook": KindPage((plugin.PipelineHook,)),
}


def kind_page(page: KindPage) -> str:
    """The generated part of a kind's page."""
    parts = [*_provided(page), *map(_protocol, page.protocols)]
    parts += [f"## {given.__name__}\n\n{_prose(given)}\n\n{_fields(given)}" for given in page.given]
    if page.kind is not None:
        parts.append(_declaration(KINDS[page.kind]))
    return "\n".join(parts)


def hooks() -> str:
    """Every hook of the entry-point group, in the order of the specification."""
    rows = ["| hook | returns | what it is for |\n", "| --- | --- | --- |\n"]
    pages = {page.kind: name for name, page in PAGES.items() if page.kind}
    for name in ("themis_plugin", *HOOK_KINDS):
        hook = getattr(hookspecs, name)
        result = str(inspect.signature(hook).return_annotation)
        kind = HOOK_KINDS.get(name)
        page = f"[{kind}]({pages[kind]}.md)" if kind in pages else ""
        text = " ".join(inspect.getdoc(hook).split())
        rows.append(f"| `{name}` | `{result}` | {f'{text} {page}'.strip()} |\n")
    others = [each for kind, each in KINDS.items() if kind not in pages]
    declared = [_declaration(each) for each in (plugin.PluginInfo, *others)]
    how = f"## Declarations\n\n{_prose(declarations)}\n"
    return "\n".join(["".join(rows), how, *declared])


def _provided(page: KindPage) -> Iterator[str]:
    """Which hook, kit and template there are for the kind."""
    if page.kind is None:
        return
    [hook] = (name for name, kind in HOOK_KINDS.items() if kind == page.kind)
    kit = KITS.get(page.kind)
    yield f"* declared by the hook `{hook}`, which returns `{KINDS[page.kind].__name__}` objects"
    if kit is not None:
        anchor = kit.__name__.lower()
        yield f"* held to [{kit.__name__}](../conformance.md#{anchor})"
    if page.template is not None:
        yield f"* `kind={page.template}` of [the template](../plugin-author-guide.md)"
    yield ""


def _protocol(protocol: type) -> str:
    """A protocol, its docstring, and each method with its own."""
    parts = [f"## {protocol.__name__}", _prose(protocol)]
    bases = [base.__name__ for base in protocol.__bases__ if _is_protocol(base)]
    if bases:
        parts.append(f"It has the methods of {', '.join(f'`{base}`' for base in bases)}.")
    for owner in protocol.__mro__:
        if _is_protocol(owner):
            parts += [_method(node) for node in _methods(owner)]
    return "\n\n".join(parts) + "\n"


def _is_protocol(cls: type) -> bool:
    return bool(getattr(cls, "_is_protocol", False)) and cls.__module__.startswith("themis.")


@cache
def _methods(cls: type) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    [definition] = ast.parse(inspect.getsource(cls)).body
    assert isinstance(definition, ast.ClassDef)
    nodes = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in definition.body if isinstance(node, nodes)]
    return tuple(node for node in found if not node.name.startswith("_") or node.name == "__call__")


def _method(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    text = _markdown(ast.get_docstring(node) or "")
    return f"### {node.name}\n\n```text\n{_signature(node)}\n```\n\n{text}"


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The first line of a method; an argument a line where that is long."""
    keyword = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    arguments = ast.unparse(node.args).replace("=", " = ")  # every argument is annotated
    result = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    mark = "@property\n" if any(ast.unparse(d) == "property" for d in node.decorator_list) else ""
    line = f"{mark}{keyword} {node.name}({arguments}){result}: ..."
    if len(line) <= 100:
        return line
    broken = "".join(f"    {each},\n" for each in _split(arguments))
    return f"{mark}{keyword} {node.name}(\n{broken}){result}: ..."


def _split(arguments: str) -> list[str]:
    """Arguments apart, at the commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in arguments:
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _declaration(declaration: type) -> str:
    """What a declaration says, and its fields."""
    parts = [f"## {declaration.__name__}", _prose(declaration)]
    if issubclass(declaration, ComponentDeclaration):
        parts.append(_markdown("\n".join((ComponentDeclaration.__doc__ or "").split("\n")[2:])))
    return "\n\n".join([*parts, _fields(declaration)])


def _fields(cls: Any) -> str:
    """The table of the fields of an attrs class; nothing for another."""
    if not attrs.has(cls):
        return ""
    rows = ["| field | type | default |\n", "| --- | --- | --- |\n"]
    for field in attrs.fields(cls):
        kind = str(field.type).replace("|", "\\|")
        rows.append(f"| `{field.name}` | `{kind}` | {_default(field.default)} |\n")
    return "".join(rows)


def _default(value: Any) -> str:
    if value is attrs.NOTHING:
        return "required"
    if isinstance(value, type(attrs.Factory(dict))):
        return "empty" if value.factory in {dict, list, tuple} else f"`{value.factory.__name__}()`"
    return f"`{value!r}`" if not callable(value) else "does nothing"


def _prose(thing: Any) -> str:
    return _markdown(inspect.cleandoc(thing.__doc__ or ""))


def _markdown(text: str) -> str:
    """A docstring as Markdown: `::` begins a block, and `Raises:` a list."""
    lines: Iterable[str] = inspect.cleandoc(text).replace("::\n", ":\n").splitlines()
    out, raising = [], False
    for line in lines:
        if line in {"Raises:", "Args:"}:
            raising = True
            out += [line, ""]
        elif raising and (found := re.match(r" {4}(\w+): (.*)", line)):
            out.append(f"* `{found[1]}`: {found[2]}")
        else:
            raising = raising and line.startswith(" ")
            out.append(line.strip() if raising else line)
    return "\n".join(out).strip()
