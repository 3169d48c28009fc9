"""Importing what a declaration names by string: `package.module:attribute`."""

from __future__ import annotations

import re
from importlib import import_module
from operator import attrgetter
from typing import Any

from themis.errors import PluginError, ThemisError
from themis.plugin.stdout import stdout_to_stderr

__all__ = ["is_target", "load_target"]

_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def is_target(text: object) -> bool:
    """Whether `text` is a string that reads `package.module:attribute`."""
    return isinstance(text, str) and _TARGET.fullmatch(text) is not None


def load_target(target: str, *, what: str) -> Any:
    """Import `package.module:attribute`; what that prints goes to stderr.

    Raises PluginError when it cannot be imported; a ThemisError that the import itself raises (an
    absent optional dependency, say) says more, and goes through.
    """
    module, _, attribute = target.partition(":")
    try:
        with stdout_to_stderr():
            return attrgetter(attribute)(import_module(module))
    except (ThemisError, KeyboardInterrupt):
        raise
    except BaseException as problem:
        raise PluginError(_message(target, module, what, problem)) from problem


def _message(target: str, module: str, what: str, problem: BaseException) -> str:
    text = f"{what}: {target} cannot be imported: {type(problem).__name__}: {problem}"
    missing = getattr(problem, "name", None) if isinstance(problem, ModuleNotFoundError) else None
    if missing and not f"{module}.".startswith(f"{missing}."):
        return f"{text}; install the package that provides {missing!r}"
    return f"{text}; reinstall or upgrade the distribution that declares it"
