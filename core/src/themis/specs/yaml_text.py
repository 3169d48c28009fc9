"""YAML with the line of every key.

Plain scalars mean what YAML 1.2's core schema says (`no` and `1:30` are strings, `1e-3` is a
number, `010` is ten), dates stay strings, tags beyond the plain ones are refused, and aliases may
not blow a small file up into a huge one.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from themis.specs.positions import MAX_DEPTH, MAX_NODES, DocumentError, KeyPath, Position

__all__ = ["parse_yaml"]

_SPECIAL = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
_CORE = "tag:yaml.org,2002:"
_MERGE = _CORE + "merge"
_MAX_DIGITS = 4_000
_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep; flatten it"


class _Loader(yaml.SafeLoader):
    """The safe loader with the core schema's plain scalars, and bounds on what it composes."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own protocol)

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.count = 0
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node, unless there are too many or it is too deep."""
        self.count += 1
        self.depth += 1
        if self.count > MAX_NODES:
            raise self._excess(f"has more than {MAX_NODES} values; keep data in a dataset's files")
        if self.depth > MAX_DEPTH + 1:
            raise self._excess(_TOO_DEEP)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def fetch_flow_collection_start(self, kind: Any) -> None:
        """A bracket that opens: the scanner looks ahead of the composer."""
        if self.flow_level > MAX_DEPTH:
            raise self._excess(_TOO_DEEP)
        super().fetch_flow_collection_start(kind)

    def _excess(self, message: str) -> DocumentError:
        return DocumentError(message, line=self.line + 1, column=self.column + 1)


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", list("-+.")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_CORE + _name, re.compile(rf"(?:{_pattern})\Z"), _first)


def parse_yaml(text: str) -> tuple[Any, dict[KeyPath, Position]]:
    """The value of a YAML text and the positions of its keys and entries."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error) from error
    except yaml.YAMLError as error:
        message = f"is no YAML: {str(error).splitlines()[0]}"
        raise DocumentError(message) from error
    except (ValueError, OverflowError) as error:  # PyYAML's own, for escapes and versions
        message = f"is no YAML: {error}"
        raise DocumentError(message) from error
    reader = _Reader()
    value = None if node is None else reader.value(node, ())
    return value, reader.positions


def _unreadable(error: yaml.MarkedYAMLError) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    message = f"is no YAML: {error.problem or error.context}"
    if mark is None:
        return DocumentError(message)
    return DocumentError(message, line=mark.line + 1, column=mark.column + 1)


def _fault(node: yaml.Node, message: str) -> DocumentError:
    return DocumentError(message, line=node.start_mark.line + 1, column=node.start_mark.column + 1)


class _Reader:
    """Builds plain values from nodes; aliases are built again wherever they are used."""

    def __init__(self) -> None:
        self.positions: dict[KeyPath, Position] = {}
        self.count = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self._guard(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, path)
        return _scalar(node)

    def _guard(self, node: yaml.Node, path: KeyPath) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise _fault(node, f"has more than {MAX_NODES} values once its aliases are expanded")
        if len(path) > MAX_DEPTH:
            raise _fault(node, _TOO_DEEP)

    def _mark(self, node: yaml.Node, path: KeyPath) -> None:
        self.positions[path] = (node.start_mark.line + 1, node.start_mark.column + 1)

    def _sequence(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        _expect(node, "seq")
        built = []
        for index, entry in enumerate(node.value):
            self._mark(entry, (*path, index))
            built.append(self.value(entry, (*path, index)))
        return built

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        _expect(node, "map")
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                _add(merged, self._merged(value_node, path))
        for key_node, value_node in node.value:
            if key_node.tag != _MERGE:
                self._entry(own, key_node, value_node, path)
        return {**merged, **own}

    def _entry(
        self, own: dict[str, Any], key_node: yaml.Node, value_node: yaml.Node, path: KeyPath
    ) -> None:
        key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise _fault(key_node, "keys are strings; put quotes around this one")
        if key in own:
            raise _fault(key_node, f"the key {key!r} is written twice; remove one")
        self._mark(key_node, (*path, key))
        own[key] = self.value(value_node, (*path, key))

    def _merged(self, node: yaml.Node, path: KeyPath) -> dict[str, Any]:
        self._guard(node, path)
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                raise _fault(source, "`<<` merges mappings; this is none")
            self._guard(source, path)
            _add(merged, self._mapping(source, path))
        return merged


def _add(merged: dict[str, Any], more: dict[str, Any]) -> None:
    """What is there already stays: an earlier `<<` goes before a later one."""
    for key, value in more.items():
        merged.setdefault(key, value)


def _expect(node: yaml.Node, kind: str) -> None:
    if node.tag != _CORE + kind:
        raise _unsupported(node)


def _unsupported(node: yaml.Node) -> DocumentError:
    return _fault(node, f"the tag {node.tag} is not supported; write a plain value")


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text: str = node.value
    kind = node.tag.removeprefix(_CORE)
    if kind == "str":
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind in {"int", "float"}:
        return _number(node, kind, text)
    raise _unsupported(node)


def _number(node: yaml.Node, kind: str, text: str) -> int | float:
    try:
        if kind == "float":
            return _SPECIAL.get(text.lower()) or float(text)
        return _integer(text)
    except ValueError as error:
        raise _fault(node, f"{text[:40]!r} is no {kind}") from error


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        message = f"it has more than {_MAX_DIGITS} digits"
        raise ValueError(message)
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
