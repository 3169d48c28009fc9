from __future__ import annotations

from themis.results.paging import PAGE


def test_there_is_one_summary_per_trial_in_the_order_of_the_plan(result_of):
    result = result_of(items=("i1", "i2"), dimensions={"main": {"lang": "en"}})

    rows = list(result.iter_trial_summaries())

    assert [row["trial_hash"] for row in rows] == result.trial_hashes
    assert [(row["item_id"], row["model_id"]) for row in rows] == [
        ("i1", "alpha"),
        ("i1", "beta"),
        ("i2", "alpha"),
        ("i2", "beta"),
    ]
    assert {**rows[0], "trial_hash": ""} == {
        "trial_hash": "",
        "benchmark_id": "bench",
        "slice_id": "main",
        "prompt_variant_id": "direct",
        "model_id": "alpha",
        "item_id": "i1",
        "status": "ok",
        "dimensions": {"lang": "en"},
    }


def test_a_status_tells_how_the_candidates_of_a_trial_ended(result_of, timed_out):
    outcomes = {
        ("i1", 0): timed_out,
        ("i1", 1): timed_out,
        ("i2", 1): timed_out,
        ("i3", 0): None,
        ("i3", 1): None,
    }
    result = result_of(
        lambda cell: outcomes.get((cell.item_id, cell.sample), 1.0),
        models=("one",),
        items=("i1", "i2", "i3", "i4"),
        num_samples=2,
    )

    statuses = {row["item_id"]: row["status"] for row in result.iter_trial_summaries()}

    assert statuses == {"i1": "error", "i2": "partial", "i3": "skipped", "i4": "ok"}
    assert [result.get_trial(name).status for name in result.trial_hashes] == [*statuses.values()]


def test_summaries_are_read_in_pages(result_of):
    items = [f"i{number:04}" for number in range(PAGE + 7)]

    rows = list(result_of(models=("one",), items=items).iter_trial_summaries())

    assert [row["item_id"] for row in rows] == items
