"""What the runtime records, as events; and the parts of their payloads, read back.

One function per kind of event, so that a payload's shape is written down once. Keys and ids are
hex, as records have them.
"""

from themis.storage.recording.exchanges import (
    ReusedCandidate,
    ReusedScore,
    WithdrawnCandidate,
    WithdrawnScore,
    reused,
    withdrawn,
)
from themis.storage.recording.outcomes import (
    START_ANEW,
    ParseEntry,
    ScoreEntry,
    conversation_anew,
    evaluated,
    generated,
    read_parse,
    read_score,
    reduced,
    steps,
)
from themis.storage.recording.plans import (
    PlannedArm,
    PlannedMetric,
    PlannedTrial,
    RunStatus,
    continuation_key,
    judgement_key,
    run_continued,
    run_judged,
    run_planned,
    run_status,
    trials_key,
    trials_planned,
)

__all__ = [
    "START_ANEW",
    "ParseEntry",
    "PlannedArm",
    "PlannedMetric",
    "PlannedTrial",
    "ReusedCandidate",
    "ReusedScore",
    "RunStatus",
    "ScoreEntry",
    "WithdrawnCandidate",
    "WithdrawnScore",
    "continuation_key",
    "conversation_anew",
    "evaluated",
    "generated",
    "judgement_key",
    "read_parse",
    "read_score",
    "reduced",
    "reused",
    "run_continued",
    "run_judged",
    "run_planned",
    "run_status",
    "steps",
    "trials_key",
    "trials_planned",
    "withdrawn",
]
