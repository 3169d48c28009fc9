"""Whatever is typed, the template makes names and strings of it that are valid."""

from __future__ import annotations

import ast
import doctest
import keyword
import sys
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name, is_normalized_name

from themis.plugin.refs import parse_ref

LIKELY_TROUBLE = ("class", "themis", "Themis-Framework", "builtin", "3d", "json", "--", "", "漢字")
typed = st.one_of(
    st.sampled_from(LIKELY_TROUBLE),
    st.text(max_size=80),
    st.text(alphabet="My-_. '\"\\🎉漢3", max_size=40),
)


@settings(deadline=None)
@given(text=typed)
def test_a_distributions_name_is_normalised(names, text):
    name = names.distribution_name(text)
    assert is_normalized_name(name)
    assert names.distribution_name(name) == name == canonicalize_name(name)
    assert name.startswith("themis-")
    assert len(name) <= 60


@settings(deadline=None)
@given(text=typed)
def test_a_packages_name_can_be_imported(names, text):
    name = names.package_name(text)
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert name not in {*sys.stdlib_module_names, "themis"}


@settings(deadline=None)
@given(text=typed)
def test_a_components_name_can_be_referred_to(names, text):
    name = names.component_name(text)
    assert parse_ref(f"themis-x/{name}@1").name == name


@settings(deadline=None)
@given(text=typed)
def test_strings_are_read_back_as_the_text_on_one_line(names, text):
    line = names.one_line(text)
    assert line.isprintable()
    assert ast.literal_eval(names.python_string(text)) == line
    assert tomllib.loads(f"x = {names.toml_string(text)}") == {"x": line}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("My--Plugin", "themis-my-plugin"),
        ("Themis YAML", "themis-yaml"),
        ("themis", "themis-plugin"),
        ("themis-framework", "themis-framework-plugin"),
        ("builtin", "themis-builtin-plugin"),
        ("🎉", "themis-my-plugin"),
    ],
)
def test_names_that_mean_something_else_are_not_taken(names, typed, name):
    assert names.distribution_name(typed) == name


def test_the_examples_of_the_names_work(names):
    assert doctest.testmod(names).failed == 0
