from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import themis
from themis.reporting.config_report import generate_config_report
from themis.specs import BenchmarkSpec, InferenceParamsSpec, PostgresBlobStorageSpec, ProjectSpec

FORMATS = ["markdown", "json", "yaml", "latex"]


@pytest.mark.parametrize("report_format", FORMATS)
@pytest.mark.parametrize("verbosity", ["default", "full"])
def test_every_format_names_every_field(
    benchmark: BenchmarkSpec, report_format: str, verbosity: Any
) -> None:
    text = generate_config_report(benchmark, report_format, verbosity=verbosity)
    plain = text.replace(r"\allowbreak{}", "").replace("\\_", "_")
    for name in (*BenchmarkSpec.model_fields, *InferenceParamsSpec.model_fields):
        assert name in plain


@pytest.mark.parametrize("report_format", FORMATS)
def test_credentials_are_in_no_format(benchmark: BenchmarkSpec, report_format: str) -> None:
    store = PostgresBlobStorageSpec(database_url="postgresql://u:hunter2@h/d", blob_root_dir="b")
    config = {"benchmark": benchmark, "project": ProjectSpec(storage=store), "password": "hunter2"}
    text = generate_config_report(config, report_format, verbosity="full")
    assert "hunter2" not in text
    assert "[redacted]" in text


def test_markdown_is_the_default(benchmark: BenchmarkSpec) -> None:
    assert generate_config_report(benchmark) == generate_config_report(benchmark, "markdown")


def test_an_unknown_format_lists_the_known_ones(benchmark: BenchmarkSpec) -> None:
    with pytest.raises(
        KeyError, match="unknown report format 'html'; known are json, latex, markdo"
    ):
        generate_config_report(benchmark, "html")


def test_an_unknown_verbosity_lists_the_known_ones(benchmark: BenchmarkSpec) -> None:
    with pytest.raises(ValueError, match="unknown verbosity 'loud'; use one of default, full"):
        generate_config_report(benchmark, verbosity="loud")


def test_the_report_is_written_and_returned(benchmark: BenchmarkSpec, tmp_path: Path) -> None:
    text = generate_config_report(benchmark, output=tmp_path / "report.md")
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == text
    assert generate_config_report(benchmark, output=str(tmp_path / "again.md")) == text


def test_an_output_that_cannot_be_written_is_an_error(
    benchmark: BenchmarkSpec, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="missing"):
        generate_config_report(benchmark, output=tmp_path / "missing" / "report.md")


@pytest.mark.parametrize("report_format", FORMATS)
def test_the_entry_point_is_in_the_heading(benchmark: BenchmarkSpec, report_format: str) -> None:
    text = generate_config_report(benchmark, report_format, entrypoint="nightly")
    assert "nightly" in text


def test_a_function_may_be_the_entry_point(benchmark: BenchmarkSpec) -> None:
    report = json.loads(generate_config_report(benchmark, "json", entrypoint=json.loads))
    assert report["entrypoint"] == "json:loads"


def test_json_and_yaml_hold_the_same(benchmark: BenchmarkSpec) -> None:
    report = json.loads(generate_config_report(benchmark, "json", verbosity="full"))
    assert yaml.safe_load(generate_config_report(benchmark, "yaml", verbosity="full")) == report


def test_data_nests_specs_in_the_fields_that_hold_them(benchmark: BenchmarkSpec) -> None:
    (section,) = json.loads(generate_config_report(benchmark, "json"))["sections"]
    grid = next(field for field in section["fields"] if field["name"] == "inference_grid")
    params = grid["sections"][0]["fields"][0]["sections"][0]
    tokens = next(field for field in params["fields"] if field["name"] == "max_tokens")
    assert tokens == {
        "path": "inference_grid.params[0].max_tokens",
        "name": "max_tokens",
        "value": 7,
        "default": 1024,
        "required": False,
        "type": "int",
        "description": "The longest output, in tokens.",
        "defined_at": tokens["defined_at"],
    }


def test_full_adds_constraints_and_hashes(benchmark: BenchmarkSpec) -> None:
    (section,) = json.loads(generate_config_report(benchmark, "json", verbosity="full"))["sections"]
    assert section["canonical_hash"] == benchmark.canonical_hash
    samples = next(field for field in section["fields"] if field["name"] == "num_samples")
    assert samples["constraints"] == [">= 1"]


@pytest.mark.parametrize("config", [5, "text", None, BenchmarkSpec])
def test_what_has_no_fields_is_refused(config: Any) -> None:
    with pytest.raises(
        TypeError, match="a configuration is a spec, or a mapping or sequence of spe"
    ):
        generate_config_report(config)


@pytest.mark.parametrize(
    "wrap", [lambda spec: [spec], lambda spec: {"a": spec}, lambda spec: (spec,)]
)
def test_a_bundle_may_be_a_sequence_or_a_mapping(
    benchmark: BenchmarkSpec, wrap: Callable[[Any], Any]
) -> None:
    (section,) = json.loads(generate_config_report(wrap(benchmark), "json"))["sections"]
    assert section["kind"] == "BenchmarkSpec"


def test_the_root_package_gives_the_function() -> None:
    assert themis.generate_config_report is generate_config_report
