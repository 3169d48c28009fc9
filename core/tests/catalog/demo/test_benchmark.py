from __future__ import annotations

from pathlib import Path

import themis.catalog.demo
from themis.plugin import PluginRegistry
from themis.specs.files import load_benchmark_file

FILE = Path(themis.catalog.demo.__file__).with_name("benchmark.toml")


def test_the_benchmark_file_is_valid_and_its_dataset_is_beside_it():
    loaded = load_benchmark_file(FILE)
    assert [entry.slice_id for entry in loaded.benchmark.slices] == ["easy", "medium", "hard"]
    for entry in loaded.benchmark.slices:
        assert loaded.resolve(entry.dataset.dataset_id).is_file()


def test_every_component_that_it_names_is_built_in():
    benchmark = load_benchmark_file(FILE).benchmark
    registry = PluginRegistry(plugins=())
    assert all(registry.has_inference_engine(model.provider) for model in benchmark.models)
    for entry in benchmark.slices:
        links = [link for parse in entry.parses for link in parse.extractors]
        assert all(registry.has_extractor(link.id) for link in links)
        metrics = [metric for score in entry.scores for metric in score.metrics]
        assert all(registry.has_metric(metric.id) for metric in metrics)
