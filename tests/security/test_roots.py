"""A file from elsewhere reads and writes below its own folder, and nowhere else."""

from __future__ import annotations

import json
import os

import pytest

from themis.builtins.datasets.local import LocalDatasetConfig, LocalDatasetProvider
from themis.errors import ItemError, SpecValidationError, StorageError
from themis.experiment.experiment import Experiment
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec
from themis.specs.files import load_benchmark_file
from themis.storage.blobs import MemoryBlobs
from themis.storage.payloads import PayloadFormat
from themis.storage.schema import Encoding

ROW = json.dumps({"item_id": "a", "q": "1", "input": "1"}) + "\n"

BENCHMARK = {
    "benchmark_id": "b",
    "inference_grid": {"params": [{}]},
    "models": [{"model_id": "m", "provider": "echo"}],
    "prompt_variants": [{"id": "p", "messages": [{"role": "user", "content": "{{ item.q }}"}]}],
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder of a file, beside one with somebody's secrets, with links to it."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "test.jsonl").write_text(ROW)
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data" / "test.jsonl").write_text(ROW)
    (home / "file.jsonl").symlink_to(secrets / "test.jsonl")
    (home / "folder").symlink_to(secrets)
    (home / "mixed").mkdir()
    (home / "mixed" / "test.jsonl").symlink_to(secrets / "test.jsonl")
    (home / "loop").symlink_to(home / "loop")
    monkeypatch.setenv("HOME", str(secrets))
    monkeypatch.delenv("THEMIS_DATA_ROOTS", raising=False)
    return home


OUTSIDE = [
    {"data_dir": "../secrets"},
    {"data_dir": "data/../../secrets"},
    {"data_dir": "{secrets}"},
    {"data_dir": "~"},
    {"data_dir": "folder"},
    {"data_dir": "mixed"},
    {"data_dir": "loop/x"},
    {"data_dir": "a\0b"},
    {"dataset_id": "../secrets/test.jsonl"},
    {"dataset_id": "file.jsonl"},
    {"dataset_id": "folder/test.jsonl"},
    {"data_dir": "data", "dataset_id": "../../secrets"},
    {"data_dir": "data", "dataset_id": "{secrets}/test.jsonl"},
    {"source": "huggingface", "dataset_id": "json", "data_dir": "{secrets}"},
    {"source": "huggingface", "dataset_id": "{secrets}"},
    {"source": "huggingface", "dataset_id": "~/x"},
    {"source": "another", "dataset_id": "../secrets"},
]


def written(home, dataset):
    fields = {"source": "local", **dataset}
    return {key: text.format(secrets=home.parent / "secrets") for key, text in fields.items()}


def benchmark_file(home, dataset):
    entry = {"slice_id": "s", "dataset": written(home, dataset), "generation": {}}
    path = home / "benchmark.json"
    path.write_text(json.dumps({**BENCHMARK, "slices": [entry]}))
    return path


def experiment_file(home, dataset):
    path = home / "experiment.json"
    fields = {
        "generation": {"generator": "echo:m"},
        "evaluation": {"metrics": "exact_match"},
        "datasets": [{"source": written(home, dataset)}],
    }
    path.write_text(json.dumps(fields))
    return path


@pytest.mark.parametrize("dataset", OUTSIDE, ids=str)
def test_a_benchmark_file_cannot_have_other_files_read_as_data(home, dataset):
    place = r"benchmark\.json:1:\d+: slices\[0\]\.dataset\.(data_dir|dataset_id): "
    with pytest.raises(SpecValidationError, match=place + ".*(leads out of|is no path)"):
        load_benchmark_file(benchmark_file(home, dataset))


@pytest.mark.parametrize("dataset", OUTSIDE, ids=str)
def test_an_experiment_file_cannot_have_other_files_read_as_data(home, dataset):
    place = r"experiment\.json:1:\d+: datasets\[0\]\.source\.(data_dir|dataset_id): "
    with pytest.raises(SpecValidationError, match=place + ".*(leads out of|is no path)"):
        Experiment.from_config(experiment_file(home, dataset))


@pytest.mark.parametrize(
    "dataset",
    [
        {"data_dir": "data"},
        {"data_dir": "."},
        {"data_dir": "not-there"},
        {"data_dir": "data", "dataset_id": "a mere label"},
        {"source": "huggingface", "dataset_id": "openai/gsm8k"},
        {"source": "huggingface", "dataset_id": "openai/gsm8k:main", "data_dir": "part"},
    ],
    ids=str,
)
def test_what_is_in_the_folder_of_the_file_may_be_read(home, dataset):
    assert load_benchmark_file(benchmark_file(home, dataset)).benchmark.benchmark_id == "b"
    assert Experiment.from_config(experiment_file(home, dataset)).datasets


def replaying(home, path, *, provider="replay"):
    """A benchmark file whose model and whose judge are recordings."""
    model = {"model_id": "m", "provider": provider, "extras": {"path": str(path)}}
    judge = {"id": "panel_of_one", "config": {"judges": [{"model": model}]}}
    score = {"name": "judged", "metrics": [judge]}
    part = {"slice_id": "s", "dataset": {"source": "memory"}, "generation": {}, "scores": [score]}
    file = home / "benchmark.json"
    file.write_text(json.dumps({**BENCHMARK, "models": [model], "slices": [part]}))
    return file


RECORDINGS = ["../secrets/test.jsonl", "{secrets}/test.jsonl", "file.jsonl", "~/test.jsonl", "a\0b"]


@pytest.mark.parametrize("path", RECORDINGS)
@pytest.mark.parametrize("provider", ["replay", "builtin/Replay@1"])
def test_a_benchmark_file_cannot_have_other_files_replayed(home, path, provider):
    file = replaying(home, path.format(secrets=home.parent / "secrets"), provider=provider)
    with pytest.raises(SpecValidationError, match=r"leads out of|is no path") as caught:
        load_benchmark_file(file)
    assert [issue.key for issue in caught.value.issues] == [
        "models[0].extras.path",
        "slices[0].scores[0].metrics[0].config.judges[0].model.extras.path",
    ]


@pytest.mark.parametrize("path", RECORDINGS)
def test_an_experiment_file_cannot_have_other_files_replayed(home, path):
    path = path.format(secrets=home.parent / "secrets")
    model = {"model_id": "m", "provider": "replay", "extras": {"path": path}}
    file = experiment_file(home, {"data_dir": "data"})
    fields = json.loads(file.read_text())
    file.write_text(json.dumps({**fields, "generation": {"generator": model}}))
    with pytest.raises(SpecValidationError, match=r"generator\.extras\.path.*(leads|is no path)"):
        Experiment.from_config(file)


def test_a_recording_beside_the_file_is_found_from_any_folder(home, monkeypatch):
    file = replaying(home, "data/test.jsonl")
    for place, written in ((home, "data/test.jsonl"), (home.parent, "home/data/test.jsonl")):
        monkeypatch.chdir(place)
        [model] = load_benchmark_file(file).benchmark.models
        assert model.extras["path"] == written


def test_a_recording_in_a_folder_that_is_allowed_may_be_replayed(home, monkeypatch):
    secrets = home.parent / "secrets"
    monkeypatch.setenv("THEMIS_DATA_ROOTS", str(secrets))
    assert load_benchmark_file(replaying(home, secrets / "test.jsonl"))


def test_who_runs_a_file_may_allow_further_folders(home, monkeypatch):
    secrets = home.parent / "secrets"
    monkeypatch.setenv("THEMIS_DATA_ROOTS", os.pathsep.join(["/nowhere", str(secrets)]))
    for dataset in ({"data_dir": str(secrets)}, {"data_dir": "folder"}, {"data_dir": "mixed"}):
        assert load_benchmark_file(benchmark_file(home, dataset))
        assert Experiment.from_config(experiment_file(home, dataset))


def test_the_project_that_is_named_has_a_folder_too(home):
    project = home.parent / "project.toml"
    project.write_text('project_name = "p"\n')
    path = benchmark_file(home, {"data_dir": "../secrets"})
    assert load_benchmark_file(path, project_file=project)


@pytest.mark.parametrize("split", ["../secrets/test", "/etc/passwd", "a/b"])
def test_a_split_is_a_name_and_no_path(home, split):
    entry = SliceSpec(
        slice_id="s",
        dataset=DatasetSpec(source="local", data_dir="data", split=split),
        generation=GenerationSpec(),
    )
    provider = LocalDatasetProvider(LocalDatasetConfig(base_dir=str(home)))
    with pytest.raises(ItemError, match="is no name of a split"):
        list(provider.scan(entry, DatasetQuerySpec.all()))


def test_a_payload_that_claims_to_be_enormous_is_not_unpacked():
    claim = b"\x28\xb5\x2f\xfd" + b"\xe0" + (2**45).to_bytes(8, "little") + b"\x01\x00\x00"
    with pytest.raises(StorageError, match="compressed payload claims 35,184,372,088,832 bytes"):
        PayloadFormat(MemoryBlobs()).unpack(Encoding.ZSTD, claim)
