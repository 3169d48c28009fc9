"""Draws items at random, by rank: the same seed draws the same items in whatever order they come.

Each item has a rank, a hash of the seed and its id; a sample of n is the n lowest ranks. So a
sample of 20 contains the sample of 10 with the same seed, drawing twice changes nothing, and a
provider that has already drawn (by `rank`) gives the same items as one that has not.

Memory holds what may yet be drawn: `count` items, or `count` of each stratum.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from themis.records.canonical import digest

__all__ = ["allocate", "draw", "draw_stratified", "rank"]

T = TypeVar("T")


def rank(seed: int | None, item_id: str) -> int:
    """An item's place in the order of drawing: a number of 256 bits. No seed is the seed 0."""
    name = item_id.encode("utf-8", "surrogatepass")
    return int.from_bytes(digest(b"sample", b"%d" % (seed or 0), name), "big")


def draw(entries: Iterable[tuple[str, T]], *, count: int, seed: int | None) -> list[T]:
    """The `count` entries (item id, entry) of lowest rank, in that order; all if there are fewer.

    Ids must differ.
    """
    lowest = _Lowest[T](count)
    for item_id, entry in entries:
        lowest.offer(rank(seed, item_id), entry)
    return [entry for _, entry in lowest.ordered(count)]


def draw_stratified(
    entries: Iterable[tuple[str, str, T]], *, count: int, seed: int | None
) -> list[T]:
    """`count` of the entries (item id, stratum, entry), spread over the strata by `allocate`.

    The result is in order of rank, so that strata are mixed.
    """
    strata: dict[str, _Lowest[T]] = {}
    for item_id, stratum, entry in entries:
        strata.setdefault(stratum, _Lowest(count)).offer(rank(seed, item_id), entry)
    quotas = allocate({name: lowest.offered for name, lowest in strata.items()}, count)
    drawn = [pair for name, quota in quotas.items() for pair in strata[name].ordered(quota)]
    return [entry for _, entry in sorted(drawn, key=lambda pair: pair[0])]


def allocate(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """How many of `count` each stratum gets: in proportion to its size, by largest remainder.

    The quotas add up to exactly `count`, or to all items if there are fewer. A stratum that
    would get none gets one, which the stratum furthest above its exact share gives up. With more
    strata than `count`, the largest get one each. Ties go to the larger stratum, then by name.
    """
    sizes = {name: size for name, size in sizes.items() if size}
    total = sum(sizes.values())
    if count >= total:
        return dict(sizes)
    by_size = sorted(sizes, key=lambda name: (-sizes[name], name))
    if count <= len(sizes):
        return dict.fromkeys(by_size[:count], 1)
    quotas = {name: count * sizes[name] // total for name in by_size}
    by_remainder = sorted(by_size, key=lambda name: -(count * sizes[name] % total))
    for name in by_remainder[: count - sum(quotas.values())]:
        quotas[name] += 1
    excess = [
        (count * sizes[name] - quotas[name] * total, place, name)
        for place, name in enumerate(by_size)
        if quotas[name] > 1
    ]
    heapq.heapify(excess)
    for empty in [name for name in by_size if not quotas[name]]:
        below, place, giver = heapq.heappop(excess)
        quotas[giver] -= 1
        quotas[empty] = 1
        if quotas[giver] > 1:
            heapq.heappush(excess, (below + total, place, giver))
    return quotas


class _Lowest(Generic[T]):
    """Keeps the `size` entries of lowest rank out of all that are offered."""

    __slots__ = ("_heap", "_size", "offered")

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, int, T]] = []
        self.offered = 0

    def offer(self, place: int, entry: T) -> None:
        """Keep the entry if it is among the lowest."""
        self.offered += 1
        pair = (-place, self.offered, entry)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, pair)
        elif pair > self._heap[0]:
            heapq.heapreplace(self._heap, pair)

    def ordered(self, count: int) -> list[tuple[int, T]]:
        """The `count` lowest with their ranks, lowest first."""
        ordered = sorted(self._heap, key=lambda kept: -kept[0])
        return [(-place, entry) for place, _, entry in ordered[:count]]
