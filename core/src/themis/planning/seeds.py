"""Seeds: derived by hash, so that a candidate has the same seed in every run and on every machine.

No run id, no position in a list and no clock takes part: adding items, models or samples leaves the
seeds of what was there as they were. All seeds are in [0, 2**31 - 1]: providers take 32-bit ones.
"""

from __future__ import annotations

from themis.records.canonical import digest

__all__ = ["MAX_SEED", "candidate_seed", "derive_seed", "judge_seed", "reduction_seed"]

MAX_SEED = 2**31 - 1


def derive_seed(global_seed: int, trial: bytes, sample: int) -> int:
    """The seed of one sample of one trial (`trial` is the trial's key, 32 raw bytes)."""
    return _seed(b"seed", b"%d" % global_seed, trial, b"%d" % sample)


def candidate_seed(
    global_seed: int, trial: bytes, sample: int, *, explicit: int | None = None
) -> int:
    """The seed a candidate is generated with; `explicit` is the params' own seed, and wins.

    The first sample uses an explicit seed exactly as written. Later samples derive theirs from it
    and their index, for equal seeds would make equal samples.
    """
    if explicit is None:
        return derive_seed(global_seed, trial, sample)
    if sample == 0:
        return explicit
    return _seed(b"explicit seed", b"%d" % explicit, b"%d" % sample)


def judge_seed(global_seed: int, subject: bytes, position: int) -> int:
    """The seed of the judge call at `position` (from 0) about one subject (the score's key)."""
    return _seed(b"judge seed", b"%d" % global_seed, subject, b"%d" % position)


def reduction_seed(global_seed: int, reduced: bytes) -> int:
    """The seed of a trial's selector and reducer (`reduced` is the reduced candidate's key)."""
    return _seed(b"reduction seed", b"%d" % global_seed, reduced)


def _seed(*parts: bytes) -> int:
    return int.from_bytes(digest(*parts)[:4], "big") & MAX_SEED
