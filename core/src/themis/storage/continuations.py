"""Where a run went on after it was planned, if not as it was planned."""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Any

from themis.storage.recording import continuation_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from themis.storage.protocol import RunStore

__all__ = ["continuations"]

_AT_ONCE = 16


def continuations(store: RunStore, run_id: str) -> list[Mapping[str, Any]]:
    """The provenance of each time the run went on under another one than before, in order."""
    seqs = list(_numbers(store, run_id))
    found = store.events(seqs)
    return [found[seq].value["provenance"] for seq in seqs]


def _numbers(store: RunStore, run_id: str) -> Iterator[int]:
    keys = (continuation_key(run_id, number) for number in count())
    while True:
        some = list(islice(keys, _AT_ONCE))
        known = store.known(some)
        yield from (known[key] for key in some if key in known)
        if len(known) < _AT_ONCE:
            return
