"""Events of a small run, one by one: what the store kit writes, here and in a process that dies."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from themis.plugin.loading import load_target
from themis.records import InferenceRecord, Message, TraceStep
from themis.records.canonical import content_hash, digest
from themis.storage import (
    Event,
    PlannedArm,
    PlannedTrial,
    generated,
    run_planned,
    steps,
    trials_planned,
)

__all__ = ["ACKNOWLEDGED", "candidate_key", "planned", "recorded", "step", "trials"]

ACKNOWLEDGED = 50
"""How many candidates the process that dies has seen acknowledged."""
_WAITING = 200
_CHUNK = 500


def planned(name: str = "kit") -> Event:
    """The start of a run named `name`."""
    arm = PlannedArm(
        slice_id="s", prompt_variant_id="p", model_id="m", provider="kit", params_hash="0" * 64
    )
    return run_planned(
        run_id=content_hash(name, kind="kit run"),
        benchmark_id="kit",
        manifest={"name": name},
        arms=[arm],
        metrics=[],
        num_samples=1,
    )


def trials(run: int, count: int) -> list[Event]:
    """The first `count` trials of a run."""
    rows = [PlannedTrial(0, f"i{n}", "00" * 32, candidate_key(n).hex()) for n in range(count)]
    starts = range(0, count, _CHUNK)
    return [trials_planned(run, start=n, trials=rows[n : n + _CHUNK]) for n in starts]


def candidate_key(number: int) -> bytes:
    """The key of a trial's candidate."""
    return digest(b"kit candidate", b"%d" % number)


def recorded(run: int, number: int, *, text: str = "42", output: Any = None) -> Event:
    """The candidate of trial `number`, with this output."""
    inference = InferenceRecord(raw_text=text, structured_output=output)
    return generated(
        run,
        candidate_id=candidate_key(number).hex(),
        trial=number,
        sample=0,
        seed=None,
        inference=inference,
    )


def step(run: int, number: int) -> Event:
    """One further step of the conversation of trial 0's candidate."""
    said = TraceStep.of_message(Message("assistant", f"step {number}"))
    key = candidate_key(0).hex()
    return steps(run, candidate_id=key, trial=0, sample=0, turn=number, steps=[said])


def _write_and_die() -> None:
    """Append candidates, say which are acknowledged, and be killed with others waiting."""
    given = json.load(sys.stdin)
    sys.path[:] = given["path"]
    model = load_target(given["config"], what="config model") if given["config"] else dict
    settings = model(**given["settings"])
    store = load_target(given["implementation"], what="store")(settings)
    [run] = store.append([planned("killed")])
    store.append(trials(run, ACKNOWLEDGED + _WAITING))
    for number in range(ACKNOWLEDGED):
        store.append([recorded(run, number)])
        print(number, flush=True)
    for number in range(ACKNOWLEDGED, ACKNOWLEDGED + _WAITING):
        store.submit([recorded(run, number)])
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


if __name__ == "__main__":
    _write_and_die()
