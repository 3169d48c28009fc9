"""Python objects described by their source and settings, as plain values that can be hashed."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import functools
import re
import types
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import PurePath
from typing import Any

from themis.plugin.object_state import (
    NoDescriptionError,
    ObjectState,
    keeps_threads_apart,
    own_fingerprint,
    pickled,
)
from themis.plugin.python_code import (
    attribute_names,
    function_of,
    is_bound,
    is_cached,
    is_compiled,
    is_dispatching,
    is_installed,
    is_installed_file,
    label,
    source_text,
)
from themis.plugin.working_state import ABSENT, CONTAINERS, RUN_METHODS, FirstSeen, WorkingNames
from themis.records.canonical import canonical_bytes

__all__ = ["NoDescriptionError", "describe", "label", "own_fingerprint"]

_PLAIN = (bool, int, float, str, bytes, type(None))
_BY_TEXT = (
    PurePath, dt.date, dt.time, dt.timedelta, dt.tzinfo, decimal.Decimal, fractions.Fraction,
    uuid.UUID, range, complex,
)  # fmt: skip
_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)
_MOST = 20_000


def describe(value: object) -> Any:
    """`value` as JSON-like data: equal for equal code and settings, in any process."""
    try:
        return _Description().of(value)
    except RecursionError:
        msg = "it holds objects that are nested too deeply"
        raise NoDescriptionError(msg) from None
    except NoDescriptionError:
        raise
    except Exception as problem:  # the code of what it holds: properties, __getattr__, __eq__
        msg = f"looking at what it holds raised {type(problem).__name__}: {problem!s:.200}"
        raise NoDescriptionError(msg) from problem


class _Description:
    """One description: it knows what it is inside of, so that cycles end.

    `_called` are the names of methods that may be called on what is described next.
    """

    def __init__(self) -> None:
        self._inside: list[int] = []
        self._called = RUN_METHODS
        self._known: dict[tuple[type, frozenset[str]], WorkingNames] = {}
        self._classes: dict[tuple[type, frozenset[str]], Any] = {}
        self._objects = 0
        self._in_settings = False

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
            with self._calling([value.__func__.__name__]):
                return ["method", self.of(value.__func__), self.of(value.__self__)]
        if is_bound(value):
            return ["method", label(value), self.of(value.__self__)]
        if is_cached(value):
            return ["cached", self.of(value.__wrapped__)]  # type: ignore[attr-defined]
        if is_dispatching(value):
            return ["dispatch", self.of(value.registry)]  # type: ignore[attr-defined]
        if is_compiled(value) or self._is_someone_elses(value):
            return ["named", label(value)]
        if isinstance(value, type):
            return self._class_once(value)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        return self._instance(value)

    def _is_someone_elses(self, value: object) -> bool:
        """A library's code inside a component: its releases are not the component's edits."""
        code = isinstance(value, (type, types.FunctionType))
        return code and len(self._inside) > 1 and is_installed(value)

    @contextmanager
    def _calling(self, names: Iterable[str]) -> Iterator[None]:
        before, self._called = self._called, self._called.union(names)
        try:
            yield
        finally:
            self._called = before

    def _function(self, function: types.FunctionType) -> Any:
        code = function.__code__
        text = source_text(function)
        if text is not None and len(self._inside) > 1 and is_installed_file(code.co_filename):
            text = code.co_qualname  # a library's wrapper, which names its module as what it wraps
        parts: list[Any] = ["function", text or function.__qualname__]
        with self._calling(attribute_names(code)):
            parts += [self.of([function.__defaults__, function.__kwdefaults__])]
            parts += [self._closure(function)]
        if function.__name__ == "<lambda>":  # its source is the whole line, with what else is there
            parts.append(self._outline(code))
        if text is None:
            parts += [code.co_code, self._outline(code)]
        wrapped = getattr(function, "__wrapped__", None)
        return parts if wrapped is None else [*parts, self.of(wrapped)]

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
        return ["changing"] if isinstance(value, CONTAINERS) else self.of(value)

    def _class_once(self, cls: type) -> Any:
        """A class is the same wherever it is, and reading one takes long."""
        key = (cls, self._called)
        if key not in self._classes:
            self._classes[key] = ["class", cls.__qualname__]  # what is inside of it refers to it
            outside, self._inside = self._inside, self._inside[:1]
            try:
                self._classes[key] = self._class(cls)
            except NoDescriptionError:
                del self._classes[key]
                raise
            finally:
                self._inside = outside
        return self._classes[key]

    def _class(self, cls: type) -> Any:
        own = [cls, *(base for base in cls.__mro__[1:] if not is_installed(base))]
        bodies = [self._body(each) for each in own]
        if not any(bodies):
            msg = f"{label(cls)} has no Python source"
            raise NoDescriptionError(msg)
        return ["class", cls.__qualname__, bodies]

    def _body(self, cls: type) -> Any:
        members = {name: function_of(member) for name, member in sorted(vars(cls).items())}
        methods = {n: m for n, m in members.items() if isinstance(m, types.FunctionType)}
        values = {n: m for n, m in members.items() if n not in methods and _is_value(n, m)}
        held = [[name, self._member(cls, name, value)] for name, value in values.items()]
        text = source_text(cls)
        if text is not None:
            return [text, [[name, self._method(method)] for name, method in methods.items()], held]
        return [[name, self.of(method)] for name, method in methods.items()] + held

    def _method(self, method: types.FunctionType) -> Any:
        """What the text of its class does not say."""
        if hasattr(method, "__wrapped__"):
            return self._or_unread(method)
        defaults = self._or_unread([method.__defaults__, method.__kwdefaults__])
        return [self._closure(method), defaults]

    def _member(self, cls: type, name: str, value: object) -> Any:
        say = partial(self._or_unread, value)
        return self._as_it_was(cls, name, value, say=say, working=self._working(cls))

    def _instance(self, value: object) -> Any:
        own = own_fingerprint(value)
        if own is not None:
            return ["own", type(value).__qualname__, own]
        self._count(value)
        state = ObjectState.of(value)
        if is_installed(type(value)):
            return self._library_object(value, state)
        if state.attributes or not state.is_pickled:
            return ["instance", self.of(type(value)), self._state(value, state)]
        return ["instance", self.of(type(value)), self.of(pickled(value))]

    def _library_object(self, value: object, state: ObjectState) -> Any:
        """By its settings inside a component: the rest is how the library works."""
        cls, is_part = self.of(type(value)), self._in_settings
        if state.given and (state.is_told or len(self._inside) > 1):
            return ["instance", cls, self._library_settings(state)]
        self._in_settings = False
        try:
            held = self.of(pickled(value)) if state.is_pickled else self._state(value, state)
        except NoDescriptionError:
            if not state.given and not (is_part and hasattr(value, "__dict__")):
                raise
            held = self._library_settings(state)
        finally:
            self._in_settings = is_part
        return ["instance", cls, held]

    def _library_settings(self, state: ObjectState) -> Any:
        """What the library's object was made with; parts of its own making may be unreadable."""
        before, self._in_settings = self._in_settings, True
        try:
            return self.of(state.settings)
        finally:
            self._in_settings = before

    def _state(self, value: object, state: ObjectState) -> Any:
        working = self._working(type(value))
        names = sorted(working.sets.union(state.attributes))
        with self._calling(working.reads):
            return [[name, self._attribute(value, name, state, working)] for name in names]

    def _attribute(
        self, owner: object, name: str, state: ObjectState, working: WorkingNames
    ) -> Any:
        value = state.attributes.get(name, ABSENT)
        if name in state.given:
            say = partial(self.of, value)
        elif keeps_threads_apart(value):
            return ["named", label(value)]
        else:
            say = partial(self._or_unread if state.is_told else self.of, value)
        return self._as_it_was(owner, name, value, say=say, working=working)

    def _as_it_was(
        self,
        owner: object,
        name: str,
        value: object,
        *,
        say: Callable[[], Any],
        working: WorkingNames,
    ) -> Any:
        """What an attribute is; what a run changes of it counts as it was when first seen."""
        if name in working.sets:
            return FirstSeen.of(owner, name, None, say=say)
        is_tool = name in working.calls and is_installed(type(value))
        if name in working.changes or (is_tool and not isinstance(value, CONTAINERS)):
            return FirstSeen.of(owner, name, value, say=say)
        return say()

    def _or_unread(self, value: object) -> Any:
        try:
            return self.of(value)
        except NoDescriptionError:
            return ["unread", label(value)]

    def _working(self, cls: type) -> WorkingNames:
        key = (cls, self._called)
        if key not in self._known:
            self._known[key] = WorkingNames.of(cls, self._called)
        return self._known[key]

    def _count(self, value: object) -> None:
        self._objects += 1
        if self._objects > _MOST:
            msg = f"it holds more than {_MOST} objects, such as a {label(value)}"
            raise NoDescriptionError(msg)


def _is_value(name: str, member: object) -> bool:
    """Whether a member of a class is a setting: neither Python's own, nor a slot."""
    return not (name[:2] == name[-2:] == "__") and not isinstance(member, _SLOTS)


def _sorted(entries: Iterable[Any]) -> list[Any]:
    return sorted(entries, key=canonical_bytes)
