"""What plugin authors test with: conformance kits, a fault-injecting model server, fakes, a clock.

Needs nothing beyond the core distribution and pytest. The kits are imported when first named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from themis.testing.fakes import (
    FakeDataset,
    FakeEngine,
    FakeExtractor,
    FakeJudge,
    FakeMetric,
    ScriptedJudge,
    StepLog,
    make_candidate,
    make_trial,
)
from themis.testing.faults import (
    Call,
    DroppedConnection,
    Fault,
    MidStreamDisconnect,
    NeverAnswers,
    NotJson,
    RateLimited,
    Reply,
    Schedule,
    Slow,
    StatusError,
    TruncatedBody,
    WrongShape,
    always,
    at_rates,
    first_attempts,
    in_order,
)
from themis.testing.openai_server import FaultServer, echo_answer
from themis.testing.openai_wire import Answer, ToolRequest
from themis.testing.virtual_clock import VirtualClockLoop, run_virtual

if TYPE_CHECKING:
    from themis.testing.kits import (
        BackendKit,
        CheckReport,
        DatasetKit,
        EngineKit,
        ExporterKit,
        ExtractorKit,
        JudgeKit,
        MetricKit,
        PluginKit,
        ReducerKit,
        StoreKit,
        run_checks,
    )

__all__ = [
    "Answer",
    "BackendKit",
    "Call",
    "CheckReport",
    "DatasetKit",
    "DroppedConnection",
    "EngineKit",
    "ExporterKit",
    "ExtractorKit",
    "FakeDataset",
    "FakeEngine",
    "FakeExtractor",
    "FakeJudge",
    "FakeMetric",
    "Fault",
    "FaultServer",
    "JudgeKit",
    "MetricKit",
    "MidStreamDisconnect",
    "NeverAnswers",
    "NotJson",
    "PluginKit",
    "RateLimited",
    "ReducerKit",
    "Reply",
    "Schedule",
    "ScriptedJudge",
    "Slow",
    "StatusError",
    "StepLog",
    "StoreKit",
    "ToolRequest",
    "TruncatedBody",
    "VirtualClockLoop",
    "WrongShape",
    "always",
    "at_rates",
    "echo_answer",
    "first_attempts",
    "in_order",
    "make_candidate",
    "make_trial",
    "run_checks",
    "run_virtual",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from themis.testing import kits

        return getattr(kits, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
