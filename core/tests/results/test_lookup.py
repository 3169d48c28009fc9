from __future__ import annotations

import pytest

from themis.errors import ErrorCode, ThemisError
from themis.results import UnknownRecordError


def test_a_trial_is_found_by_its_hash_and_by_the_beginning_of_it(result_of):
    result = result_of()
    name = result.trial_hashes[3]

    for given in (name, name[:8], name[:13], name.upper()):
        assert result.get_trial(given).trial_spec.trial_hash == name


def test_a_candidate_is_found_by_the_beginning_of_its_id(result_of):
    result = result_of()
    [candidate] = result.get_trial(result.trial_hashes[0]).candidates

    view = result.view_timeline(candidate.candidate_id[:8])

    assert (view.record_type, view.record_id) == ("candidate", candidate.candidate_id)


def test_an_unknown_id_says_where_ids_are_listed(result_of):
    result = result_of()

    with pytest.raises(UnknownRecordError) as raised:
        result.view_timeline("0" * 64)

    assert isinstance(raised.value, (ThemisError, KeyError))
    assert raised.value.code == ErrorCode.STORAGE_READ
    assert str(raised.value) == (
        f"run {result.run_id[:12]} has no trial or candidate '{'0' * 64}'; "
        f"`themis report {result.run_id[:12]}` names those that failed, "
        "`iter_trial_summaries()` lists all"
    )


@pytest.mark.parametrize("given", ["", "abc", "1234567", "not-a-hash", "f" * 65])
def test_what_is_no_id_says_what_one_looks_like(result_of, given):
    with pytest.raises(UnknownRecordError, match="give 8 to 64 hex digits of one"):
        result_of().view_timeline(given)


def test_a_trial_of_another_run_is_unknown(result_of):
    other = result_of(name="other")

    with pytest.raises(UnknownRecordError, match="has no trial or candidate"):
        result_of(name="mine").get_trial(other.trial_hashes[0])


def test_a_candidate_is_no_trial(result_of):
    result = result_of()
    [candidate] = result.get_trial(result.trial_hashes[0]).candidates

    with pytest.raises(UnknownRecordError, match="has no trial"):
        result.get_trial(candidate.candidate_id)


def test_an_ambiguous_beginning_lists_what_it_could_be(result_of, monkeypatch):
    monkeypatch.setattr("themis.results.lookup._SHORTEST", 1)
    result = result_of(items=[f"i{k}" for k in range(40)])

    with pytest.raises(
        UnknownRecordError, match=r"names several records .*trial a.*give more digits"
    ):
        result.view_timeline("a")
