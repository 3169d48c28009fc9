from __future__ import annotations


def test_counts_say_how_much_was_made_and_what_failed(result_of, timed_out, unscorable):
    outcomes = {"i1": timed_out, "i2": unscorable, "i3": 1.0, "i4": None}
    counts = result_of(lambda cell: outcomes[cell.item_id], items=tuple(outcomes)).counts()

    assert (counts.planned, counts.made, counts.failed, counts.pending) == (8, 4, 2, 2)
    assert (counts.failures_by_code, counts.metric_errors) == ({"provider_timeout": 2}, 2)


def test_the_sentence_says_how_failures_count(result_of, timed_out):
    counts = result_of(lambda cell: timed_out if cell.item_id == "i1" else 1.0).counts()

    assert counts.sentence() == (
        "4 of 6 candidates; 2 failed (provider_timeout 2); failures are left out of the means "
        '(on_error="zero" counts them as 0).'
    )


def test_the_sentence_of_a_clean_run_is_short(result_of):
    assert result_of().counts().sentence() == "6 of 6 candidates; none failed."


def test_the_sentence_of_an_unfinished_run_says_what_is_left(result_of):
    counts = result_of(lambda cell: None if cell.item_id == "i1" else 1.0).counts()

    assert counts.sentence() == "4 of 6 candidates; 2 not done yet; none failed."
