"""Artifact keys: what they depend on, and pinned values."""

from __future__ import annotations

from themis.planning.keys import (
    candidate_key,
    described_key,
    item_key,
    parse_key,
    score_key,
    trial_key,
)

ARM = described_key("arm", {"model": "m"})
ITEM = item_key({"item_id": "1", "payload": {"q": "2 + 2"}})


def test_a_key_is_32_bytes_and_the_same_in_every_process():
    assert trial_key(ARM, ITEM).hex() == TRIAL


def test_the_order_of_a_payloads_fields_does_not_matter():
    left = item_key({"item_id": "1", "payload": {"a": 1, "b": 2}})
    right = item_key({"payload": {"b": 2, "a": 1}, "item_id": "1"})
    assert left == right


def test_an_item_with_another_id_is_another_item():
    assert item_key({"item_id": "2", "payload": {"q": "2 + 2"}}) != ITEM


def test_samples_and_seeds_make_candidates_distinct():
    trial = trial_key(ARM, ITEM)
    keys = {candidate_key(trial, sample=s, seed=seed) for s in (0, 1) for seed in (None, 0, 1)}
    assert len(keys) == 6


def test_parts_cannot_run_into_one_another():
    assert parse_key(b"ab", b"c") != parse_key(b"a", b"bc")
    assert parse_key(b"a", b"b") != score_key(b"a", b"b")


TRIAL = "303f09cf53b0f938888af8d86bfeac97bcff8d44db0329d3e7c1bcd057552378"
