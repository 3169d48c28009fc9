"""What makes a run's figures doubtful, found in its tables and in some of its outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
from sqlalchemy import func, select

from themis.records import WHOLE_TRIAL
from themis.results.candidates import ReadCandidate, read_candidates
from themis.results.overlay import Overlay
from themis.results.tables import format_value
from themis.results.trials import trials_numbered
from themis.storage import schema
from themis.storage.schema import ScoreStatus

if TYPE_CHECKING:
    from themis.records import ExtractionRecord
    from themis.results.counts import RunCounts
    from themis.results.source import RunSource

__all__ = ["Suspicion", "suspicions", "unread_outputs"]

_SCORES = schema.scores
_EXAMINED = 200
_REASON_CHARACTERS = 200
_FEW = 3
"""Below so many, that all are alike says nothing."""


@attrs.frozen(slots=True)
class Suspicion:
    """Something to look at. A `problem` makes figures worthless or absent; a `note` may not.

    `code` is stable, for programs; `message` is for people.
    """

    level: Literal["problem", "note"]
    code: str
    message: str


def suspicions(source: RunSource, counts: RunCounts) -> Iterator[Suspicion]:
    """What is suspicious of a run, problems and notes as they are found.

    Scores are looked at in full; outputs and parses in some hundred trials, spread over the run.
    """
    yield from _of_counts(counts)
    yield from _of_scores(source)
    yield from _of_outputs(_examined(source, Overlay()))


def unread_outputs(source: RunSource, overlay: Overlay) -> Iterator[Suspicion]:
    """Each parse that found no answer in some outputs, of some hundred trials over the run."""
    yield from _of_parses(_examined(source, overlay))


def _examined(source: RunSource, overlay: Overlay) -> list[ReadCandidate]:
    """The candidates of some hundred trials, spread over the run."""
    total = source.layout.trial_count
    step = max(1, -(-total // _EXAMINED))
    trials = list(trials_numbered(source, range(0, total, step)).values())
    read = read_candidates(source, trials, overlay)
    return [one for trial in trials for one in read[trial.number]]


def _of_counts(counts: RunCounts) -> Iterator[Suspicion]:
    if counts.made == 0 and counts.failed:
        reasons = ", ".join(counts.failures_by_code)
        message = f"every candidate failed ({reasons})"
        yield Suspicion("problem", "all_candidates_failed", message)
    elif counts.failed:
        tried = counts.made + counts.failed
        message = f"{counts.failed} of {tried} candidates failed, and are left out of the means"
        yield Suspicion("note", "candidates_failed", message)
    if counts.reduction_errors:
        message = f"{counts.reduction_errors} trials could not be reduced to one candidate"
        yield Suspicion("note", "reductions_failed", message)
    if counts.pending:
        message = f"{counts.pending} of {counts.planned} candidates are not done yet"
        yield Suspicion("note", "not_done", message)


def _of_scores(source: RunSource) -> Iterator[Suspicion]:
    for name, found in _score_figures(source).items():
        total = found["scored"] + found["failed"]
        if not found["scored"]:
            what = f"every score of {name} failed" if total else f"{name} has no scores"
            code = "all_scores_failed" if total else "no_scores"
            yield Suspicion("problem", code, what)
            continue
        if found["failed"]:
            message = f"{found['failed']} of {total} scores of {name} failed"
            yield Suspicion("note", "scores_failed", message)
        if found["low"] == found["high"] and found["scored"] >= _FEW:
            message = f"all {found['scored']} scores of {name} are {format_value(found['low'])}"
            yield Suspicion("problem", "equal_scores", message)


def _score_figures(source: RunSource) -> dict[str, dict[str, Any]]:
    """Of each metric id: how many scores there are, how many failed, the lowest and highest."""
    row, layout = _SCORES.c, source.layout
    query = (
        select(row.metric, row.status, func.count(), func.min(row.value), func.max(row.value))
        .where(row.run == layout.run, row.metric.in_([one.index for one in layout.metrics]))
        .where(row.status != ScoreStatus.NO_CANDIDATE.value)
        .group_by(row.metric, row.status)
    )
    figures: dict[str, dict[str, Any]] = {
        name: {"scored": 0, "failed": 0, "low": None, "high": None} for name in layout.metric_ids
    }
    with source.connection() as connection:
        for metric, status, count, low, high in connection.execute(query):
            found = figures[layout.metrics[metric].metric_id]
            if status == ScoreStatus.OK.value:
                found["scored"] += count
                found["low"] = low if found["low"] is None else min(low, found["low"])
                found["high"] = high if found["high"] is None else max(high, found["high"])
            else:
                found["failed"] += count
    return figures


def _of_outputs(candidates: Sequence[ReadCandidate]) -> Iterator[Suspicion]:
    made = [one for one in candidates if one.record.inference is not None]
    samples = [one for one in made if one.record.sample_index != WHOLE_TRIAL]
    texts = [_text(one) for one in samples]
    empty = sum(not text.strip() for text in texts)
    if empty:
        level: Literal["problem", "note"] = "problem" if empty == len(texts) else "note"
        message = f"{empty} of {len(texts)} outputs that were looked at are empty"
        yield Suspicion(level, "empty_outputs", message)
    if len(texts) >= _FEW and len(set(texts)) == 1 and texts[0].strip():
        message = f"all {len(texts)} outputs that were looked at are the same"
        yield Suspicion("problem", "equal_outputs", message)
    cut = sum(_finish(one) == "length" for one in samples)
    if cut:
        message = f"{cut} of {len(texts)} outputs that were looked at were cut off at max_tokens"
        yield Suspicion("note", "cut_off", message)
    yield from _of_parses(made)


def _of_parses(candidates: Sequence[ReadCandidate]) -> Iterator[Suspicion]:
    read, nothing = Counter[str](), Counter[str]()
    reasons: dict[str, str] = {}
    for one in candidates:
        for transform, chain in one.parses.items():
            read[transform] += 1
            if not any(record.success for record in chain):
                nothing[transform] += 1
                reasons.setdefault(transform, _reason(chain))
    for transform, failed in nothing.items():
        every = failed == read[transform]
        many = f"any of {failed}" if every else f"{failed} of {read[transform]}"
        reason = reasons[transform]
        message = f"no answer was found in {many} outputs (parse {transform[:12]}){reason}"
        if every:
            yield Suspicion("problem", "all_parses_failed", message)
        else:
            yield Suspicion("note", "parses_failed", message)


def _reason(chain: Sequence[ExtractionRecord]) -> str:
    """Why the first extractor that says so found nothing."""
    given = next((record.failure_reason for record in chain if record.failure_reason), None)
    return f": {given:.{_REASON_CHARACTERS}}" if given else ""


def _text(candidate: ReadCandidate) -> str:
    inference = candidate.record.inference
    assert inference is not None
    if inference.raw_text is None:
        return repr(inference.structured_output)
    return inference.raw_text


def _finish(candidate: ReadCandidate) -> str | None:
    inference = candidate.record.inference
    return inference.finish_reason if inference is not None else None
