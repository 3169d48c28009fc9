"""What a caller gives to a run beside the spec: secrets, tool handlers, speed, and who watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from themis.plugin import ToolHandler, TracingProvider, WorkflowRunner
from themis.runtime.masking import Masks
from themis.runtime.options import RuntimeOptions
from themis.runtime.stopping import StopRule

__all__ = ["RuntimeContext"]


@attrs.frozen(slots=True, kw_only=True)
class RuntimeContext:
    """Never part of any key. `tool_handlers` by tool name; `secrets` are shown nowhere.

    `masks` knows the secrets by their values, and those of the environment.

    `subscribers` are objects with any of the lifecycle hooks; `observers` are references to
    installed observers, besides those that the project names. `workflow_runner` runs the evaluation
    workflows of metrics, in place of DefaultWorkflowRunner: it changes how judges are asked, never
    what a workflow comes to. `stop_when` says when the run may end early; the run can be resumed.
    """

    secrets: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    tool_handlers: Mapping[str, ToolHandler] = attrs.field(factory=dict)
    options: RuntimeOptions = attrs.field(factory=RuntimeOptions)
    subscribers: Sequence[object] = ()
    tracing_provider: TracingProvider | None = None
    observers: Sequence[str] = ()
    workflow_runner: WorkflowRunner | None = None
    stop_when: StopRule | None = None
    masks: Masks = attrs.field(init=False, repr=False)

    @masks.default
    def _of_secrets(self) -> Masks:
        return Masks.of(self.secrets)
