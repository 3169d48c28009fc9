from __future__ import annotations

import pytest

from themis.builtins.judges.agreement import pair_agreement


@pytest.mark.parametrize(
    ("verdicts", "share"),
    [(["a"], 1.0), (["a", "a"], 1.0), (["a", "b"], 0.0), (["a", "a", "b"], 1 / 3)],
)
def test_agreement_is_the_share_of_pairs_that_say_the_same(verdicts, share):
    assert pair_agreement(verdicts) == pytest.approx(share)
