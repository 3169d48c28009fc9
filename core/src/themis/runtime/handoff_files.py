"""Pending work as a versioned file that another process fills in and hands back.

The file is JSONL: a header line with a hash over the tasks, then one line per task. Somebody else
sets each task's `result`; `records()` makes candidates of what was filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import attrs

from themis.errors import ErrorCode, SpecIssue, SpecValidationError
from themis.records import (
    CandidateRecord,
    EvaluationRecord,
    FailureRecord,
    InferenceRecord,
    MetricScore,
)
from themis.records.canonical import canonical_bytes, decode, digest
from themis.records.codec import from_plain
from themis.runtime.outcomes import as_score

__all__ = ["EvaluationHandOff", "GenerationHandOff", "HandOffFile"]

_HASH = re.compile("[0-9a-f]{64}")
_PLACE: Mapping[str, type | tuple[type, ...]] = {
    "candidate_id": str,
    "item_id": str,
    "sample": int,
    "trial": int,
}


@attrs.frozen(slots=True, kw_only=True)
class HandOffFile:
    """Pending work of one run. `tasks` are plain JSON values."""

    format: ClassVar[str]
    fields: ClassVar[Mapping[str, type | tuple[type, ...]]] = _PLACE

    run_id: str
    tasks: tuple[Mapping[str, Any], ...]

    def write(self, path: str | Path) -> Path:
        """Write the bundle as JSONL; parents are made."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = [canonical_bytes(self._header()), *map(canonical_bytes, self.tasks)]
        target.write_bytes(b"\n".join(lines) + b"\n")
        return target

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a bundle, filled in or not.

        Raises:
            SpecValidationError: for a file of another format, a broken line, tasks that were
                changed since the bundle was exported (their `result` apart), or that are none.
        """
        header, *tasks = _lines(Path(path))
        if header.get("format") != cls.format:
            raise _refused(path, 1, f"expected format {cls.format!r}, got {header.get('format')!r}")
        bundle = cls(run_id=str(header.get("run_id")), tasks=tuple(tasks))
        if header.get("tasks_hash") != bundle._tasks_hash():
            raise _refused(path, 1, "the tasks are not those that were exported; export again")
        for number, task in enumerate(tasks, 1):
            for problem in cls._task_problems(task):
                raise _refused(path, 1, f"task {number} is none: {problem}")
        return bundle

    @classmethod
    def _task_problems(cls, task: Mapping[str, Any]) -> Iterator[str]:
        for name, kind in cls.fields.items():
            if not isinstance(task.get(name), kind) or isinstance(task[name], bool):
                yield f"{name} is {task.get(name)!r:.80}"
        for name in ("candidate_id", "trial_hash"):
            if not _is_hash(task.get(name)):
                yield f"{name} is {task.get(name)!r:.80}, which is no hash"

    def _header(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "run_id": self.run_id,
            "tasks": len(self.tasks),
            "tasks_hash": self._tasks_hash(),
        }

    def _tasks_hash(self) -> str:
        asked = [{k: v for k, v in task.items() if k != "result"} for task in self.tasks]
        return digest(self.format.encode(), *map(canonical_bytes, asked)).hex()


@attrs.frozen(slots=True, kw_only=True)
class GenerationHandOff(HandOffFile):
    """Pending generations: each task has the rendered messages, model, params and seed.

    A task's `result` is `{"raw_text": ...}` (or any other InferenceRecord fields), or
    `{"error": "..."}`.
    """

    format: ClassVar[str] = "themis-generation-hand-off/1"
    fields: ClassVar = {**_PLACE, "seed": (int, type(None))}

    def records(self) -> list[CandidateRecord]:
        """The candidates of the tasks that have a result."""
        return [_generated(task) for task in self.tasks if task.get("result") is not None]


@attrs.frozen(slots=True, kw_only=True)
class EvaluationHandOff(HandOffFile):
    """Pending scores: each task has the candidate, the item and the metrics asked for.

    A task's `result` is `{metric_id: value}`; a value is a number or `{"error": "..."}`.
    """

    format: ClassVar[str] = "themis-evaluation-hand-off/1"
    fields: ClassVar = {**_PLACE, "evaluation_hash": str, "metrics": Mapping}

    def records(self) -> list[CandidateRecord]:
        """The scored candidates of the tasks that have a result."""
        return [_scored(task) for task in self.tasks if task.get("result") is not None]

    @classmethod
    def _task_problems(cls, task: Mapping[str, Any]) -> Iterator[str]:
        yield from super()._task_problems(task)
        for name, place in task["metrics"].items():
            known = isinstance(place, Mapping) and isinstance(place.get("metric"), int)
            if not known or not _is_hash(place.get("key")):
                yield f"metrics.{name} is {place!r:.80}"


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _generated(task: Mapping[str, Any]) -> CandidateRecord:
    result = task["result"]
    if not isinstance(result, Mapping):
        result = {"raw_text": result}
    if "error" in result:
        failure = FailureRecord(
            code=ErrorCode.PROVIDER_UNAVAILABLE, message=str(result["error"]), stage="generate"
        )
        return CandidateRecord(
            candidate_id=task["candidate_id"],
            sample_index=task["sample"],
            effective_seed=task["seed"],
            status="error",
            failure=failure,
        )
    return CandidateRecord(
        candidate_id=task["candidate_id"],
        sample_index=task["sample"],
        effective_seed=task["seed"],
        inference=_inference(task, result),
    )


def _inference(task: Mapping[str, Any], result: Mapping[str, Any]) -> InferenceRecord:
    fields = [field.name for field in attrs.fields(InferenceRecord)]
    unknown = ", ".join(sorted(set(result) - set(fields)))
    if unknown:
        problem = f"unknown fields: {unknown}; an InferenceRecord has {', '.join(fields)}"
        raise _wrong_result(task, problem)
    try:
        record = from_plain(dict(result), InferenceRecord)
    except ValueError as error:
        raise _wrong_result(task, str(error)) from error
    for name, value in result.items():
        read = getattr(record, name)
        if isinstance(read, str | float) and read != value:
            raise _wrong_result(task, f"{name} is {type(value).__name__}: {value!r:.80}")
    return record


def _wrong_result(task: Mapping[str, Any], problem: str) -> SpecValidationError:
    return SpecValidationError(
        f"the result for item {task['item_id']!r} (candidate {task['candidate_id'][:12]}) "
        f"cannot be used: {problem}"
    )


def _scored(task: Mapping[str, Any]) -> CandidateRecord:
    scores = []
    if not isinstance(task["result"], Mapping):
        raise _wrong_result(task, "write {metric_id: number, ...}")
    for metric, given in task["result"].items():
        failed = isinstance(given, Mapping)
        value = _failed_score(metric, given) if failed else given
        scores.append(as_score(value, metric=metric))
    return CandidateRecord(
        candidate_id=task["candidate_id"],
        sample_index=task["sample"],
        evaluation=EvaluationRecord(task["evaluation_hash"], tuple(scores)),
    )


def _failed_score(metric: str, given: Mapping[str, Any]) -> MetricScore:
    return MetricScore(metric_id=metric, value=None, error=str(given.get("error")))


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: the bundle cannot be read: {error.strerror or error}"
        raise SpecValidationError(msg) from error
    lines: list[dict[str, Any]] = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = decode(line)
        except ValueError as error:
            raise _refused(path, number, f"not JSON: {error}") from error
        if not isinstance(entry, dict):
            raise _refused(path, number, "every line of a bundle is a JSON object")
        lines.append(entry)
    if not lines:
        raise _refused(path, 1, "the bundle is empty")
    return lines


def _refused(path: str | Path, line: int, message: str) -> SpecValidationError:
    issue = SpecIssue(message, file=str(path), line=line)
    return SpecValidationError(str(issue), issues=[issue])
