"""`--progress rich|log|json|none`: a run's progress, drawn from its snapshots and nothing else.

A live view writes to stderr, so that stdout holds results only. `render(snapshot)` is the picture
of one moment, for `themis progress RUN` too.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

    from themis.records.timeline import StageName
    from themis.runtime.progress import ProgressSnapshot, RunningMean, StageProgress

__all__ = ["ProgressMode", "ProgressView", "open_progress_view", "render", "summary_line"]

ProgressMode = Literal["auto", "rich", "log", "json", "none"]
_BAR_WIDTH = 32
_STATUS_STYLE = {
    "completed": "green",
    "partial_failure": "yellow",
    "failed": "red",
    "interrupted": "yellow",
}


class ProgressView(Protocol):
    """Shows snapshots as they come: a context manager, whose `update` may be called any time."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def update(self, snapshot: ProgressSnapshot) -> None:
        """Show this moment."""
        ...


def open_progress_view(
    mode: ProgressMode = "auto", *, stream: TextIO | None = None, log_seconds: float = 5.0
) -> ProgressView:
    """The view for `--progress`; auto is rich on a terminal and log elsewhere.

    Args:
        mode: What `--progress` says.
        stream: Where to; stderr by default.
        log_seconds: The least time between two lines of `log`.
    """
    out = stream or sys.stderr
    if mode == "auto":
        mode = "rich" if out.isatty() else "log"
    if mode == "rich":
        return _RichView(out)
    if mode == "log":
        return _LineView(out, summary_line, log_seconds)
    if mode == "json":
        return _LineView(out, _json_line, 0.0)
    return _LineView(out, None, 0.0)


def render(snapshot: ProgressSnapshot) -> RenderableType:
    """One moment of a run: stage bars, rate, time left, tokens, failures, running means."""
    parts: list[RenderableType] = [_headline(snapshot), _stage_table(snapshot)]
    if snapshot.metrics:
        parts.append(_metric_table(snapshot.metrics))
    if snapshot.failures:
        parts.append(Text("failures  " + _failures(snapshot), style="red"))
    parts.extend(Text(note, style="yellow") for note in snapshot.notes)
    return Group(*parts)


def summary_line(snapshot: ProgressSnapshot) -> str:
    """One moment of a run on one line, for logs."""
    stages = [f"{name} {_count(stage)}" for name, stage in snapshot.stages.items()]
    means = [f"{mean.metric_id} {_mean(mean)} (running)" for mean in snapshot.metrics]
    failures = [f"failures: {_failures(snapshot)}"] if snapshot.failures else []
    parts = [*stages, *_pace(snapshot), *means, *failures, *snapshot.notes]
    return f"{snapshot.run_id[:12]} {snapshot.status}: " + "; ".join(parts)


class _RichView:
    """Redrawn at each update, by the caller's thread: no thread of its own."""

    def __init__(self, out: TextIO) -> None:
        self._live = Live(console=Console(file=out), auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def update(self, snapshot: ProgressSnapshot) -> None:
        self._live.update(render(snapshot), refresh=True)


class _LineView:
    """A line every so often, and always for a new status."""

    def __init__(
        self, out: TextIO, line: Callable[[ProgressSnapshot], str] | None, seconds: float
    ) -> None:
        self._out = out
        self._line = line
        self._seconds = seconds
        self._next = 0.0
        self._status = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._out.flush()

    def update(self, snapshot: ProgressSnapshot) -> None:
        now = time.monotonic()
        if self._line is None or (now < self._next and snapshot.status == self._status):
            return
        self._next, self._status = now + self._seconds, snapshot.status
        self._out.write(self._line(snapshot) + "\n")
        self._out.flush()


def _json_line(snapshot: ProgressSnapshot) -> str:
    return json.dumps(snapshot.to_dict(), separators=(",", ":"))


def _headline(snapshot: ProgressSnapshot) -> Text:
    return Text.assemble(
        (f"{snapshot.run_id[:12]}  ", "bold"),
        (snapshot.status, _STATUS_STYLE.get(snapshot.status, "")),
        "  " + "  ".join(_pace(snapshot)),
    )


def _stage_table(snapshot: ProgressSnapshot) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, stage in snapshot.stages.items():
        table.add_row(*_stage_row(name, stage))
    return table


def _stage_row(name: StageName, stage: StageProgress) -> list[RenderableType]:
    bar = ProgressBar(total=stage.total or 1, completed=stage.done, width=_BAR_WIDTH)
    return [
        Text(name),
        bar if stage.total else Text(""),
        Text(f"{stage.done}/{'?' if stage.total is None else stage.total}", justify="right"),
        Text(f"{stage.in_flight} in flight" if stage.in_flight else "", style="dim"),
        Text(f"{stage.failed} failed" if stage.failed else "", style="red"),
    ]


def _metric_table(metrics: tuple[RunningMean, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    for mean in metrics:
        label = Text("running mean, 95 % interval", style="dim")
        table.add_row(Text(mean.metric_id), Text(_mean(mean)), Text(f"n={mean.count}"), label)
    return table


def _mean(mean: RunningMean) -> str:
    if mean.ci_lower is None or mean.ci_upper is None:
        return f"{mean.mean:.3f}"
    return f"{mean.mean:.3f} [{mean.ci_lower:.3f}, {mean.ci_upper:.3f}]"


def _count(stage: StageProgress) -> str:
    total = "?" if stage.total is None else stage.total
    failed = f" ({stage.failed} failed)" if stage.failed else ""
    return f"{stage.done}/{total}{failed}"


def _pace(snapshot: ProgressSnapshot) -> list[str]:
    parts = [f"{_clock(snapshot.updated_at - snapshot.started_at)} elapsed"]
    if snapshot.rate is not None:
        parts.append(f"{snapshot.rate:.1f}/s")
    if snapshot.eta_seconds is not None and snapshot.status == "running":
        parts.append(f"{_clock(snapshot.eta_seconds)} left")
    if snapshot.prompt_tokens or snapshot.completion_tokens:
        parts.append(f"{snapshot.prompt_tokens:,}+{snapshot.completion_tokens:,} tokens")
    return parts


def _failures(snapshot: ProgressSnapshot) -> str:
    return ", ".join(f"{code} {count}" for code, count in sorted(snapshot.failures.items()))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
