from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from themis.errors import ErrorCode, PluginError
from themis.plugin.refs import ComponentRef, normalise, parse_ref, split_model_ref

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True)
VERSIONS = st.sampled_from(["1", "1.4.2", ">=1.2,<2", "==1.*", "~=1.4", "1.5rc1", "2!1.0"])


def test_a_name_alone_accepts_any_version():
    ref = parse_ref("openai")
    assert (ref.name, ref.provider, ref.version) == ("openai", None, None)
    assert all(ref.accepts(Version(number)) for number in ("0.1", "2.0rc1"))


def test_provider_name_and_specifier_are_read():
    ref = parse_ref("themis-openai/openai@>=1.2,<2")
    assert (ref.provider, ref.name, ref.version) == ("themis-openai", "openai", ">=1.2,<2")


@pytest.mark.parametrize(
    ("version", "accepted", "refused"),
    [
        ("1", ["1.0", "1.9.3", "1.5rc1"], ["0.9", "2.0", "10.0"]),
        ("1.4", ["1.4", "1.4.0"], ["1.4.1", "1.3"]),
        (">=1.2, <2", ["1.2", "1.9"], ["1.1", "2.0"]),
        ("2024", ["2024.5"], ["2025.1"]),
    ],
)
def test_digits_are_a_prefix_a_version_is_exact_and_the_rest_a_specifier(
    version, accepted, refused
):
    ref = parse_ref(f"x@{version}")
    assert all(ref.accepts(Version(number)) for number in accepted)
    assert not any(ref.accepts(Version(number)) for number in refused)


def test_references_that_mean_the_same_are_equal():
    assert parse_ref("Themis_OpenAI/Exact_Match@1") == parse_ref("themis-openai/exact.match@==1.*")
    assert hash(parse_ref("A_b")) == hash(parse_ref("a-B"))
    assert parse_ref("a@1") != parse_ref("a@1.0")


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("x@latest", "write 'x'"),
        ("x@*", "write 'x'"),
        ("x@^1", "write 'x@1'"),
        ("x@^1.2.3", "write 'x@>=1.2.3,<2'"),
        ("x@^0.3", "write 'x@>=0.3,<0.4'"),
        ("x@~1.2", "write 'x@==1.2.*'"),
        ("x@1.x", "write 'x@1'"),
        ("x@1.2.*", "write 'x@==1.2.*'"),
        ("x@=1.2", "write 'x@1.2'"),
        ("x@v1", "write 'x@1'"),
        ("x@abc", "write 'x@1', 'x@1.4.2' or 'x@>=1.2,<2'"),
        ("x@", "write 'x'"),
        ("x@1@2", "write 'x@1'"),
        ("x@1/gpt-4", "write 'x@1:gpt-4'"),
        ("x>=1", "write 'x@>=1'"),
        ("x==1.2", "write 'x@==1.2'"),
        ("a/b/c", "write 'a/b'"),
        ("a/b/c@1", "write 'a/b@1'"),
        ("/x@1", "write 'x@1'"),
        ("a/", "write 'a/<name>'"),
        ("", "write '<name>' or '<name>@1'"),
        ("@1", "write '<name>' or '<name>@1'"),
        (" x", "write 'x'"),
        ("two words", "write 'two-words'"),
        ("a b/x", "write 'a-b/x'"),
        ("x:y", "write 'x'"),
    ],
)
def test_a_form_that_is_no_reference_says_what_to_write_instead(text, instead):
    with pytest.raises(PluginError) as caught:
        parse_ref(text)
    assert str(caught.value).startswith(f"{text!r} cannot be used as a reference: ")
    assert str(caught.value).endswith(instead)
    assert caught.value.code is ErrorCode.PLUGIN_INCOMPATIBLE


def test_a_model_id_follows_the_first_colon():
    assert split_model_ref("openai:gpt-4o-mini") == (ComponentRef("openai"), "gpt-4o-mini")
    ref, model = split_model_ref("themis-openai/openai@1:org/model:tag")
    assert (ref.provider, ref.name, ref.version) == ("themis-openai", "openai", "1")
    assert model == "org/model:tag"


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("openai/gpt-4o", "write 'openai:gpt-4o'"),
        ("openai", "write '<engine>:<model id>'"),
        ("openai:", "write 'openai:<model id>'"),
        ("openai@latest:gpt-4o", "write 'openai'"),
    ],
)
def test_a_model_reference_without_its_parts_says_what_to_write(text, instead):
    with pytest.raises(PluginError) as caught:
        split_model_ref(text)
    assert str(caught.value).endswith(instead)


@given(provider=st.none() | NAMES, name=NAMES, version=st.none() | VERSIONS)
def test_a_reference_written_out_reads_back_equal(provider, name, version):
    ref = ComponentRef(name, provider, version)
    assert parse_ref(str(ref)) == ref


@given(NAMES)
def test_normalising_twice_changes_nothing(name):
    assert normalise(normalise(name)) == normalise(name)


@given(st.text(max_size=20))
def test_any_text_is_a_reference_or_a_plugin_error(text):
    with contextlib.suppress(PluginError):
        assert parse_ref(text).name in text
