"""What anybody may hand over is read or refused: with a ThemisError, and in time."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from themis.testing.kits.timing import cpu_seconds

from .seeds import SEEDS, WORDS
from .targets import TARGETS

EXAMPLES = int(os.environ.get("THEMIS_FUZZ_EXAMPLES", "100"))


@st.composite
def mutated(draw, seeds):
    """A whole input with pieces cut out, repeated, and put in."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        piece = draw(st.one_of(st.sampled_from(WORDS), st.binary(max_size=8)))
        data = data[:start] + piece * draw(st.integers(0, 3)) + data[end:]
    return data


def inputs(name):
    pieces = st.lists(st.sampled_from(WORDS), max_size=40).map(b"".join)
    return st.one_of(mutated(SEEDS[name]), pieces, st.binary(max_size=200))


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_parser_reads_or_refuses_whatever_it_is_given(name):
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=inputs(name))
    def check(data):
        TARGETS[name](data)

    check()


BOMBS = {
    "refs": lambda n: b"a@^" + b"9" * n + b".1",
    "toml": lambda n: b".".join([b"a"] * n) + b" = 1",
    "toml header": lambda n: b"[" + b" . ".join([b"a"] * n) + b"]",
    "toml quoted": lambda n: b"x = { " + b".".join([b'"a"'] * n) + b" = 1 }",
    "toml quotes": lambda n: b'x = 1 # """\ny = """' + b'\\"' * n,
    "toml arrays": lambda n: b"x = " + b"[" * n + b"]" * n,
    "toml number": lambda n: b"x = 0x" + b"f" * n,
    "yaml merges": lambda n: (
        b"e: &e {}\nb: &b {"
        + b", ".join(b"k%d: 1" % i for i in range(n // 16))
        + b"}\nm:\n  <<: [*b, "
        + b"*e, " * (n // 16)
        + b"]"
    ),
    "yaml flows": lambda n: b"x: " + b"[" * n,
    "yaml entries": lambda n: b"- " * n,
    "yaml number": lambda n: b"x: 0x" + b"f" * n,
    "json depth": lambda n: b'{"a":' * n + b"1" + b"}" * n,
    "json list": lambda n: b'{"a": [' + b"1," * n + b"1]}",
    "canonical": lambda n: b'{"$map":' * n + b"{}" + b"}" * n,
    "extractors braces": lambda n: b'{"a":' * n,
    "extractors brackets": lambda n: b"[" * n + b"]" * (n // 2),
    "extractors boxes": lambda n: b"\\boxed{" * n,
    "extractors fractions": lambda n: b"\\frac" * n,
    "extractors numbers": lambda n: b"1,111" * n + b"/" * n,
    "extractors answers": lambda n: b"answer is " * n,
    "extractors spaces": lambda n: b"answer is" + b" " * n + b"x",
    "extractors letters": lambda n: b"(A) or " * n,
    "verdicts": lambda n: b"verdict: " + b"a " * n + b"\n" + b"verdict:" * n,
    "verdicts json": lambda n: b'{"verdict": ' * n,
    "rows_csv fields": lambda n: b",".join(b"f%d" % i for i in range(n)),
    "rows_csv quotes": lambda n: b'"' * n,
    "rows_json depth": lambda n: b'[{"a":' * n,
    "rows_json string": lambda n: b'[{"a":"' + b"x" * (20 * n),
    "rows_jsonl depth": lambda n: b"[" * n,
    "hand_off depth": lambda n: b"[" * n,
    "lock": lambda n: b"[" + b".".join([b"a"] * n) + b"]",
}


@pytest.mark.parametrize("bomb", sorted(BOMBS))
def test_ten_times_the_input_takes_no_hundred_times_as_long(bomb):
    target = TARGETS[bomb.split()[0]]
    large = _cost(target, BOMBS[bomb](20_000))
    if large > 0.5:
        small = _cost(target, BOMBS[bomb](2_000))
        assert large < 30 * small, f"{small:.3f} s, then {large:.3f} s"


def _cost(target, data):
    return cpu_seconds(lambda: target(data), allowed=0.5)
