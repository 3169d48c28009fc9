"""Reading Python code: its source, where it comes from, and the functions inside of members."""

from __future__ import annotations

import functools
import inspect
import sys
import sysconfig
import textwrap
import types
from pathlib import Path
from typing import Any, TypeGuard

__all__ = [
    "attribute_names",
    "function_of",
    "is_bound",
    "is_cached",
    "is_compiled",
    "is_dispatching",
    "is_installed",
    "is_installed_file",
    "label",
    "source_text",
]

_COMPILED = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
_INSTALLED = tuple(
    Path(folder).resolve()
    for name, folder in sysconfig.get_paths().items()
    if name in {"stdlib", "platstdlib", "purelib", "platlib"}
)
_ANY_TEXT = "<string>"
"""The file of all that exec runs, and since Python 3.13 of the text behind `python -c` too: that is
what a look for the source of any of them would find."""


def label(value: object) -> str:
    """How a message names a class, a function, or the class of anything else."""
    is_code = isinstance(value, type) or hasattr(value, "__module__")
    named: Any = value if is_code and hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def source_text(value: Any) -> str | None:
    """The source of a class, or of a function itself and not of what it wraps; None without one."""
    read = value.__code__ if isinstance(value, types.FunctionType) else value
    if isinstance(read, types.CodeType) and read.co_filename == _ANY_TEXT:
        return None
    try:
        return textwrap.dedent(inspect.getsource(read))
    except (OSError, TypeError, SyntaxError):  # made at a prompt or by exec
        return None


def is_installed(value: Any) -> bool:
    """Whether a class or function is Themis' own, or of an installed library."""
    name = value.__module__ or ""
    if name.partition(".")[0] == "themis":
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:  # what Python has compiled in, or a user's own: made by exec, or at a prompt
        return name in sys.builtin_module_names and not isinstance(value, types.FunctionType)
    return is_installed_file(file)


def is_installed_file(file: str) -> bool:
    """Whether the file is in one of the folders of installed libraries."""
    path = Path(file).resolve()
    return any(path.is_relative_to(folder) for folder in _INSTALLED)


def is_cached(value: object) -> bool:
    """Whether it is a function that `functools.cache` or `lru_cache` made."""
    return isinstance(value, _CACHED)


def is_compiled(value: object) -> bool:
    """Whether it is a function of an extension module, Cython's among them."""
    return isinstance(value, _COMPILED) or type(value).__name__ == "cython_function_or_method"


def is_dispatching(value: object) -> bool:
    """Whether it is a function that `functools.singledispatch` made."""
    return isinstance(value, types.FunctionType) and value.__code__ is _DISPATCHING


def function_of(member: object) -> object:
    """The function inside a method, property or cached function of a class."""
    if isinstance(member, (staticmethod, classmethod)):
        return function_of(member.__func__)
    if isinstance(member, (property, functools.cached_property)):
        return member.fget if isinstance(member, property) else member.func
    return getattr(member, "__wrapped__", member) if is_cached(member) else member


def is_bound(value: object) -> TypeGuard[types.BuiltinMethodType]:
    """Whether it is a compiled method of some object, such as `", ".join`."""
    own = getattr(value, "__self__", None)
    return isinstance(value, types.BuiltinFunctionType) and not isinstance(
        own, types.ModuleType | type(None)
    )


def attribute_names(code: types.CodeType) -> set[str]:
    """The names of globals and attributes that the code uses, and those of the code inside it."""
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*map(attribute_names, inner))


@functools.singledispatch
def _dispatching(value: object) -> object:
    return value


_CACHED = type(functools.cache(label))
_DISPATCHING = _dispatching.__code__  # type: ignore[attr-defined]
