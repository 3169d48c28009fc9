from __future__ import annotations

import math
import time
import tracemalloc
from typing import Any

import pytest

from themis.planning import template_limits
from themis.planning.templates import RenderError, compile_template

TOO_LONG = "the text would be longer than 1,000,000 characters"
TOO_MANY = "the template takes too many steps; it loops over too much"
DOUBLING = "{% set ns = namespace(s=START) %}{% for i in range(60) %}STEP{% endfor %}END"


def failure(source: str, **item: Any) -> str:
    with pytest.raises(RenderError) as caught:
        compile_template(source).render({"item": item})
    return str(caught.value).removeprefix("line 1: ")


def doubling(start: str, step: str, end: str = "") -> str:
    return DOUBLING.replace("START", start).replace("STEP", step).replace("END", end)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10**9 * 'a' }}",
        "{{ 'a'.ljust(10**9) }}",
        "{{ 'a'.rjust(10**9) }}",
        "{{ 'a'.center(10**9) }}",
        "{{ 'a'.zfill(10**9) }}",
        "{{ '\t'.expandtabs(10**9) }}",
        "{{ 'a'|center(10**9) }}",
        "{{ 'a'|indent(10**9, true) }}",
        "{{ ('a%c' % 10)|indent('b' * 600000, true) }}",
        "{{ ('a' * 1000).replace('a', 'b' * 100000) }}",
        "{{ ('a' * 1000)|replace('a', 'b' * 100000) }}",
        "{{ ('a b ' * 1000)|wordwrap(1, wrapstring='x' * 100000) }}",
        "{{ ','.join(['a' * 600000, 'a' * 600000]) }}",
        "{{ ['a' * 900, 'b' * 900]|join('c' * 999999) }}",
        "{{ '%s%s' % ('a' * 600000, 'a' * 600000) }}",
        "{{ '%s%s'|format('a' * 600000, 'a' * 600000) }}",
        "{{ '{0}{0}'.format('a' * 600000) }}",
        "{{ ('a' * 600000) + ('b' * 600000) }}",
        "{{ ('a' * 600000) ~ ('b' * 600000) }}",
        "{{ 'a' * 600000 }}{{ 'b' * 600000 }}",
        "{% for i in range(100000) %}{{ 'a' * 900 }}{% endfor %}",
        "{% macro a(x) %}{{ x }}{{ x }}{% endmacro %}{{ " + "a(" * 40 + "'x'" + ")" * 40 + " }}",
        "{% set x %}{% for i in range(9) %}{{ 'a' * 200000 }}{% endfor %}{% endset %}",
        doubling("'a'", "{% set ns.s = ns.s ~ ns.s %}"),
        doubling("'a'", "{% set ns.s = ns.s + ns.s %}"),
        doubling("'a'", "{% set ns.s %}{{ ns.s }}{{ ns.s }}{% endset %}"),
    ],
)
def test_text_that_grows_is_stopped_before_it_is_made(source):
    tracemalloc.start()
    assert failure(source) == TOO_LONG
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "source",
    [
        doubling("[1]", "{% set ns.s = [ns.s, ns.s] %}", "{{ ns.s }}"),
        doubling("[1]", "{% set ns.s = (ns.s, ns.s) %}", "{{ ns.s|upper }}"),
        doubling("[1]", "{% set ns.s = {1: ns.s, 2: ns.s} %}", "{{ ns.s|tojson }}"),
        doubling("[1]", "{% set ns.s = dict(a=ns.s, b=ns.s) %}"),
        doubling("[1]", "{% set ns.s = ns.s|batch(2, ns.s)|list %}", "{{ ns.s == ns.s }}"),
        doubling("[1]", "{% set ns.s = ns.s + ns.s %}"),
    ],
)
def test_lists_that_hold_each_other_are_stopped_before_they_are_walked(source):
    started = time.perf_counter()
    assert failure(source) == TOO_LONG
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ '%1000000000d' % 1 }}", "a format's width may be at most 1000; got 1000000000"),
        ("{{ '%*d' % (10**9, 1) }}", "a format's width may be at most 1000; got *"),
        ("{{ '%.99999f'|format(1) }}", "a format's width may be at most 1000; got 99999"),
        ("{{ '{:99999d}'.format(1) }}", "a format's width may be at most 1000; got 99999"),
        (
            "{{ '{:{}d}'.format(1, 10**9) }}",
            "a format may not take its width from a value: '{}d'",
        ),
        ("{{ 'a'.format_map({}) }}", ("a template may not call str.format_map(); "
         "use str.format(**values)")),
        ("{{ [1] * 10**9 }}", "a template may not multiply list by int"),
        ("{{ (1).to_bytes(10**9, 'big') }}", "a template may not call int.to_bytes()"),
        ("{{ 'a'.translate({97: 'b'}) }}", "a template may not call str.translate()"),
        ("{{ '\t'.expandtabs(tabsize=10**9) }}", ("pass the arguments of str.expandtabs() by "
         "position")),
        ("{{ [1]|batch(10**9, 1)|list }}", ("1,000,000,000 is too many; a template may ask for "
         "100,000")),
        ("{{ [1]|slice(10**9)|list }}", ("1,000,000,000 is too many; a template may ask for "
         "100,000")),
        ("{{ 1.5|round(10**9, 'ceil') }}", "1,000,000,000 is too many; a template may ask for 100"),
        ("{{ {'a': 1}|tojson(indent=10**9) }}", ("1,000,000,000 is too many; a template may ask "
         "for 16")),
        ("{{ 10 ** (10 ** 8) }}", "a number would have more than 16384 bits (**)"),
        (doubling("10", "{% set ns.s = ns.s * ns.s %}"), ("a number would have more than 16384 "
         "bits (*)")),
        ("{{ [[1], [2]]|sum(start=[]) }}", "TypeError: sum adds numbers; got list"),
    ],
)  # fmt: skip
def test_operations_without_a_bound_are_refused(source, message):
    assert failure(source) == message


def test_a_range_is_bounded():
    assert "Range too big" in failure("{{ range(10**9)|list }}")


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        (
            "{% macro a() %}{% endmacro %}"
            "{% for i in range(9999) %}{% for j in range(999) %}{{ a() }}{% endfor %}{% endfor %}"
        ),
        "{% for i in range(100) %}{% for j in range(99999) if false %}{% endfor %}{% endfor %}",
        "{% for i in range(9999) %}{% set x = range(100000)|list %}{% endfor %}",
        "{% set x %}{% for i in range(1000) %}{{ 'a' * (900000 - i) }}{% endfor %}{% endset %}",
    ],
)
def test_work_without_output_is_bounded_too(source, monkeypatch):
    monkeypatch.setattr(template_limits, "MAX_SECONDS", math.inf)  # the steps alone are enough
    started = time.process_time()
    assert failure(source) in {TOO_MANY, TOO_LONG}
    assert time.process_time() - started < 9.5


@pytest.mark.parametrize(
    "source",
    [
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% for x in [1] recursive %}{{ loop([1, 2]) }}{{ loop([1]) }}{% endfor %}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    ],
)
def test_recursion_without_an_end_is_an_error(source):
    assert "recursion" in failure(source)


def test_a_slow_template_meets_the_deadline(monkeypatch):
    monkeypatch.setattr(template_limits, "MAX_SECONDS", 0.0)
    assert failure("{% for i in range(5000) %}{% endfor %}") == (
        "the template takes longer than 0 seconds"
    )


def test_a_long_item_may_be_inserted_whole():
    text = "x" * 3_000_000
    rendered = compile_template("<doc>{{ item.text }}</doc>").render({"item": {"text": text}})
    assert rendered == f"<doc>{text}</doc>"


def test_a_long_item_may_not_be_multiplied():
    assert failure("{% for i in range(9) %}{{ item.text }}{% endfor %}", text="x" * 3_000_000) == (
        "the text would be longer than 12,000,008 characters"
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 'ab' * 3 }}", "ababab"),
        ("{{ 2 ** 10 }} {{ 7 % 4 }} {{ 3 * 2.5 }}", "1024 3 7.5"),
        ("{{ '%05.1f|%s' % (2.25, 'x') }}", "002.2|x"),
        ("{{ '{:>5}|{!r}'.format('a', 'b') }}", "    a|'b'"),
        ("{{ 'a,b'.split(',')|join(' ') }}", "a b"),
        ("{{ 'a'.ljust(3) ~ '|' }}", "a  |"),
        ("{{ 'a\tb'.expandtabs(4) }}", "a   b"),
        ("{{ 'aXa'.replace('X', 'y') }}{{ 'aXXa'|replace('X', '', 1) }}", "ayaaXa"),
        ("{{ 'a\nb'|indent(2, true) }}", "  a\n  b"),
        ("{{ 'ab cd'|wordwrap(2) }}", "ab\ncd"),
        ("{{ [1, 2, 3]|batch(2, 0)|list }}", "[[1, 2], [3, 0]]"),
        ("{{ [1, 2, 3]|slice(2)|list }}", "[[1, 2], [3]]"),
        ("{{ [{'a': 1}, {'a': 2}]|sum('a') }}", "3"),
        ("{{ [{'a': 1}, {'a': 2}]|map(attribute='a')|join('+') }}", "1+2"),
        ("{{ [{'a': 1}, {'a': 2}]|join('+', 'a') }}", "1+2"),
        ("{{ 2.567|round(2) }} {{ [3, 1]|sort|string }}", "2.57 [1, 3]"),
        ("{{ 'x'|center(5) }}|{{ '%d%%'|format(5) }}", "  x  |5%"),
        ("{% for i in range(6) if i is even %}{{ i }}{% endfor %}", "024"),
        ("{{ {'b': 'é<', 'a': [1]}|tojson }}", '{"b": "é<", "a": [1]}'),
        ("{% for a, b in [(1, 2), (3, 4)] %}{{ a ~ b }} {% endfor %}", "12 34 "),
        ("{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m('y') }}", "[y]"),
        ("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}", "ab"),
    ],
)
def test_what_is_bounded_still_works(source, text):
    assert compile_template(source).render({}) == text
