from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.math_text import math_number, math_value, plain_math


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\frac{1}{2}", 0.5),
        (r"\dfrac12", 0.5),
        (r"-\frac{3}{4}", -0.75),
        (r"2\frac{1}{2}", 2.5),
        ("-2 1/2", -2.5),
        (r"\$1{,}000.", 1000),
        (r"1000 \text{ dollars}", 1000),
        (r"5\text{ cm}^2", 5),
        ("42 apples", 42),
        ("x = -5", -5),
        (r"50\%", 50),
        (r"90^\circ", 90),
        (r"1.5 \times 10^{3}", 1500.0),
        ("5 x 10^2", 500.0),
        ("**42**", 42),
    ],
)
def test_a_number_is_one_however_it_is_written(text, value):
    assert math_value(text) == value


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"\sqrt2", r"\sqrt{2}"),
        (r"\left( \frac{\pi}{2}, 3 \right)", r"(\frac{\pi}{2},3)"),
        ("x + 1", "x+1"),
        (r"\text{Evelyn  Smith}", "Evelyn Smith"),
        ("1/0", "1/0"),
        ("2, 3", "2,3"),
        ("3:30", "3:30"),
        ("", ""),
    ],
)
def test_what_is_no_number_gets_one_spelling(text, plain):
    assert math_value(text) == plain


def test_a_long_text_is_left_as_it_is():
    assert plain_math("1 " * 600) == "1 " * 600
    assert math_number("1" + " " * 1000) is None


@given(st.text(r"\fractex{}$ ^.0123456789,/-+=x%", max_size=50))
def test_any_text_has_a_plain_spelling(text):
    assert isinstance(math_value(text), (int, float, str))
