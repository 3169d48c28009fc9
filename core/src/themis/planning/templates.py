"""Compiled templates, for prompts and for the `jinja` transform of datasets.

Only what a benchmark's author wrote is compiled. Values (an item's text above all) are inserted as
they are and never read as a template.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables

from themis.planning.template_environment import Fields, TemplateEnvironment, closest
from themis.planning.template_limits import MAX_CHARS, LimitError

__all__ = ["CompiledTemplate", "Fields", "RenderError", "compile_template", "template_findings"]

_FILE = "<template>"
_OWN_TEXT_TIMES = 4
_NOT_ALLOWED = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class RenderError(Exception):
    """A template cannot be rendered with these values; the message says why, and on which line."""


@cache
def _environment() -> TemplateEnvironment:
    return TemplateEnvironment()


def template_findings(source: str, *, names: Collection[str]) -> list[str]:
    """Everything wrong with a template that may read `names`: syntax, names, what is not allowed.

    An empty list means that it compiles.
    """
    try:
        tree = _environment().parse(source)
        unknown = find_undeclared_variables(tree) - set(names)
        findings = [_unknown_name(tree, name, names) for name in sorted(unknown)]
        findings += [
            f"line {node.lineno}: a template cannot include, import or extend another"
            for node in tree.find_all(_NOT_ALLOWED)
        ]
        if not findings:
            compile_template(source)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    except RecursionError:
        return ["the template is nested too deeply"]
    return findings


def _unknown_name(tree: nodes.Template, name: str, names: Collection[str]) -> str:
    line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), 1)
    known = ", ".join(sorted(names))
    return f"line {line}: unknown name {name!r}{closest(name, names)}; a template has: {known}"


@lru_cache(maxsize=4096)
def compile_template(source: str) -> CompiledTemplate:
    """The compiled template of a source; raises jinja2's TemplateSyntaxError."""
    return CompiledTemplate(source)


class CompiledTemplate:
    """One template. `reads` are the names it takes from outside."""

    __slots__ = ("_budget", "_pieces", "_template", "_tree", "constant", "reads")

    def __init__(self, source: str) -> None:
        environment = _environment()
        environment.budget.start()  # constants are checked while compiling
        self._budget = environment.budget
        self._tree = environment.parse(source)
        self._template = environment.from_string(self._tree)
        # each rendering copies the globals, which takes half of its time while they are a ChainMap
        self._template.globals = dict(self._template.globals)
        self.reads = frozenset(find_undeclared_variables(self._tree))
        self.constant = _constant(self._tree)
        self._pieces = _pieces(self._tree)

    def fields_read(self, name: str) -> frozenset[str] | None:
        """The fields of namespace `name` that are read; None when any may be (`item[key]`)."""
        found = set()
        seen = 0
        for node in self._tree.find_all((nodes.Getattr, nodes.Getitem)):
            field = _field(node, name)
            if field is not None:
                found.add(field)
                seen += 1
        mentions = sum(node.name == name for node in self._tree.find_all(nodes.Name))
        return frozenset(found) if mentions == seen else None

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for `values`.

        Text may have a million characters, or four times as many as the values themselves have
        when that is more.

        Raises:
            RenderError: when a field is missing, a limit is exceeded or an operation fails.
        """
        if self.constant is not None:
            return self.constant
        inserted = self._inserted(values)
        if inserted is not None:
            return inserted
        try:
            try:
                return self._run(values, MAX_CHARS)
            except LimitError as error:
                allowed = _OWN_TEXT_TIMES * _text_size(values)
                if not error.size or allowed <= MAX_CHARS:
                    raise
                return self._run(values, allowed)
        except Exception as error:  # a template can raise anything, and its values cause it
            raise RenderError(self._explained(error)) from error

    def _inserted(self, values: Mapping[str, Any]) -> str | None:
        """The text of a template that only inserts fields, if they are text and not too long."""
        if self._pieces is None:
            return None
        texts = []
        for piece in self._pieces:
            text = piece if isinstance(piece, str) else _value(values, *piece)
            if type(text) is not str:
                return None
            texts.append(text)
        joined = "".join(texts)
        return joined if len(joined) <= MAX_CHARS else None

    def _run(self, values: Mapping[str, Any], limit: int) -> str:
        budget = self._budget
        budget.start(limit)
        chunks, size = [], 0
        for chunk in self._template.root_render_func(self._template.new_context(dict(values))):
            size += len(chunk)
            if size > limit:
                budget.allow(size)
            chunks.append(chunk)
        return "".join(chunks)

    def _explained(self, error: Exception) -> str:
        line, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == _FILE:
                line = self._template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        known = isinstance(error, (UndefinedError, SecurityError))
        text = str(error) if known else f"{type(error).__name__}: {error}"
        return text if line is None else f"line {line}: {text}"


def _constant(tree: nodes.Template) -> str | None:
    """The text of a template that has nothing but text."""
    parts = [part for node in tree.body for part in getattr(node, "nodes", [None])]
    if all(isinstance(part, nodes.TemplateData) for part in parts):
        return "".join(part.data for part in parts)
    return None


def _value(values: Mapping[str, Any], namespace: str, field: str) -> Any:
    owner = values.get(namespace)
    return owner.get(field) if isinstance(owner, dict) else None


def _pieces(tree: nodes.Template) -> tuple[str | tuple[str, str], ...] | None:
    """Text, and (namespace, field) where one is inserted; None when there is anything else."""
    pieces: list[str | tuple[str, str]] = []
    for node in (part for entry in tree.body for part in getattr(entry, "nodes", [None])):
        if isinstance(node, nodes.TemplateData):
            pieces.append(node.data)
            continue
        owner = getattr(node, "node", None)
        if not isinstance(owner, nodes.Name) or (field := _field(node, owner.name)) is None:
            return None
        pieces.append((owner.name, field))
    return tuple(pieces)


def _field(node: Any, name: str) -> str | None:
    if not isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return None
    if not (isinstance(node.node, nodes.Name) and node.node.name == name):
        return None
    if isinstance(node, nodes.Getattr):
        return node.attr
    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    return key if isinstance(key, str) else None


def _text_size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return len(value) + sum(_text_size(entry) for entry in value.values())
    if isinstance(value, (list, tuple)):
        return len(value) + sum(_text_size(entry) for entry in value)
    return 8
