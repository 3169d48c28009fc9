"""Which arm each trial belongs to: fixed once planned, so it is kept at 4 bytes a trial."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from themis.storage.reading import CHUNK, chunked
from themis.storage.schema import trials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection

__all__ = ["TrialArms", "UnplannedError"]

_UNKNOWN = -1
_BY_TRIALS = select(trials.c.trial, trials.c.arm).where(
    trials.c.run == bindparam("run"), trials.c.trial.in_(bindparam("trials", expanding=True))
)


class UnplannedError(LookupError):
    """An event names something that no earlier event planned; the message says what."""


class TrialArms:
    """The arms of the trials that were planned or asked for so far."""

    def __init__(self) -> None:
        self._arms: dict[int, array[int]] = {}

    def remember(self, run: int, start: int, arms: Sequence[int]) -> None:
        """Trials `start`, `start + 1`, ... of `run` have these arms."""
        known = self._arms.setdefault(run, array("i"))
        end = start + len(arms)
        if len(known) < end:
            known.extend([_UNKNOWN] * (end - len(known)))
        known[start:end] = array("i", arms)

    def load(self, connection: Connection, named: Mapping[int, Iterable[int]]) -> None:
        """Read the arms of those trials (by run) that are not known yet."""
        for run, numbers in named.items():
            missing = [trial for trial in numbers if self._get(run, trial) == _UNKNOWN]
            for chunk in chunked(missing, CHUNK):
                for trial, arm in connection.execute(_BY_TRIALS, {"run": run, "trials": chunk}):
                    self.remember(run, trial, [arm])

    def arm_of(self, run: int, trial: int) -> int:
        """The arm; UnplannedError names a trial that was never planned."""
        arm = self._get(run, trial)
        if arm == _UNKNOWN:
            msg = f"trial {trial}"
            raise UnplannedError(msg)
        return arm

    def forget(self) -> None:
        """Drop everything; to be called when a transaction was rolled back."""
        self._arms.clear()

    def _get(self, run: int, trial: int) -> int:
        known = self._arms.get(run, ())
        return known[trial] if 0 <= trial < len(known) else _UNKNOWN
