from __future__ import annotations

import io
import json

import attrs
import pytest
from rich.console import Console

from themis.cli.progress_view import open_progress_view, render, summary_line
from themis.runtime.progress import ProgressSnapshot, RunningMean, StageProgress

SNAPSHOT = ProgressSnapshot(
    run_id="0123456789abcdef",
    status="running",
    stages={
        "generate": StageProgress(done=120, total=400, failed=3, in_flight=32),
        "score": StageProgress(done=100, total=400),
    },
    rate=12.34,
    eta_seconds=3725.0,
    failures={"provider_timeout": 2, "circuit_breaker": 1},
    prompt_tokens=12_000,
    completion_tokens=3_400,
    metrics=(RunningMean(metric_id="f1", count=100, mean=0.5, ci_lower=0.4, ci_upper=0.6),),
    notes=("openai: asked us to wait, 3 s left",),
    started_at=1000.0,
    updated_at=1065.0,
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(mode, snapshots, out, **options):
    with open_progress_view(mode, stream=out, **options) as view:
        for snapshot in snapshots:
            view.update(snapshot)
    return out.getvalue()


def test_a_line_says_everything_about_one_moment():
    assert summary_line(SNAPSHOT) == (
        "0123456789ab running: generate 120/400 (3 failed); score 100/400; 1:05 elapsed; 12.3/s; "
        "1:02:05 left; 12,000+3,400 tokens; f1 0.500 [0.400, 0.600] (running); "
        "failures: circuit_breaker 1, provider_timeout 2; openai: asked us to wait, 3 s left"
    )


def test_the_picture_shows_bars_pace_failures_and_running_means():
    console = Console(file=io.StringIO(), width=120)
    console.print(render(SNAPSHOT))
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]

    assert lines[0] == (
        "0123456789ab  running  1:05 elapsed  12.3/s  1:02:05 left  12,000+3,400 tokens"
    )
    assert lines[1].split() == [
        "generate",
        "━━━━━━━━━╸",
        "120/400",
        "32",
        "in",
        "flight",
        "3",
        "failed",
    ]
    assert lines[3] == "f1  0.500 [0.400, 0.600]  n=100  running mean, 95 % interval"
    assert lines[4:] == [
        "failures  circuit_breaker 1, provider_timeout 2",
        "openai: asked us to wait, 3 s left",
    ]


def test_brackets_in_names_are_shown_as_they_are():
    metric = RunningMean(metric_id="f1[red]", count=1, mean=0.5)
    console = Console(file=io.StringIO(), width=120)
    console.print(render(attrs.evolve(SNAPSHOT, metrics=(metric,))))

    assert "f1[red]" in console.file.getvalue()


def test_a_stage_of_unknown_size_has_no_bar():
    snapshot = attrs.evolve(SNAPSHOT, stages={"generate": StageProgress(done=7)})
    console = Console(file=io.StringIO(), width=120)
    console.print(render(snapshot))

    assert console.file.getvalue().splitlines()[1].split() == ["generate", "7/?"]
    assert "generate 7/?" in summary_line(snapshot)


def test_a_finished_run_has_no_time_left():
    assert "left" not in summary_line(attrs.evolve(SNAPSHOT, status="completed", notes=()))


def test_log_writes_a_line_now_and_then_and_for_each_new_status():
    done = attrs.evolve(SNAPSHOT, status="completed")
    written = show("log", [SNAPSHOT] * 50 + [done], io.StringIO(), log_seconds=60)

    assert written == f"{summary_line(SNAPSHOT)}\n{summary_line(done)}\n"


def test_json_writes_every_snapshot_as_a_line_that_can_be_read_back():
    written = show("json", [SNAPSHOT, SNAPSHOT], io.StringIO())

    read = [ProgressSnapshot.from_dict(json.loads(line)) for line in written.splitlines()]
    assert read == [SNAPSHOT, SNAPSHOT]


def test_none_writes_nothing():
    assert show("none", [SNAPSHOT], io.StringIO()) == ""


@pytest.mark.parametrize(("out", "live"), [(Terminal(), True), (io.StringIO(), False)])
def test_auto_is_live_on_a_terminal_and_lines_elsewhere(out, live, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    written = show("auto", [SNAPSHOT], out)

    assert ("\x1b" in written) is live
    assert "120/400" in written
