"""What a run produces: frozen, slotted records.

`themis.records.canonical` (canonical bytes and hashes) and `themis.records.codec` (records to and
from plain JSON values) are imported on their own, so that plugin authors' imports stay light.
"""

from themis.records.capabilities import EngineCapabilities
from themis.records.conversation import (
    ContentPart,
    ConversationTrace,
    Message,
    Role,
    StepKind,
    TraceStep,
    WorkflowTrace,
)
from themis.records.evaluation import (
    EvaluationRecord,
    ExtractionRecord,
    JudgeAuditEntry,
    JudgeAuditTrail,
    JudgeResponse,
    MetricScore,
    ScoreError,
)
from themis.records.inference import InferenceRecord, InferenceResult, TokenUsage
from themis.records.timeline import (
    FailureRecord,
    RecordTimeline,
    StageName,
    TimelineStage,
    TrialStatus,
)
from themis.records.trial import (
    WHOLE_TRIAL,
    CandidateRecord,
    ObservabilityLink,
    ObservabilitySnapshot,
    ReducedCandidate,
    TrialRecord,
    TrialSpec,
)

__all__ = [
    "WHOLE_TRIAL",
    "CandidateRecord",
    "ContentPart",
    "ConversationTrace",
    "EngineCapabilities",
    "EvaluationRecord",
    "ExtractionRecord",
    "FailureRecord",
    "InferenceRecord",
    "InferenceResult",
    "JudgeAuditEntry",
    "JudgeAuditTrail",
    "JudgeResponse",
    "Message",
    "MetricScore",
    "ObservabilityLink",
    "ObservabilitySnapshot",
    "RecordTimeline",
    "ReducedCandidate",
    "Role",
    "ScoreError",
    "StageName",
    "StepKind",
    "TimelineStage",
    "TokenUsage",
    "TraceStep",
    "TrialRecord",
    "TrialSpec",
    "TrialStatus",
    "WorkflowTrace",
]
