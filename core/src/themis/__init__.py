"""Themis: evaluate language models with results you can trust and repeat.

Every public name is imported on first use, so that `import themis` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry

__version__ = "0.1.0"

_EXPORTS = {
    "PluginRegistry": "themis.plugin.registry",
}

__all__ = ["PluginRegistry", "__version__"]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = globals()[name] = getattr(import_module(_EXPORTS[name]), name)
        return value
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
