from __future__ import annotations

from themis.builtins.extractors.normalized_text import NormalizedText


def test_the_whole_text_is_normalised(trial, said):
    record = NormalizedText().extract(trial, said("  The Answer:\n Paris! "))
    assert record.parsed_answer == "answer paris"


def test_each_step_can_be_left_out(trial, said):
    keep = {"ignore_case": False, "ignore_punctuation": False, "ignore_articles": False}
    assert NormalizedText().extract(trial, said(" The  End! "), keep).parsed_answer == "The End!"


def test_a_text_of_which_nothing_is_left_is_a_failure(trial, said):
    reason = NormalizedText().extract(trial, said(" ... ")).failure_reason
    assert reason == "nothing is left of the output once it is normalised"
