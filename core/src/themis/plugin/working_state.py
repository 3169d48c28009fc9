"""What a component's own methods change while it runs, so that running it makes no other of it."""

from __future__ import annotations

import ast
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import attrs

from themis.plugin.contract import HOOK_METHODS, METHODS, WORKFLOW_METHODS
from themis.plugin.python_code import function_of, source_text

__all__ = ["ABSENT", "CONTAINERS", "RUN_METHODS", "FirstSeen", "WorkingNames"]

ABSENT = ("absent",)
"""What stands for an attribute that there was not yet."""

CONTAINERS = (list, dict, set, bytearray)

RUN_METHODS = frozenset(
    {method.name for method in (*METHODS.values(), *WORKFLOW_METHODS, *HOOK_METHODS)}
    | {"build_workflow"}
)
"""The methods by which a run calls components."""

_SETTING_UP = frozenset({
    "__init__", "__new__", "__post_init__", "__attrs_pre_init__", "__attrs_post_init__",
    "__init_subclass__", "__set_name__", "__setstate__", "model_post_init",
})  # fmt: skip
_CHANGES_CONTAINER = frozenset({
    "add", "append", "clear", "difference_update", "discard", "extend", "insert",
    "intersection_update", "pop", "popitem", "remove", "reverse", "setdefault", "sort",
    "symmetric_difference_update", "update",
})  # fmt: skip


@attrs.define(slots=True)
class WorkingNames:
    """The attributes that the methods a run calls set, change in place, or call methods of.

    `reads` are all attribute names in those methods: the methods of other objects they may call.
    """

    reads: set[str] = attrs.Factory(set)
    sets: set[str] = attrs.Factory(set)
    changes: set[str] = attrs.Factory(set)
    calls: set[str] = attrs.Factory(set)

    @classmethod
    def of(cls, owner: type, called: frozenset[str]) -> WorkingNames:
        """Those of the methods named in `called`, and of every method that these use in turn."""
        found, left = cls(reads=set(called)), dict(_methods(owner))
        while running := [name for name in left if name in found.reads or name[:2] == "__"]:
            for name in running:
                for function in left.pop(name):
                    found.read(function)
        return found

    def read(self, function: types.FunctionType) -> None:
        """Add what one method does; nothing where its source cannot be read."""
        for node in _definitions(function):
            arguments = [*node.args.posonlyargs, *node.args.args]
            own = arguments[0].arg if arguments else ""
            for inner in ast.walk(node):
                self._look_at(inner, own)

    def changes_in_place(self, name: str, value: object) -> bool:
        """Whether the methods may change the very object that is the attribute's value."""
        return name in self.changes or (name in self.calls and not isinstance(value, CONTAINERS))

    def _look_at(self, node: ast.AST, own: str) -> None:
        if isinstance(node, ast.Attribute):
            self.reads.add(node.attr)
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            is_own = isinstance(node, ast.Attribute) and _is_name(node.value, own)
            (self.sets if is_own else self.changes).update(_root(node, own))
        if isinstance(node, ast.Call):
            self._look_at_call(node, own)

    def _look_at_call(self, node: ast.Call, own: str) -> None:
        if isinstance(node.func, ast.Attribute):
            self.calls.update(_root(node.func.value, own))
            if node.func.attr in _CHANGES_CONTAINER:
                self.changes.update(_root(node.func.value, own))
        elif _is_name(node.func, "next") and node.args:
            self.calls.update(_root(node.args[0], own))


class FirstSeen:
    """What was said of an object's attributes when they were first looked at.

    It holds no object alive. Objects that cannot be referred to weakly are looked at anew.
    """

    _said: ClassVar[dict[int, tuple[weakref.ref[Any], dict[str, tuple[object, Any]]]]] = {}

    @classmethod
    def of(cls, owner: object, name: str, value: object, *, say: Callable[[], Any]) -> Any:
        """What `say` said first of this attribute while it held this value."""
        said = cls._of(owner)
        if name not in said or said[name][0] is not value:
            said[name] = (value, say())
        return said[name][1]

    @classmethod
    def _of(cls, owner: object) -> dict[str, tuple[object, Any]]:
        key = id(owner)
        if key not in cls._said:
            try:
                alive = weakref.ref(owner, lambda _: cls._said.pop(key, None))
            except TypeError:
                return {}
            cls._said[key] = (alive, {})
        return cls._said[key][1]


def _methods(owner: type) -> Iterator[tuple[str, list[types.FunctionType]]]:
    """The functions by the names of the methods, with those that a subclass overrides."""
    found: dict[str, list[types.FunctionType]] = {}
    for cls in owner.__mro__[:-1]:
        for name, member in vars(cls).items():
            function = function_of(member)
            if isinstance(function, types.FunctionType) and name not in _SETTING_UP:
                found.setdefault(name, []).append(function)
    return iter(found.items())


def _definitions(function: types.FunctionType) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    try:
        tree = ast.parse(source_text(function) or "")
    except (SyntaxError, ValueError):  # part of an expression, such as a lambda
        return []
    return [each for each in tree.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _root(node: ast.AST, own: str) -> set[str]:
    """The attribute of `own` that an expression such as `own.x[0].y` starts from, if any."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        if isinstance(node, ast.Attribute) and _is_name(node.value, own):
            return {node.attr}
        node = node.func if isinstance(node, ast.Call) else node.value
    return set()


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
