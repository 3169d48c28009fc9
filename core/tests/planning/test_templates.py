from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.planning.templates import Fields, RenderError, compile_template, template_findings

ITEM = {"question": "Why?", "values": [1, 2], "n": 3, "meta": {"level": "easy"}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def render(source: str, **values: Any) -> str:
    return compile_template(source).render({"item": Fields("the item", ITEM), **values})


def failure(source: str, **values: Any) -> str:
    with pytest.raises(RenderError) as caught:
        render(source, **values)
    return str(caught.value)


def test_a_field_is_inserted_as_it_is():
    assert render("Q: {{ item.question }} & <b>", item={"question": "1 < 2 & 3"}) == (
        "Q: 1 < 2 & 3 & <b>"
    )


@given(st.text())
def test_text_of_an_item_is_never_rendered_as_a_template(text):
    hostile = text + "{{ 7*7 }}{% for i in x %}{# #}"
    assert render("{{ item.q }}", item={"q": hostile}) == hostile


@given(JSON)
def test_json_of_any_value_is_its_plain_json(value):
    import json

    assert render("{{ item.v|tojson }}", item={"v": value}) == json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("name", ["values", "items", "keys", "get", "copy", "pop"])
def test_a_field_named_like_a_method_is_the_field(name):
    assert render("{{ item." + name + " }}", item={name: "mine"}) == "mine"


def test_methods_of_a_dict_are_there_where_no_field_has_the_name():
    assert render("{% for k, v in item.meta.items() %}{{ k }}={{ v }}{% endfor %}") == "level=easy"
    assert render("{{ item.get('nope', 'none') }}") == "none"


def test_a_missing_field_is_named_with_the_fields_there_are():
    assert failure("ok\n{{ item.qestion }}") == (
        "line 2: the item has no field 'qestion' (did you mean 'question'?); "
        "its fields: question, values, n, meta"
    )


def test_a_missing_inner_field_is_named_too():
    assert failure("{{ item.meta.topic }}") == (
        "line 1: the value there has no field 'topic'; its fields: level"
    )


def test_only_the_first_fields_of_a_wide_item_are_listed():
    wide = Fields("the item", {f"f{n}": n for n in range(50)})
    assert failure("{{ item.x }}", item=wide).endswith("f18, f19, ...")


def test_an_index_past_the_end_of_a_list_is_an_error():
    assert failure("{{ item['values'][9] }}") == "line 1: a value of type list has no 9"


def test_default_and_defined_work_on_a_missing_field():
    assert render("{{ item.x|default('d') }}{{ item.x is defined }}") == "dFalse"


def test_a_method_without_its_parentheses_is_an_error_and_no_address():
    assert failure("{{ item.question.upper }}") == (
        "line 1: TypeError: a builtin_function_or_method cannot be written; call it with (), "
        "or use the filter `list`"
    )


def test_bytes_are_no_text_and_say_where_to_make_it_of_them():
    item = Fields("the item", {"page": b"%PDF"})
    assert failure("{{ item.page }}", item=item) == (
        "line 1: TypeError: bytes are no text; decode the field where the dataset is read, or "
        "write another"
    )


def test_an_operation_that_fails_says_what_python_says():
    assert failure("{{ item.n + 'a' }}").startswith("line 1: TypeError: unsupported operand")


def test_a_template_of_text_alone_is_constant():
    assert compile_template("You are careful.").constant == "You are careful."
    assert compile_template("{{ item.n }}").constant is None
    assert compile_template("{% if item.n %}x{% endif %}").constant is None
    assert compile_template("").constant == ""


def test_names_and_fields_that_are_read_are_known():
    template = compile_template("{{ item.a }}{{ item['b'] }}{{ params.x }}")
    assert template.reads == {"item", "params"}
    assert template.fields_read("item") == {"a", "b"}
    assert template.fields_read("slice") == set()


@pytest.mark.parametrize("source", ["{{ item[params.k] }}", "{{ item|tojson }}", "{{ item[0] }}"])
def test_fields_are_unknown_where_any_may_be_read(source):
    assert compile_template(source).fields_read("item") is None


NAMES = ("item", "params")


def test_unknown_names_are_all_found_with_near_ones():
    findings = template_findings("{{ itm.x }}\n{{ question }}{{ item.ok }}", names=NAMES)
    assert findings == [
        "line 1: unknown name 'itm' (did you mean 'item'?); a template has: item, params",
        "line 2: unknown name 'question'; a template has: item, params",
    ]


def test_a_syntax_error_has_its_line():
    assert template_findings("fine\n{{ item.x ", names=NAMES) == [
        "line 2: unexpected end of template, expected 'end of print statement'."
    ]


def test_an_unknown_filter_is_found_before_anything_is_rendered():
    assert template_findings("{{ item.x|random }}", names=NAMES) == [
        "line 1: No filter named 'random'."
    ]


@pytest.mark.parametrize(
    "source", ["{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as y %}"]
)
def test_a_template_cannot_reach_another(source):
    assert template_findings("\n" + source, names=NAMES) == [
        "line 2: a template cannot include, import or extend another"
    ]


def test_names_that_a_template_sets_itself_are_known():
    source = "{% set x = 1 %}{% for y in item.ys %}{{ x + y + loop.index }}{% endfor %}"
    assert template_findings(source, names=NAMES) == []


def test_a_template_nested_too_deeply_is_a_finding():
    assert template_findings("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", names=NAMES) == [
        "the template is nested too deeply"
    ]


@pytest.mark.parametrize(
    "source", ["Say {{ item.q }}, {{ item['q'] }}!", "Say {{ item.q }}, {{ item.q | upper }}!"]
)
def test_a_template_that_only_inserts_fields_reads_like_any_other(source):
    values = {"item": Fields("the item", {"q": "a"})}
    assert compile_template(source).render(values).casefold() == "say a, a!"


def test_inserted_fields_may_have_a_million_characters_together():
    template = compile_template("{{ item.q }}{{ item.q }}{{ item.q }}{{ item.q }}{{ item.q }}")
    assert len(template.render({"item": Fields("the item", {"q": "x" * 200_000})})) == 1_000_000
    with pytest.raises(RenderError, match="longer than"):
        template.render({"item": Fields("the item", {"q": "x" * 300_000})})
