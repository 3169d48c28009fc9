"""What plugin authors test with: a fault-injecting model server, fakes, a virtual clock.

Needs nothing beyond the core distribution and pytest.
"""

from __future__ import annotations

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

__all__ = [
    "Answer",
    "Call",
    "DroppedConnection",
    "FakeDataset",
    "FakeEngine",
    "FakeExtractor",
    "FakeJudge",
    "FakeMetric",
    "Fault",
    "FaultServer",
    "MidStreamDisconnect",
    "NeverAnswers",
    "NotJson",
    "RateLimited",
    "Reply",
    "Schedule",
    "ScriptedJudge",
    "Slow",
    "StatusError",
    "StepLog",
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
    "run_virtual",
]
