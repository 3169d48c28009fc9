"""What a caller gives to a run beside the spec: secrets, tool handlers and speed."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from themis.plugin import ToolHandler
from themis.runtime.options import RuntimeOptions

__all__ = ["RuntimeContext"]


@attrs.frozen(slots=True, kw_only=True)
class RuntimeContext:
    """Never part of any key. `tool_handlers` by tool name; `secrets` are shown nowhere."""

    secrets: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    tool_handlers: Mapping[str, ToolHandler] = attrs.field(factory=dict)
    options: RuntimeOptions = attrs.field(factory=RuntimeOptions)
