from __future__ import annotations

import datetime as dt
import enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from themis.records import Message, TrialSpec
from themis.reporting.config_report_tree import ConfigReport, ReportField, build_report
from themis.specs import BenchmarkSpec, InferenceParamsSpec, ModelSpec, ProjectSpec


def report_of(config: Any) -> ConfigReport:
    return build_report(config, entrypoint=None, full=False)


def field_of(config: Any, name: str) -> ReportField:
    (section,) = report_of(config).sections
    return next(field for field in section.fields if field.name == name)


def test_a_bundle_of_specs_has_a_section_for_each_and_none_of_its_own(
    benchmark: BenchmarkSpec,
) -> None:
    report = report_of({"project": ProjectSpec(), "benchmarks": [benchmark, benchmark]})
    assert [(s.path, s.kind) for s in report.sections] == [
        ("project", "ProjectSpec"),
        ("benchmarks[0]", "BenchmarkSpec"),
        ("benchmarks[1]", "BenchmarkSpec"),
    ]


def test_other_values_in_a_bundle_are_shown_beside_the_specs() -> None:
    (section,) = report_of({"project": ProjectSpec(), "seed": 3}).sections
    assert [field.value for field in section.fields] == [None, 3]
    assert [inner.kind for inner in section.fields[0].sections] == ["ProjectSpec"]


def test_an_empty_bundle_has_an_empty_section() -> None:
    (section,) = report_of({}).sections
    assert section.fields == ()


def test_records_are_reported_like_specs() -> None:
    trial = TrialSpec(
        trial_hash="h",
        benchmark_id="b",
        slice_id="s",
        item_id="i",
        prompt_variant_id="v",
        model=ModelSpec(model_id="m", provider="p"),
        params=InferenceParamsSpec(),
        follow_ups=((Message("user", "again"),),),
    )
    assert [inner.path for inner in field_of(trial, "follow_ups").sections] == ["follow_ups[0][0]"]
    assert field_of(trial, "model").sections[0].kind == "ModelSpec"


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Colour.RED, "red"),
        (Path("a/b"), "a/b"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (float("inf"), "inf"),
        ({"b", "a"}, ["a", "b"]),
        (b"x", "b'x'"),
        (SecretStr("hunter2"), "[redacted]"),
        ({"token": "hunter2", "max_tokens": 5}, {"token": "[redacted]", "max_tokens": 5}),
    ],
)
def test_every_value_becomes_a_plain_one(value: object, shown: object) -> None:
    assert field_of({"x": value}, "x").value == shown


def test_a_secret_default_is_masked() -> None:
    class Config(BaseModel):
        api_key: SecretStr = SecretStr("hunter2")
        password: str = "hunter2"

    (section,) = report_of(Config()).sections
    assert [field.default for field in section.fields] == ["[redacted]", "[redacted]"]


def test_a_bundle_inside_itself_is_refused() -> None:
    bundle: dict[str, Any] = {"spec": ProjectSpec()}
    bundle["self"] = bundle
    with pytest.raises(ValueError, match="nested more than 64 levels deep"):
        report_of(bundle)
