from __future__ import annotations

import subprocess
import sys

import pytest

from themis.builtins.metrics.edit_distance import Levenshtein
from themis.errors import MetricError


def test_similarity_is_one_less_the_share_of_edits(trial, said):
    score = Levenshtein().score(trial, said("kitten"), {"answer": "sitting"})
    assert score.value == pytest.approx(1 - 3 / 7)
    assert score.details == {"distance": 3}


def test_two_empty_texts_are_equal(trial, said):
    assert Levenshtein().score(trial, said(" "), {"answer": ""}).value == 1.0


def test_case_and_white_space_can_be_set(trial, said):
    assert Levenshtein({"ignore_case": True}).score(trial, said("AB"), {"answer": "ab"}).value == 1
    assert Levenshtein({"strip": False}).score(trial, said("a "), {"answer": "a"}).value == 0.5


def test_a_text_over_the_limit_is_an_error(trial, said):
    with pytest.raises(MetricError, match="levenshtein: 3 characters are more than max_chars=2"):
        Levenshtein({"max_chars": 2}).score(trial, said("abc"), {"answer": "a"})


def test_without_the_package_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['rapidfuzz'] = None\n"
        "from themis.builtins.metrics.edit_distance import Levenshtein; Levenshtein()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1].endswith("pip install 'themis-framework[levenshtein]'")
