"""How a run stands, and how a case was judged, for a person to read.

Control characters of whatever a model said are spelled out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from themis.records import ScoreError
from themis.reporting.record_text import judge_name, text_block
from themis.results.tables import format_value, printable, text_table

if TYPE_CHECKING:
    from themis.records import JudgeAuditEntry, MetricScore
    from themis.results import CaseState, EvaluationExecution, ExecutionState, SampleEvaluation
    from themis.storage.finished import StageCounts

__all__ = ["render_evaluation", "render_state"]

_SHOWN = 20


def render_state(state: ExecutionState, *, every_case: bool = False) -> str:
    """A table of stages, and the cases that are not done: the first of them, or with `every_case`
    each case of the run.
    """  # noqa: D205 (one sentence)
    through = f", complete through {state.through_stage}" if state.through_stage else ""
    heading = f"{printable(state.benchmark_id)}: {state.status}{through} (run {state.run_id[:12]})"
    rows = [{"stage": name, **_figures(counts)} for name, counts in state.stages.items()]
    parts = [heading, text_table(rows) if rows else "nothing is planned"]
    cases = state.cases if every_case else (*state.missing, *state.failed)
    shown = cases if every_case else cases[:_SHOWN]
    if shown:
        parts.append(text_table([_case(case) for case in shown]))
    if len(shown) < len(cases):
        parts.append(f"and {len(cases) - len(shown)} more cases that are not done")
    return "\n\n".join(parts)


def _figures(counts: StageCounts) -> dict[str, int]:
    return {"done": counts.ok, "failed": counts.failed, "missing": counts.missing}


def _case(case: CaseState) -> dict[str, Any]:
    return {
        "case": case.case_id,
        "dataset": case.dataset_id,
        "model": case.model_id,
        "trial": case.trial_hash[:16],
        **{name: _in_words(counts) for name, counts in case.stages.items()},
    }


def _in_words(counts: StageCounts) -> str:
    """`done`, or how many of how many are, and what of the others is."""
    if counts.ok == counts.wanted:
        return "done"
    others = {"failed": counts.failed, "missing": counts.missing}
    told = [f"{count} {name}" for name, count in others.items() if count]
    return ", ".join(told) if counts.wanted > 1 else told[0].removeprefix("1 ")


def render_evaluation(found: EvaluationExecution) -> str:
    """Each judge call of one metric for one case: prompt, reply, judgment; and the scores."""
    heading = (
        f"{found.metric_id} of case {printable(found.case_id)} in {printable(found.dataset_id)} "
        f"(model {printable(found.model_id)}, trial {found.trial_hash[:16]})"
    )
    samples = ["\n".join(_sample(sample)) for sample in found.samples]
    return "\n\n".join([heading, *(samples or ["no score yet"])])


def _sample(sample: SampleEvaluation) -> Iterator[str]:
    whole = sample.sample_index < 0
    what = "THE CASE AS A WHOLE" if whole else f"SAMPLE {sample.sample_index}"
    yield what if sample.candidate_id is None else f"{what}, candidate {sample.candidate_id[:16]}"
    for number, call in enumerate(sample.calls, 1):
        yield from _call(number, call)
    for score in sample.scores:
        yield f"  score: {_score(score)}"


def _call(number: int, call: JudgeAuditEntry) -> Iterator[str]:
    named = f" ({printable(call.call_id)})" if call.call_id else ""
    yield f"  call {number}{named}, judge {judge_name(call)}, seed {call.seed}"
    for message in call.prompt:
        yield f"    {message.get('role')}: {_indented(_content(message))}"
    reply = call.response.text
    yield f"    reply: {_indented(reply)}" if reply is not None else "    no reply"
    error = call.error or call.response.error
    if error is not None:
        yield f"    failed: {printable(error)}"
    if call.judgment is not None:
        score = "" if call.score is None else f", score {format_value(call.score)}"
        yield f"    judgment: {printable(format_value(call.judgment))}{score}"


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if content is None or isinstance(content, str):
        return content or ""
    parts: Sequence[Mapping[str, Any]] = content
    return " ".join(str(part.get("text") or f"[{part.get('type')}]") for part in parts)


def _indented(text: str) -> str:
    return text_block(text, indent="      ")


def _score(score: MetricScore | ScoreError) -> str:
    error = score.message if isinstance(score, ScoreError) else score.error
    if isinstance(score, ScoreError) or error is not None:
        return f"failed: {printable(error or '')}"
    return format_value(score.value)
