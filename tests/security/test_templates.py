"""What an attacker's template tries: to reach Python, the machine, or never to end."""

from __future__ import annotations

import pytest

from themis.planning.templates import Fields, RenderError, compile_template, template_findings
from themis.testing.kits.timing import cpu_seconds

REACHING = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ item.__class__.__mro__[1].__subclasses__() }}",
    "{{ item['__init__'] }}",
    "{{ item.get.__self__ }}",
    "{{ item.keys.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ range.__class__ }}",
    "{{ dict.__base__ }}",
    "{{ dict.fromkeys.__self__ }}",
    "{{ config }}",
    "{{ request.application.__globals__ }}",
    "{{ '{0.__class__}'.format(item) }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ '%s'.__mod__.__self__ }}",
    "{{ '{x.__class__}'.format_map({'x': 1}) }}",
    "{{ ('{0.__class__}'|safe).format(1) }}",
    "{{ [1]|map(attribute='__class__')|list }}",
    "{{ [{}]|map('attr', '__class__')|list }}",
    "{{ [1]|groupby('__class__') }}",
    "{{ [1]|sum(attribute='__class__') }}",
    "{{ [1]|sort(attribute='__class__.__name__') }}",
    "{{ [1]|selectattr('__class__')|list }}",
    "{{ ['a']|join(attribute='__class__') }}",
    "{% for a in item.__dict__ %}{{ a }}{% endfor %}",
    "{% set x = item.__setattr__ %}{{ x('a', 1) }}",
    "{% do item.update({'a': 1}) %}",
    "{{ item.update({'a': 1}) }}",
    "{{ item.pop('text') }}",
    "{{ [].append(1) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends '/etc/passwd' %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__ }}{{ m._func.__globals__ }}",
    "{{ loop.__class__ }}",
    "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
    "{{ (1).__class__ }}",
    "{{ 'a'.encode().__class__ }}",
    "{{ 'import os'.encode('utf-8').decode.__self__ }}",
    "{{ item.values.__func__ }}",
    "{{ undefined_name.__class__ }}",
]
GREEDY = [
    "{{ 'a' * 10**10 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{{ range(10**9)|list }}",
    "{{ range(10**12)|sum }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{:{w}}'.format(1, w=10**9) }}",
    "{{ 'a'.ljust(10**9) }}",
    "{{ 'a'|center(10**9) }}",
    "{{ 'ab'.replace('', 'x' * 100000).replace('', 'x' * 100000) }}",
    "{{ ('a,' * 100000).split(',')|join('b' * 100000) }}",
    "{% set n = namespace(x='a') %}{% for i in range(64) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(64) %}{% set n.x = [n.x, n.x] %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(30) %}{% set n.x = [n.x] * 9 %}{% endfor %}",
    "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n else 'x' * 1000 }}{% endmacro %}{{ m(40) }}",
    "{{ item.text|indent(10**9) }}",
    "{{ ('a ' * 400000)|wordwrap(1, wrapstring='x' * 100000) }}",
    "{{ [1]|batch(10**9, 0)|list }}",
    "{{ [1]|slice(10**9)|list }}",
    "{{ 1.5|round(10**6) }}",
    "{{ ('a' * 500000)|urlencode|urlencode|urlencode }}",
]


def rendered(source):
    findings = template_findings(source, names=("item",))
    if findings:
        return None
    try:
        return compile_template(source).render({"item": Fields("the item", {"text": "hello"})})
    except RenderError:
        return None


@pytest.mark.parametrize("source", REACHING)
def test_a_template_reaches_nothing_but_its_values(source):
    text = rendered(source) or ""
    for trace in ("<class", "<function", "<built-in", "<bound", "module", "object at", "root:"):
        assert trace not in text
    assert rendered("{{ item.text }}") == "hello"


@pytest.mark.parametrize("source", GREEDY)
def test_a_template_that_wants_too_much_is_stopped(source):
    def render():
        assert len(rendered(source) or "") <= 1_000_000

    assert cpu_seconds(render, allowed=10) < 10


@pytest.mark.parametrize(
    "deep", ["{{ " + "(" * 5000, "{% if 1 %}" * 3000, "{{ " + "-" * 5000 + "1 }}"]
)
def test_a_template_nested_without_end_is_a_finding(deep):
    assert template_findings(deep, names=("item",))
