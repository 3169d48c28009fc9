from __future__ import annotations

import subprocess
import sys

import pytest
import sacrebleu

from themis.builtins.metrics.bleu import Bleu, BleuSettings


def test_bleu_is_sacrebleus_sentence_score_over_all_references(trial, said):
    text, references = "the cat sat on the mat", ["a cat sat on the mat", "the cat is on a mat"]
    expected = sacrebleu.sentence_bleu(text, references, use_effective_order=True).score / 100
    assert 0 < expected < 1
    score = Bleu().score(trial, said(text), {"answer": references})
    assert score.value == pytest.approx(expected)


def test_case_can_be_left_out(trial, said):
    item = {"answer": "The Cat Sat Down"}
    assert Bleu().score(trial, said("the cat sat down"), item).value < 0.1
    assert Bleu({"lowercase": True}).score(trial, said("the cat sat down"), item).value == 1.0


def test_the_version_of_sacrebleu_is_part_of_its_identity():
    assert BleuSettings().model_dump()["sacrebleu_version"] == sacrebleu.__version__


def test_without_the_package_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['sacrebleu'] = None\n"
        "from themis.builtins.metrics.bleu import Bleu; Bleu()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1].endswith("pip install 'themis-framework[bleu]'")
