"""Python objects described by their source and settings, as plain values that can be hashed."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import functools
import inspect
import re
import sys
import sysconfig
import textwrap
import types
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, TypeGuard

from themis.errors import PluginError
from themis.records.canonical import canonical_bytes

__all__ = ["NoDescriptionError", "describe", "label", "own_fingerprint"]

_PLAIN = (bool, int, float, str, bytes, type(None))
_BY_TEXT = (
    PurePath, dt.date, dt.time, dt.timedelta, dt.tzinfo, decimal.Decimal, fractions.Fraction,
    uuid.UUID, range, complex,
)  # fmt: skip
_CHANGING = (list, dict, set, bytearray)
_COMPILED = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
_INSTALLED = tuple(
    Path(folder).resolve()
    for name, folder in sysconfig.get_paths().items()
    if name in {"stdlib", "platstdlib", "purelib", "platlib"}
)


class NoDescriptionError(Exception):
    """Something is neither plain data nor Python code."""


def describe(value: object) -> Any:
    """`value` as JSON-like data: equal for equal code and settings, in any process."""
    return _Description().of(value)


def own_fingerprint(component: object) -> str | None:
    """What the component's `fingerprint()` says; None without one."""
    method = getattr(component, "fingerprint", None)
    if isinstance(component, type) or not callable(method):
        return None
    value = method()
    if not isinstance(value, str) or not value:
        msg = f"{label(component)}.fingerprint() must return a string, not {value!r:.80}"
        raise PluginError(msg)
    return value


def label(value: object) -> str:
    """How a message names a class, a function, or the class of anything else."""
    named: Any = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


class _Description:
    """One description: it knows what it is inside of, so that cycles end."""

    def __init__(self) -> None:
        self._inside: list[int] = []

    def of(self, value: object) -> Any:
        if isinstance(value, _PLAIN) and not isinstance(value, enum.Enum):
            return value
        if id(value) in self._inside:
            return ["again", self._inside.index(id(value))]
        self._inside.append(id(value))
        try:
            return self._data(value)
        finally:
            self._inside.pop()

    def _data(self, value: object) -> Any:
        if isinstance(value, enum.Enum):
            return ["enum", type(value).__qualname__, value.name]
        if isinstance(value, re.Pattern):
            return ["pattern", value.pattern, value.flags]
        if isinstance(value, _BY_TEXT):
            return [type(value).__qualname__, str(value)]
        if isinstance(value, Mapping):
            return ["map", _sorted([self.of(key), self.of(entry)] for key, entry in value.items())]
        if isinstance(value, (set, frozenset)):
            return ["set", _sorted(self.of(entry) for entry in value)]
        if isinstance(value, (list, tuple, bytearray)):
            return ["sequence", [self.of(entry) for entry in value]]
        return self._code(value)

    def _code(self, value: object) -> Any:
        if isinstance(value, functools.partial):
            return ["partial", self.of(value.func), self.of(value.args), self.of(value.keywords)]
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        if isinstance(value, types.MethodType):
            return ["method", self.of(value.__func__), self.of(value.__self__)]
        if _is_bound(value):
            return ["method", label(value), self.of(value.__self__)]
        if isinstance(value, _COMPILED) or self._is_someone_elses(value):
            return ["named", label(value)]
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        return self._instance(value)

    def _is_someone_elses(self, value: object) -> bool:
        """A library's code inside a component: its releases are not the component's edits."""
        code = isinstance(value, (type, types.FunctionType))
        return code and len(self._inside) > 1 and _is_installed(value)

    def _function(self, function: types.FunctionType) -> Any:
        code = function.__code__
        text = _source(function)
        bound = self.of([function.__defaults__, function.__kwdefaults__])
        parts = ["function", text or function.__qualname__, bound, self._closure(function)]
        if function.__name__ == "<lambda>":  # its source is the whole line, with what else is there
            parts.append(self._outline(code))
        if text is None:
            parts += [code.co_code, self._outline(code)]
        return parts

    def _outline(self, code: types.CodeType) -> Any:
        nested = [const for const in code.co_consts if isinstance(const, types.CodeType)]
        plain = [const for const in code.co_consts if not isinstance(const, types.CodeType)]
        return [list(code.co_names), self.of(plain), [self._outline(inner) for inner in nested]]

    def _closure(self, function: types.FunctionType) -> Any:
        names, cells = function.__code__.co_freevars, function.__closure__ or ()
        return [[name, self._cell(cell)] for name, cell in zip(names, cells, strict=True)]

    def _cell(self, cell: types.CellType) -> Any:
        try:
            value = cell.cell_contents
        except ValueError:  # not bound yet, as in a function that calls itself
            return ["unbound"]
        return ["changing"] if isinstance(value, _CHANGING) else self.of(value)

    def _class(self, cls: type) -> Any:
        own = [cls, *(base for base in cls.__mro__[1:] if not _is_installed(base))]
        bodies = [self._body(each) for each in own]
        if not any(bodies):
            msg = f"{label(cls)} has no Python source"
            raise NoDescriptionError(msg)
        return ["class", cls.__qualname__, bodies]

    def _body(self, cls: type) -> Any:
        members = {name: _function_of(member) for name, member in sorted(vars(cls).items())}
        methods = {n: m for n, m in members.items() if isinstance(m, types.FunctionType)}
        text = _source(cls)
        if text is not None:
            return [text, [[name, self._closure(method)] for name, method in methods.items()]]
        plain = {n: m for n, m in members.items() if isinstance(m, _PLAIN) and n[:2] != "__"}
        return [[name, self.of(member)] for name, member in {**methods, **plain}.items()]

    def _instance(self, value: object) -> Any:
        own = own_fingerprint(value)
        if own is not None:
            return ["own", type(value).__qualname__, own]
        settings = _settings(value)
        described = [[name, self.of(settings[name])] for name in sorted(settings)]
        return ["instance", self.of(type(value)), described]


def _is_bound(value: object) -> TypeGuard[types.BuiltinMethodType]:
    """Whether it is a compiled method of some object, such as `", ".join`."""
    own = getattr(value, "__self__", None)
    return isinstance(value, types.BuiltinFunctionType) and not isinstance(
        own, types.ModuleType | type(None)
    )


def _settings(value: object) -> dict[str, Any]:
    """The attributes named like parameters of the constructor: what the object was made with."""
    slots = [name for cls in type(value).__mro__ for name in vars(cls).get("__slots__", ())]
    if not slots and not hasattr(value, "__dict__"):
        msg = f"it holds a {label(value)}, whose state cannot be read"
        raise NoDescriptionError(msg)
    attributes = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    attributes |= getattr(value, "__dict__", {})
    names = {spelling for name in _parameters(type(value)) for spelling in (name, f"_{name}")}
    return {name: attributes[name] for name in names if name in attributes}


def _parameters(cls: type) -> Iterable[str]:
    try:
        return tuple(inspect.signature(cls).parameters)
    except (TypeError, ValueError):  # compiled classes need not have a signature
        return ()


def _function_of(member: object) -> object:
    if isinstance(member, (staticmethod, classmethod)):
        return member.__func__
    if isinstance(member, (property, functools.cached_property)):
        return member.fget if isinstance(member, property) else member.func
    return member


def _source(value: Any) -> str | None:
    try:
        return textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError, SyntaxError):  # made at a prompt or by exec
        return None


def _is_installed(value: Any) -> bool:
    name = value.__module__ or ""
    if name.partition(".")[0] == "themis":
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:  # what Python has compiled in, or a user's own: made by exec, or at a prompt
        return name in sys.builtin_module_names and not isinstance(value, types.FunctionType)
    path = Path(file).resolve()
    return any(path.is_relative_to(folder) for folder in _INSTALLED)


def _sorted(entries: Iterable[Any]) -> list[Any]:
    return sorted(entries, key=canonical_bytes)
