from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.planning.sampling import allocate, draw, draw_stratified, rank

IDS = st.lists(st.text(), unique=True, max_size=60)
SEEDS = st.none() | st.integers()
COUNTS = st.integers(min_value=1, max_value=70)
SIZES = st.dictionaries(st.text(max_size=3), st.integers(1, 200), min_size=1, max_size=12)


def drawn(ids, count, seed):
    return draw(((name, name) for name in ids), count=count, seed=seed)


def stratified(entries, count, seed):
    return draw_stratified(
        ((name, stratum, (name, stratum)) for name, stratum in entries), count=count, seed=seed
    )


@given(IDS, COUNTS, SEEDS)
def test_a_sample_has_exactly_count_items_or_all(ids, count, seed):
    sample = drawn(ids, count, seed)
    assert len(sample) == len(set(sample)) == min(count, len(ids))
    assert set(sample) <= set(ids)


@given(IDS, COUNTS, SEEDS, st.randoms())
def test_a_sample_does_not_depend_on_the_order_of_the_source(ids, count, seed, random):
    shuffled = list(ids)
    random.shuffle(shuffled)
    assert drawn(ids, count, seed) == drawn(shuffled, count, seed)


@given(IDS, COUNTS, SEEDS)
def test_drawing_from_a_sample_changes_nothing(ids, count, seed):
    sample = drawn(ids, count, seed)
    assert drawn(sample, count, seed) == sample


@given(IDS, COUNTS, COUNTS, SEEDS)
def test_a_larger_sample_begins_with_the_smaller_one(ids, first, second, seed):
    small, large = sorted((first, second))
    assert drawn(ids, large, seed)[: min(small, len(ids))] == drawn(ids, small, seed)


def test_samples_are_pinned():
    ids = [f"item-{n}" for n in range(100)]
    assert (
        drawn(ids, 5, 0)
        == drawn(ids, 5, None)
        == ["item-98", "item-91", "item-38", "item-29", "item-61"]
    )
    assert drawn(ids, 5, 1) == ["item-84", "item-2", "item-29", "item-89", "item-33"]


def test_every_item_is_drawn_about_equally_often():
    ids = [str(n) for n in range(10)]
    counts = dict.fromkeys(ids, 0)
    for seed in range(2000):
        counts[drawn(ids, 1, seed)[0]] += 1
    chi_squared = sum((count - 200) ** 2 / 200 for count in counts.values())
    assert chi_squared < 27.9  # the 99.9 % quantile with 9 degrees of freedom


def test_ids_that_are_no_valid_unicode_have_a_rank():
    assert rank(0, "\ud800") != rank(0, "\ud801")


@given(SIZES, st.integers(1, 2500))
def test_quotas_add_up_and_fit(sizes, count):
    quotas = allocate(sizes, count)
    assert sum(quotas.values()) == min(count, sum(sizes.values()))
    assert all(1 <= quota <= sizes[name] for name, quota in quotas.items())


@given(SIZES, st.integers(1, 2500))
def test_every_stratum_gets_one_while_count_allows(sizes, count):
    assert len(allocate(sizes, count)) == min(count, len(sizes))


@given(SIZES, st.integers(1, 2500))
def test_quotas_are_within_one_of_the_exact_share_unless_a_stratum_had_none(sizes, count):
    total = sum(sizes.values())
    count = min(count, total)
    if any(count * size < total for size in sizes.values()):
        return
    quotas = allocate(sizes, count)
    assert all(abs(quotas[name] * total - count * size) < total for name, size in sizes.items())


@given(SIZES, st.integers(1, 2500))
def test_a_larger_stratum_never_gets_less(sizes, count):
    quotas = allocate(sizes, count)
    for one, other in zip(
        sorted(sizes, key=sizes.get), sorted(sizes, key=sizes.get)[1:], strict=False
    ):
        if sizes[one] < sizes[other]:  # equal ones may differ by the one that is left over
            assert quotas.get(one, 0) <= quotas.get(other, 0)


@pytest.mark.parametrize(
    ("sizes", "count", "quotas"),
    [
        ({"a": 5, "b": 3, "c": 2}, 10, {"a": 5, "b": 3, "c": 2}),
        ({"a": 50, "b": 30, "c": 20}, 10, {"a": 5, "b": 3, "c": 2}),
        ({"a": 47, "b": 16, "c": 16, "d": 21}, 10, {"a": 5, "d": 2, "b": 2, "c": 1}),
        ({"a": 98, "b": 1, "c": 1}, 10, {"a": 8, "b": 1, "c": 1}),
        ({"a": 1, "b": 9, "c": 5}, 2, {"b": 1, "c": 1}),
        ({"a": 2, "b": 2}, 9, {"a": 2, "b": 2}),
        ({"a": 0, "b": 4}, 2, {"b": 2}),
    ],
)
def test_quotas_follow_the_largest_remainder(sizes, count, quotas):
    assert allocate(sizes, count) == quotas


ENTRIES = st.dictionaries(st.text(), st.sampled_from("abc"), max_size=60).map(
    lambda entries: list(entries.items())
)


@given(ENTRIES, COUNTS, SEEDS, st.randoms())
def test_a_stratified_sample_is_exact_and_independent_of_order(entries, count, seed, random):
    sample = stratified(entries, count, seed)
    assert len(sample) == min(count, len(entries))
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert stratified(shuffled, count, seed) == sample


@given(ENTRIES, COUNTS, SEEDS)
def test_a_stratified_sample_has_the_quotas(entries, count, seed):
    sizes = {name: sum(stratum == name for _, stratum in entries) for name in "abc"}
    sample = stratified(entries, count, seed)
    got = {name: sum(stratum == name for _, stratum in sample) for name in "abc"}
    assert {name: size for name, size in got.items() if size} == allocate(sizes, count)


@given(ENTRIES, COUNTS, SEEDS)
def test_stratifying_a_stratified_sample_changes_nothing(entries, count, seed):
    sample = stratified(entries, count, seed)
    assert stratified(sample, count, seed) == sample


def test_a_stratified_sample_mixes_its_strata():
    sample = stratified([(str(n), "ab"[n % 2]) for n in range(100)], 20, 0)
    assert len({stratum for _, stratum in sample[:8]}) == 2


def test_memory_holds_what_may_be_drawn_and_no_more():
    alive = 0

    class Payload:
        def __init__(self) -> None:
            nonlocal alive
            alive += 1
            most.append(alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    most: list[int] = []
    sample = draw(((str(n), Payload()) for n in range(5000)), count=10, seed=0)
    assert len(sample) == 10
    assert max(most) <= 15
