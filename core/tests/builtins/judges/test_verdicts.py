from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.judges.verdicts import VerdictError, read_choice, read_number

CHOICES = ("A", "B", "tie")


@pytest.mark.parametrize(
    "reply",
    [
        "Verdict: B",
        "Good.\n\n**Verdict: B**",
        "**Verdict:** b.",
        "- verdict = `B`\n",
        'Because... {"verdict": "B", "reason": "x"}',
        '```json\n{"verdict": "b"}\n```\nVerdict: B',
        "Verdict: B\nThat is all.",
    ],
)
def test_one_clear_verdict_is_read(reply):
    assert read_choice(reply, CHOICES) == "B"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("", "it gives no verdict"),
        ("B", "it gives no verdict"),
        ("The verdict is unclear", "it gives no verdict"),
        ('{"verdict": null}', "it gives no verdict"),
        ("Verdict: A\nVerdict: B", "it gives verdicts that differ: A, B"),
        ('Verdict: A {"verdict": "B"}', "it gives verdicts that differ"),
        ("Verdict: C", "the verdict 'C' is none of A, B, tie"),
        ("Verdict: A or B", "the verdict 'A or B' is none of A, B, tie"),
    ],
)
def test_anything_else_is_no_verdict(reply, message):
    with pytest.raises(VerdictError, match=message):
        read_choice(reply, CHOICES)


@pytest.mark.parametrize(("reply", "number"), [("Verdict: 4", 4), ('{"verdict": 3.5}', 3.5)])
def test_a_number_on_the_scale_is_read(reply, number):
    assert read_number(reply, 1, 5) == number


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("Verdict: 6", "the verdict 6 is not from 1 to 5"),
        ("Verdict: five", "the verdict 'five' is no number"),
        ("Verdict: 4/5", "the verdict '4/5' is no number"),
        ("Verdict: nan", "the verdict 'nan' is no number"),
        ('{"verdict": true}', "the verdict 'True' is no number"),
    ],
)
def test_a_number_off_the_scale_is_no_verdict(reply, message):
    with pytest.raises(VerdictError, match=message):
        read_number(reply, 1, 5)


@given(st.text('verdictVERDICT: AB{}":\n*`', max_size=60))
def test_any_reply_gives_a_choice_or_a_reason(reply):
    with suppress(VerdictError):
        assert read_choice(reply, CHOICES) in CHOICES
