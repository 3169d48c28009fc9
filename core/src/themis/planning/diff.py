"""What changed between two specs, and what of each stage would run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

__all__ = ["Change", "RunDiff", "StageDiff", "describe_changes"]


@attrs.frozen(slots=True)
class Change:
    """One difference: where, what it was and what it is. None stands for absent."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.path}: {self.before!r} -> {self.after!r}"


@attrs.frozen(slots=True, kw_only=True)
class StageDiff:
    """One stage of the treatment: all its work items, and those that the baseline lacks."""

    total: int
    rerun: int

    @property
    def reused(self) -> int:
        """Work items whose artifacts the baseline has."""
        return self.total - self.rerun


@attrs.frozen(slots=True, kw_only=True)
class RunDiff:
    """What `diff_specs` found. `stages` has generate, parse and score."""

    baseline_run_id: str
    treatment_run_id: str
    changes: tuple[Change, ...]
    stages: Mapping[str, StageDiff]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "baseline_run_id": self.baseline_run_id,
            "treatment_run_id": self.treatment_run_id,
            "changes": [attrs.asdict(change) for change in self.changes],
            "stages": {
                name: {"total": s.total, "rerun": s.rerun, "reused": s.reused}
                for name, s in self.stages.items()
            },
        }


def describe_changes(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Each difference between two trees of plain values, by dotted path."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}, key=str):
            yield from describe_changes(
                before.get(key), after.get(key), f"{path}.{key}" if path else str(key)
            )
    elif _is_list(before) and _is_list(after):
        yield from _list_changes(before, after, path)
    elif before != after or type(before) is not type(after):
        yield Change(path, before, after)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _list_changes(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[Change]:
    """Entries are matched by their name where they have one, else by position."""
    old, new = _named(before), _named(after)
    for name in dict.fromkeys([*old, *new]):
        yield from describe_changes(old.get(name), new.get(name), f"{path}[{name}]")


def _named(entries: Sequence[Any]) -> dict[Any, Any]:
    for field in ("slice_id", "id", "model_id", "name"):
        names = [entry.get(field) if isinstance(entry, Mapping) else None for entry in entries]
        if names and all(name is not None for name in names) and len(set(names)) == len(names):
            return dict(zip(names, entries, strict=True))
    return dict(enumerate(entries))
