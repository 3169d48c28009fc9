"""Strict JSON: no NaN and no Infinity, files written as a whole."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["strict", "write_json"]


def strict(value: Any) -> Any:
    """The value with null for what is not finite, lists for tuples and text for keys.

    A lone surrogate, which UTF-8 has no form for, is spelled out.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {strict(str(key)): strict(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(entry) for entry in value]
    return value


def write_json(document: Mapping[str, Any], path: Path, *, indent: int | None = 2) -> Path:
    """Write to the side and rename, so that a reader never sees half a file; makes folders."""
    text = json.dumps(strict(document), indent=indent, allow_nan=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    side = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    side.write_text(text, encoding="utf-8")
    return side.replace(path)
