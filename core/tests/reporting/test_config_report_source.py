from __future__ import annotations

import inspect
from pathlib import Path

from themis.reporting.config_report_source import Sources
from themis.specs import InferenceParamsSpec, MetricRefSpec


def line_at(place: str, cls: type) -> str:
    module, line = place.split(":")
    source = inspect.getsourcefile(cls)
    assert source is not None
    assert module == cls.__module__
    return Path(source).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip()


def test_a_field_is_found_in_the_class_that_has_it() -> None:
    place = Sources().of_field(InferenceParamsSpec, "top_p")
    assert line_at(place, InferenceParamsSpec).startswith("top_p: float | None")


def test_a_class_is_found_at_its_own_line() -> None:
    place = Sources().of_class(InferenceParamsSpec)
    assert line_at(place, InferenceParamsSpec) == "class InferenceParamsSpec(Spec):"


def test_an_inherited_field_is_found_where_it_is_written() -> None:
    place = Sources().of_field(MetricRefSpec, "config")
    assert line_at(place, MetricRefSpec).startswith("config: Settings")


def test_a_class_without_source_is_placed_in_its_module() -> None:
    made = type("Made", (), {"__module__": "made.up"})
    assert Sources().of_class(made) == "made.up"
    assert Sources().of_field(made, "x") == "made.up"
    assert Sources().of_class(int) == "builtins"
