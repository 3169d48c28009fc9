from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins.normalization import NormalizationSettings, normalized, squad_tokens

DEFAULT = NormalizationSettings()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("The U.S.A.", "usa"),
        ("-1,000.50!", "-1000.50"),
        ("well-known", "wellknown"),
        ("a_b", "ab"),
        ("Stra\u00dfe", "strasse"),
        ("\uff21\uff22", "ab"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),
        ("$5 + 3%", "5 3"),
    ],
)
def test_what_does_not_count_goes_and_the_rest_stays(text, form):
    assert normalized(text, DEFAULT) == form


def test_unicode_forms_can_be_told_apart():
    assert normalized("\uff21", NormalizationSettings(unicode_form="NFC")) == "\uff41"
    plain = NormalizationSettings(unicode_form="none")
    assert normalized("e\u0301", plain) != normalized("\u00e9", plain)


@given(st.text(max_size=60))
def test_a_normal_form_has_only_single_spaces(text):
    form = normalized(text, DEFAULT)
    assert form == " ".join(form.split())


def test_squad_tokens_are_those_of_its_evaluation():
    assert squad_tokens("An apple, the U.S. -- a pie's") == ["apple", "us", "pies"]
    assert squad_tokens("An apple", articles=True) == ["an", "apple"]
