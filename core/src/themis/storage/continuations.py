"""What was said of a run after it was planned: where it went on, and whether it is history."""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Any

from themis.storage.recording import continuation_key, judgement_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from themis.storage.protocol import RunStore

__all__ = ["continuations", "judgements"]

_AT_ONCE = 16


def continuations(store: RunStore, run_id: str) -> list[Mapping[str, Any]]:
    """The provenance of each time the run went on under another one than before, in order."""
    return [value["provenance"] for value in _values(store, run_id, continuation_key)]


def judgements(store: RunStore, run_id: str) -> list[Mapping[str, Any]]:
    """Each time it was said whether the run counts as history (`accepted`, `reason`), in order."""
    return _values(store, run_id, judgement_key)


def _values(
    store: RunStore, run_id: str, key: Callable[[str, int], bytes]
) -> list[Mapping[str, Any]]:
    seqs = list(_numbers(store, run_id, key))
    found = store.events(seqs)
    return [found[seq].value for seq in seqs]


def _numbers(store: RunStore, run_id: str, key: Callable[[str, int], bytes]) -> Iterator[int]:
    keys = (key(run_id, number) for number in count())
    while True:
        some = list(islice(keys, _AT_ONCE))
        known = store.known(some)
        yield from (known[key] for key in some if key in known)
        if len(known) < _AT_ONCE:
            return
