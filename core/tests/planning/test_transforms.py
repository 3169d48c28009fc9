from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from themis.errors import SpecValidationError
from themis.planning.transforms import ItemTransforms, transform_issues
from themis.specs.dataset import DatasetTransformSpec

HERE = __name__
ADAPTER = TypeAdapter(list[DatasetTransformSpec])


def spec(*transforms: dict[str, Any]) -> list[DatasetTransformSpec]:
    return ADAPTER.validate_python(list(transforms))


def applied(item: dict[str, Any], *transforms: dict[str, Any]) -> dict[str, Any]:
    assert ItemTransforms(spec(*transforms)).apply(item) is None
    return item


def failure(item: dict[str, Any], *transforms: dict[str, Any]) -> str | None:
    return ItemTransforms(spec(*transforms)).apply(item)


def rename(field: str, source_field: str) -> dict[str, Any]:
    return {"kind": "rename", "field": field, "source_field": source_field}


def jinja(field: str, template: str) -> dict[str, Any]:
    return {"kind": "jinja", "field": field, "template": template}


def python(field: str, function: Any, **settings: Any) -> dict[str, Any]:
    return {"kind": "python", "field": field, "config": {"function": function, **settings}}


def test_rename_moves_a_field():
    assert applied({"id": "a", "q": 1}, rename("item_id", "id")) == {"q": 1, "item_id": "a"}


def test_rename_replaces_a_field_of_that_name():
    assert applied({"a": 1, "b": 2}, rename("a", "b")) == {"a": 2}


@pytest.mark.parametrize(
    ("item", "left"),
    [
        ({"meta": {"level": 3, "x": 1}}, {"meta": {"x": 1}, "level": 3}),
        ({"meta.level": 3, "meta": {"level": 4}}, {"meta": {"level": 4}, "level": 3}),
        ({"meta": {"level": 3}, "level": 1}, {"meta": {}, "level": 3}),
    ],
)
def test_rename_takes_a_nested_field_by_its_path(item, left):
    assert applied(item, rename("level", "meta.level")) == left


def test_rename_may_keep_the_name():
    assert applied({"a": 1}, rename("a", "a")) == {"a": 1}


def test_rename_of_a_missing_field_fails_the_item_and_names_its_fields():
    assert failure({"question": 1}, rename("q", "qestion")) == (
        "transform 1 (rename of field 'q'): the item has no field 'qestion' "
        "(did you mean 'question'?); its fields: question"
    )


def test_jinja_writes_a_field():
    item = {"a": 2, "b": "{{ 7*7 }}"}
    assert applied(item, jinja("sum", "{{ item.a }} and {{ item.b }}"))["sum"] == (
        "2 and {{ 7*7 }}"
    )


def test_transforms_apply_in_order():
    item = applied({"q": "x"}, rename("question", "q"), jinja("prompt", "Q: {{ item.question }}"))
    assert item == {"question": "x", "prompt": "Q: x"}


def test_a_template_that_fails_fails_the_item():
    assert failure({"a": 1}, jinja("b", "{{ item.x }}")) == (
        "transform 1 (jinja of field 'b'): line 1: the item has no field 'x'; its fields: a"
    )


def test_what_came_before_a_failure_stays_done():
    item = {"a": 1}
    assert failure(item, rename("b", "a"), rename("d", "c")) is not None
    assert item == {"b": 1}


def difficulty(item: dict[str, Any], *, limit: int = 2) -> str:
    item["scratch"] = True  # its own copy
    return "hard" if len(item["steps"]) > limit else "easy"


def fails(item: dict[str, Any]) -> None:
    raise KeyError("steps")


class Grades:
    @staticmethod
    def of(item: dict[str, Any]) -> tuple[int, ...]:
        return (item["n"], 2)


def test_python_writes_what_a_function_returns():
    item = applied({"steps": [1, 2]}, python("level", f"{HERE}:difficulty"))
    assert item == {"steps": [1, 2], "level": "easy"}


def test_python_hands_the_rest_of_its_config_over():
    item = applied({"steps": [1, 2]}, python("level", f"{HERE}:difficulty", limit=1))
    assert item["level"] == "hard"


def test_python_may_name_a_method_and_its_value_becomes_plain():
    assert applied({"n": 1}, python("grade", f"{HERE}:Grades.of"))["grade"] == [1, 2]


def test_a_function_that_raises_fails_the_item():
    assert failure({}, python("x", f"{HERE}:fails")) == (
        "transform 1 (python of field 'x'): the function raised KeyError: 'steps'"
    )


def test_a_value_without_a_json_form_fails_the_item():
    assert failure({}, python("x", "builtins:iter")) == (
        "transform 1 (python of field 'x'): the value of 'x' is a dict_keyiterator, which has no "
        "JSON form; let the dataset provider convert it"
    )


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (None, 'name the function to call, "package.module:function"; got None'),
        ("json.dumps", "name the function to call, \"package.module:function\"; got 'json.dumps'"),
        (5, 'name the function to call, "package.module:function"; got 5'),
        (
            "no_such_module:f",
            (
                "module 'no_such_module' cannot be imported, ModuleNotFoundError: "
                "No module named 'no_such_module'"
            ),
        ),
        ("json:nope", "module 'json' has no function 'nope'"),
        ("json:decoder.nope", "module 'json' has no function 'decoder.nope'"),
        ("math:pi", "module 'math' has no function 'pi'"),
    ],
)
def test_a_function_that_cannot_be_called_is_found_before_there_is_an_item(function, finding):
    [issue] = transform_issues(spec(python("x", function)))
    assert (issue.key, issue.message) == ("dataset.transforms[0].config.function", finding)


def test_all_findings_come_at_once():
    broken = spec(jinja("a", "{{ nope }}"), rename("b", "c"), jinja("d", "{{ "))
    with pytest.raises(SpecValidationError) as caught:
        ItemTransforms(broken)
    assert [issue.key for issue in caught.value.issues] == [
        "dataset.transforms[0].template",
        "dataset.transforms[2].template",
    ]
    assert "unknown name 'nope'; a template has: item" in str(caught.value)
