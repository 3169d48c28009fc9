"""It cannot be imported."""

from __future__ import annotations

raise ImportError("the library it needs is gone")
